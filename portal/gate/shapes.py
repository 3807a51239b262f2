"""A few words to say how a JSON value may look; everything that is not said is refused.

A shape is a function from a value and its place to the value that may pass. `null` in an object counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from portal.gate.refusals import Refusal

Shape = Callable[[Any, str], Any]


def text(pattern: str) -> Shape:
    """A string that the whole pattern matches. Only what the pattern names passes; letters and digits are ASCII."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any, place: str) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise Refusal(f"{place}: text not allowed")
        return value

    return check


def free_text(limit: int) -> Shape:
    """Any string up to `limit` characters without NUL and lone surrogates."""

    def check(value: Any, place: str) -> str:
        is_clean = isinstance(value, str) and len(value) <= limit and "\0" not in value
        if not is_clean or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Refusal(f"{place}: text not allowed")
        return value

    return check


def integer(low: int, high: int) -> Shape:
    def check(value: Any, place: str) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Refusal(f"{place}: number not allowed")
        return value

    return check


def boolean(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise Refusal(f"{place}: not true or false")
    return value


def one_of(*choices: Any) -> Shape:
    def check(value: Any, place: str) -> Any:
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            raise Refusal(f"{place}: value not allowed")
        return value

    return check


def many(shape: Shape, limit: int) -> Shape:
    def check(value: Any, place: str) -> list[Any]:
        if not isinstance(value, list) or len(items := cast("list[Any]", value)) > limit:
            raise Refusal(f"{place}: not a list of at most {limit}")
        return [shape(item, f"{place}[]") for item in items]

    return check


def mapping(key: Shape, shape: Shape, *, limit: int) -> Shape:
    """A JSON object with free keys."""

    def check(value: Any, place: str) -> dict[str, Any]:
        items = _object(value, place)
        if len(items) > limit:
            raise Refusal(f"{place}: more than {limit}")
        return {key(name, place): shape(item, f"{place}.{name}") for name, item in items.items()}

    return check


def record(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    """A JSON object with exactly these fields, spelt exactly so."""

    def check(value: Any, place: str) -> dict[str, Any]:
        items = _object(value, place)
        _known(items, fields, place=place)
        present = {name: item for name, item in items.items() if item is not None}
        if missing := [name for name in required if name not in present]:
            raise Refusal(f"{place}.{missing[0]}: missing")
        return {name: fields[name](item, f"{place}.{name}") for name, item in present.items()}

    return check


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refusal(f"{place}: not an object")
    return cast("dict[str, Any]", value)


def _known(value: dict[str, Any], fields: Mapping[str, Shape], *, place: str) -> None:
    for name in value:
        if name not in fields:
            raise Refusal(f"{place}.{name}: field not allowed")
