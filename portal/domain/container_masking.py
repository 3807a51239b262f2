"""Takes secrets out of what an engine says of a container before a person sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from portal.kit.redaction import MASK, looks_secret, redacted

DEEPEST, LONGEST_TEXT = 24, 8_000


def masked_environment(environment: Mapping[str, str], *, shows_values: bool) -> dict[str, str]:
    """Values of names that look secret are hidden from everybody, all values from who may only look."""
    return {name: _value(name, value, shows_values=shows_values) for name, value in sorted(environment.items())}


def masked_document(document: object, *, shows_values: bool, depth: int = 0) -> Any:
    """The same document with secrets masked: in the environment by name, elsewhere by the name of the field or by
    their form.
    """
    if depth > DEEPEST:
        return MASK
    if isinstance(document, Mapping):
        fields = cast("Mapping[str, object]", document)
        return {name: _field(name, value, shows_values=shows_values, depth=depth) for name, value in fields.items()}
    if isinstance(document, Sequence) and not isinstance(document, str | bytes):
        items = cast("Sequence[object]", document)
        return [masked_document(item, shows_values=shows_values, depth=depth + 1) for item in items]
    return redacted(document[:LONGEST_TEXT]) if isinstance(document, str) else document


def _field(name: str, value: object, *, shows_values: bool, depth: int) -> Any:
    if name == "Env" and isinstance(value, Sequence):
        pairs = (str(line).partition("=") for line in cast("Sequence[object]", value))
        return [f"{key}={_value(key, text, shows_values=shows_values)}" for key, _, text in pairs]
    if isinstance(value, str) and looks_secret(name):
        return MASK if value else value
    return masked_document(value, shows_values=shows_values, depth=depth + 1)


def _value(name: str, value: str, *, shows_values: bool) -> str:
    if not value:
        return value
    return redacted(value[:LONGEST_TEXT]) if shows_values and not looks_secret(name) else MASK
