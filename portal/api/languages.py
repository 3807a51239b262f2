"""Which language a request wants its sentences in, and the sentences themselves."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

from portal.domain.audit import AuditEntry
from portal.domain.rollout import Cause
from portal.i18n import FALLBACK, LOCALES, catalogue, t
from portal.kit.cookies import LANGUAGE_COOKIE, cookie_value

language: ContextVar[str] = ContextVar("language", default=FALLBACK)
_LONGEST_HEADER = 500


def language_of(headers: Mapping[bytes, bytes]) -> str:
    """The language that a person has chosen on the pages, where it is their browser that asks; else Accept-Language.

    `headers` by their names in small letters.
    """
    chosen = cookie_value(headers.get(b"cookie", b"").decode("latin-1"), LANGUAGE_COOKIE)
    if chosen in LOCALES and b"authorization" not in headers:
        return chosen
    return wanted_language(headers.get(b"accept-language", b"").decode("latin-1"))


def wanted_language(accept: str) -> str:
    """The one of `zh` and `en` that an Accept-Language header prefers (RFC 9110, section 12.5.4), or English."""
    best, best_quality = FALLBACK, 0.0
    for part in accept[:_LONGEST_HEADER].split(","):
        name, _, rest = part.strip().partition(";")
        locale = name.strip().split("-")[0].lower()
        quality = _quality(rest)
        if locale in LOCALES and quality > best_quality:
            best, best_quality = locale, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def sentence(key: str, /, **params: object) -> str:
    """The sentence of this key in the language of the request."""
    return t(language.get(), key, **params)


def cause_sentence(cause: Cause) -> str:
    """Why something stopped or waits; a cause that is an error's code is looked up among the errors."""
    key = f"cause.{cause.code}"
    return sentence(key if _is_known(key) else f"error.{cause.code}", **cause.params)


def error_sentence(code: str, params: Mapping[str, str]) -> str:
    """What went wrong and what to do."""
    return sentence(f"error.{code}", **params)


def audit_sentence(entry: AuditEntry) -> str:
    """What was done, with the entry's own parameters, its target and its actor filled in."""
    kind = entry.params.get("kind") or entry.params.get("cause", "")
    keys = (f"audit.{entry.action}.{kind}", f"audit.{entry.action}", "audit.other")
    key = next(key for key in keys if _is_known(key))
    actor = sentence("actor.portal") if entry.actor_kind == "system" else entry.actor
    known = {"actor": actor, "target": entry.target, "environment": entry.environment, "reason": entry.reason}
    return sentence(key, **{"action": entry.action, **known, **entry.params})


def _is_known(key: str) -> bool:
    return key in catalogue(FALLBACK)
