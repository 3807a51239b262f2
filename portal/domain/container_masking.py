"""Takes secrets out of what an engine says of a container before a person sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from portal.kit.redaction import MASK, looks_secret, redacted

DEEPEST, LONGEST_TEXT = 24, 8_000


def masked_environment(environment: Mapping[str, str], *, is_revealing: bool) -> dict[str, str]:
    """Values of names that look secret are hidden from everybody, all values from who may only look."""
    return {name: _value(name, value, is_revealing=is_revealing) for name, value in sorted(environment.items())}


def masked_document(document: object, *, is_revealing: bool, depth: int = 0) -> Any:
    """The same document with secrets masked: in the environment by name, elsewhere by the name of the field or by
    their form.
    """
    if depth > DEEPEST:
        return MASK
    if isinstance(document, Mapping):
        fields = cast("Mapping[str, object]", document)
        return {name: _field(name, value, is_revealing=is_revealing, depth=depth) for name, value in fields.items()}
    if isinstance(document, Sequence) and not isinstance(document, str | bytes):
        items = cast("Sequence[object]", document)
        return [masked_document(item, is_revealing=is_revealing, depth=depth + 1) for item in items]
    return redacted(document[:LONGEST_TEXT]) if isinstance(document, str) else document


def _field(name: str, value: object, *, is_revealing: bool, depth: int) -> Any:
    if name == "Env" and isinstance(value, Sequence):
        pairs = (str(line).partition("=") for line in cast("Sequence[object]", value))
        return [f"{key}={_value(key, text, is_revealing=is_revealing)}" for key, _, text in pairs]
    if isinstance(value, str) and looks_secret(name):
        return MASK if value else value
    return masked_document(value, is_revealing=is_revealing, depth=depth + 1)


def _value(name: str, value: str, *, is_revealing: bool) -> str:
    if not value:
        return value
    return redacted(value[:LONGEST_TEXT]) if is_revealing and not looks_secret(name) else MASK
