"""Domain objects as JSON documents in a column, and back: pydantic reads the annotations, the domain knows nothing
of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

Value = TypeVar("Value")


@lru_cache(maxsize=64)
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_document(value: Any) -> dict[str, Any]:
    """The object as plain JSON values."""
    return _adapter(cast("type[Any]", type(value))).dump_python(value, mode="json")


def from_document(kind: type[Value], document: object) -> Value:
    """The object again; unknown keys of an older or newer version are ignored."""
    return _adapter(kind).validate_python(document)
