"""What a browser sent, made into what a handler can use. Reflex checks no type and no length of an argument."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import reflex as rx

from portal.domain.errors import Invalid, NotFound

_LONGEST = 500
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}", re.ASCII)


def text(value: object, *, longest: int = _LONGEST) -> str:
    """Text without surrounding space; Invalid("argument_bad") for anything else or more."""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise Invalid("argument_bad", field="text")
    return value.strip()


def choice(value: object, options: Collection[str]) -> str:
    """One of the options, else Invalid("argument_bad")."""
    if not isinstance(value, str) or value not in options:
        raise Invalid("argument_bad", field="choice")
    return value


def field(form: object, name: str, *, longest: int = _LONGEST) -> str:
    """A field of a submitted form; empty if it was not sent."""
    if not isinstance(form, Mapping):
        raise Invalid("argument_bad", field="form")
    return text(form.get(name) or "", longest=longest)


def secret(form: object, name: str, *, longest: int = 1_000) -> str:
    """A field that is taken letter by letter: a password may begin with a space."""
    value: object = form.get(name) if isinstance(form, Mapping) else None
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise Invalid("argument_bad", field=name)
    return value


def query(state: rx.State, name: str) -> str:
    """A parameter of the address; empty if it is not there or is not usable."""
    value: Any = state.router.url.query_parameters.get(name, "")
    return value.strip()[:100] if isinstance(value, str) else ""


def offset(state: rx.State) -> int:
    """The parameter `from` of the address: how many items come before the page."""
    digits = query(state, "from")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def both_ways(columns: Sequence[str]) -> tuple[str, ...]:
    """Each column's two orders: `name` has the smallest first, `-name` the largest."""
    return tuple(order for column in columns for order in (column, f"-{column}"))


def sort(state: rx.State, columns: Sequence[str], *, default: str) -> str:
    """The parameter `sort` of the address: an order of one of the columns, else the default."""
    wanted = query(state, "sort")
    return wanted if wanted in both_ways(columns) else default


def segments(state: rx.State, count: int) -> tuple[str, ...]:
    """The last parts of the address; NotFound("page_missing") for anything that cannot be a name."""
    parts = tuple(unquote(part) for part in state.router.url.path.rstrip("/").split("/")[-count:])
    if len(parts) != count or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise NotFound("page_missing")
    return parts


def number(value: str) -> int:
    """A positive number in an address; NotFound("page_missing") for anything else."""
    if not (value.isascii() and value.isdigit() and len(value) < 15):
        raise NotFound("page_missing")
    return int(value)


def days(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last one, by the world's clock; None for no day."""
    end = _day(last)
    return _day(first), end + timedelta(days=1) if end else None


def _day(written: str) -> datetime | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return datetime(found.year, found.month, found.day, tzinfo=UTC) if 1971 <= found.year <= 9000 else None
