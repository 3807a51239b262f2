"""Takes secrets out of text before it is kept or shown anywhere: cookies, credentials, tokens, keys."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "…"
SECRET_NAMES = frozenset(
    {"authorization", "cookie", "set_cookie", "password", "passwd", "secret", "token", "api_key", "private_key"}
)
_QUOTED = r"""(?:b?"(?:\\.|[^"\\])*"|b?'(?:\\.|[^'\\])*')"""
_HEADERS = r"(?:proxy-)?authorization|(?:set-)?cookie"
_WORDS = r"[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)"
# What follows the name of a secret: a separator, then a quoted text or, without quotes, a word (in a header: the line).
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (re.compile(rf"(?i)\b({_HEADERS})(['\"]?\s*[:=,]\s*)(?:{_QUOTED}|[^\n]*)"), rf"\1\2{MASK}"),
    (re.compile(rf"(?i)\b({_WORDS})(['\"]?\s*[:=]\s*)(?:{_QUOTED}|[^\s&,;}})\]]+)"), rf"\1\2{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"\bportal_session=[^;\s'\"]+"), f"portal_session={MASK}"),
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), rf"\1:{MASK}@"),
    (re.compile(r"\b(cfp_|gh[pousr]_|github_pat_|glpat-)[\w-]{8,}"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
)
SHORTEST_SECRET, MOST_SECRETS = 6, 200
_concealed: list[str] = []


def conceal(secrets: Iterable[str | None]) -> None:
    """Secrets that are known by their value, such as those of the settings: taken out wherever they appear."""
    for secret in secrets:
        if secret and len(secret) >= SHORTEST_SECRET and secret not in _concealed and len(_concealed) < MOST_SECRETS:
            _concealed.append(secret)


def redacted(text: str) -> str:
    """The text without the secrets that can be told by their form, their name or their value.

    Forms come first: a known value that is a part of a token would leave the rest of it behind.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    for secret in _concealed:
        text = text.replace(secret, MASK)
    return text


def is_secret_name(name: str) -> bool:
    return name.lower().replace("-", "_") in SECRET_NAMES


_SECRET_WORDS = re.compile(
    r"passw|passphrase|secret|token|credential|cookie|private|(?:^|[_.-])(?:\w*key|auth|dsn|pat|pwd|salt)(?:$|[_.-])",
    re.IGNORECASE,
)


def looks_secret(name: str) -> bool:
    """Whether a variable of this name is likely to hold a secret: rather one too many than one too few."""
    return bool(_SECRET_WORDS.search(name))
