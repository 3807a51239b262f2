"""The language of the command line: --lang, CODEX_PORTAL_LANG, or that of the shell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from portal.i18n import LOCALES, normal_locale, t

_VARIABLES = ("CODEX_PORTAL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_spoken = "en"


def wanted_language(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """Looked for before the arguments are parsed, so that help and complaints about them are in that language too."""
    for index, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or next(iter(arguments[index + 1 : index + 2]), "")
            if value in LOCALES:
                return value
    return normal_locale(next((environment[name] for name in _VARIABLES if environment.get(name)), ""))


def speak(language: str) -> None:
    """From here on this process speaks `zh` or `en`."""
    global _spoken  # noqa: PLW0603 - a command speaks one language
    _spoken = language


def language() -> str:
    return _spoken


def say(key: str, /, **params: object) -> str:
    return t(_spoken, key, **params)
