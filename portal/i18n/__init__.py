"""Words in Chinese and English: one flat catalogue a language, looked up by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

LOCALES = ("zh", "en")
FALLBACK = "en"


class _Gaps(dict[str, object]):
    """A placeholder nobody filled in stays visible instead of hiding the sentence."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


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
    """The sentence of this key with `params` filled in; the key itself if there is none."""
    text = catalogue(normal_locale(locale)).get(key)
    if text is None:
        return key
    return text.format_map(_Gaps(params)) if "{" in text else text
