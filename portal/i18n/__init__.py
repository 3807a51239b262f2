"""Words in Chinese and English: one flat catalogue a language, looked up by key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from portal.i18n.forms import PLACE, formed

LOCALES = ("zh", "en")
FALLBACK = "en"

# A parameter of this name may be a code itself; its words stand under one of these prefixes. A reason comes before the
# cause, whose own sentence it fills in.
_CODES: dict[str, tuple[str, ...]] = {
    "reason": ("why",),
    "cause": ("cause", "error"),
    "action": ("action",),
    "state": ("state",),
    "strategy": ("strategy",),
    "kind": ("stride",),
    "role": ("role",),
    "permission": ("permission",),
    "environment": ("where",),
}
_ROLES = ("roles", "before")  # each a list such as `developer, operator@prod`
_PLACE = re.compile(rf"( ?){PLACE.pattern}( ?)")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """All words of `zh` or `en`."""
    text = (Path(__file__).parent / f"{normal_locale(locale)}.json").read_text("utf-8")
    return MappingProxyType(json.loads(text))


def normal_locale(wanted: str) -> str:
    """`zh` or `en` for anything a browser or a shell may ask for, such as `zh-CN` or `en_GB.UTF-8`."""
    language = wanted.replace("_", "-").split("-")[0].lower()
    return language if language in LOCALES else FALLBACK


def t(locale: str, key: str, /, **params: object) -> str:
    """The sentence of this key with `params` filled in, those that are codes in words; the key itself if there is
    none.

    A placeholder that nobody fills in stays visible instead of hiding the sentence.
    """
    words = catalogue(normal_locale(locale))
    text = words.get(key)
    return key if text is None else _filled(text, _spoken(words, params))


def spoken(locale: str, params: Mapping[str, str]) -> dict[str, str]:
    """The parameters as a sentence says them: what is a code, such as `canary` of a strategy, in words."""
    return {name: str(value) for name, value in _spoken(catalogue(locale), params).items()}


def _spoken(words: Mapping[str, str], params: Mapping[str, object]) -> dict[str, object]:
    spoken = dict(params)
    for name, prefixes in _CODES.items():
        keys = [f"{prefix}.{params[name]}" for prefix in prefixes if name in params]
        key = next((key for key in keys if key in words), None)
        if key is not None:
            spoken[name] = _filled(words[key], spoken)
    return spoken | {name: _roles(words, str(params[name])) for name in _ROLES if name in params}


def _roles(words: Mapping[str, str], text: str) -> str:
    """Names of roles in words; what is none stays as it is."""
    spoken: list[str] = []
    for item in text.split(", "):
        role, _, place = item.partition("@")
        name = words.get(f"role.{role}", role)
        spoken.append(
            _filled(words["role.at"], {"role": name, "environment": words.get(f"stage.{place}", place)})
            if place
            else name
        )
    return words["list.separator"].join(spoken)


def _filled(text: str, params: Mapping[str, object]) -> str:
    """Chinese has a space around a Latin word that is filled in, and none around a Chinese one."""

    def fill(place: re.Match[str]) -> str:
        value = formed(params[place[2]], place[3] or "") if place[2] in params else place[0].strip()
        before, after = text[: place.start()][-1:], text[place.end() :][:1]
        left = "" if _HAN.match(before) and _HAN.match(value) else place[1]
        right = "" if _HAN.match(after) and _HAN.match(value[-1:]) else place[4]
        return f"{left}{value}{right}"

    return _PLACE.sub(fill, text)
