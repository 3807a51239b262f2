"""Words for pages: from the catalogue while building a page (`tr`), or made by the server in both languages (`words`).

Sentences of the server travel in both languages and the browser shows one of them. So switching is instant, and no
state needs to know who reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import reflex as rx
from reflex.vars import Var, VarData
from reflex_base.utils.imports import ImportVar

from portal.domain.errors import PortalError
from portal.domain.rollout import Cause
from portal.i18n import catalogue, spoken, t
from portal.i18n.forms import CHOICE, GROUPED, PLACE, formed

_HOOK = "const language = useLanguage();"
LANGUAGE = Var(
    _js_expr="language",
    _var_type=str,
    _var_data=VarData(
        imports={"$/public/portal/words.js": [ImportVar(tag="useLanguage")]},
        hooks={_HOOK: None},
    ),
).to(str)


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in both languages."""

    en: str = ""
    zh: str = ""

    def __bool__(self) -> bool:
        return bool(self.en)


@dataclass(frozen=True, slots=True)
class Trouble(Words):
    """The sentence of an error, which a form shows together with a link to what the documentation says about it."""

    code: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and (self.en, self.zh) == (other.en, other.zh)

    def __hash__(self) -> int:
        return hash((self.en, self.zh))


def same(text: str) -> Words:
    """Text that reads the same in both: a name, a number, something a person wrote."""
    return Words(text, text)


def words(key: str, /, **params: object) -> Words:
    """The sentence of the catalogue with `params` filled in; those that are `Words` themselves in the same language."""
    return Words(_filled("en", key, params), _filled("zh", key, params))


def _filled(locale: str, key: str, params: dict[str, object]) -> str:
    spoken = {name: getattr(value, locale) if isinstance(value, Words) else value for name, value in params.items()}
    return t(locale, key, **spoken)


def has_words(key: str) -> bool:
    return key in catalogue("en")


def spoken_words(params: Mapping[str, str]) -> dict[str, Words]:
    """The parameters as a sentence says them: what is a code in words, everything else as it is."""
    english, chinese = spoken("en", params), spoken("zh", params)
    return {name: Words(english[name], chinese[name]) for name in params}


def cause_words(cause: Cause | None) -> Words:
    """The sentence of a cause; one that is an error's code is looked up among the errors."""
    if cause is None:
        return Words()
    key = f"cause.{cause.code}"
    return words(key if has_words(key) else f"error.{cause.code}", **cause.params)


def error_words(error: PortalError) -> Trouble:
    told = words(f"error.{error.code}", **error.params)
    return Trouble(told.en, told.zh, error.code)


def tr(key: str, /, **params: Var | str | int) -> Var[str]:
    """The sentence of the catalogue for a page, in the reader's language. KeyError if there is none.

    `params` may be values of the state; a `Words` value is passed through `say` first.
    """
    filled = {locale: _on_page(catalogue(locale)[key], params) for locale in ("en", "zh")}
    return rx.cond(LANGUAGE == "zh", filled["zh"], filled["en"])


def _on_page(text: str, params: Mapping[str, Var | str | int]) -> str:
    return PLACE.sub(lambda place: f"{_formed(params[place[1]], place[2] or '')}", text)


def _formed(value: Var | str | int, form: str) -> Var | str:
    """As `portal.i18n.forms.formed`, in the browser for a value of the state."""
    if not isinstance(value, Var):
        return formed(value, form)
    if form == GROUPED:
        spoken = f"Number({value!s}).toLocaleString('en-GB')"
        return Var(_js_expr=spoken, _var_data=value._get_all_var_data()).to(str)
    one, bar, many = form.partition(CHOICE)
    return rx.cond(value.to(int) == 1, one, many) if bar else value


def say(spoken: Var | Words) -> Var[str]:
    """A `Words` value of the state in the reader's language."""
    return rx.cond(LANGUAGE == "zh", spoken.zh, spoken.en)  # type: ignore[union-attr]
