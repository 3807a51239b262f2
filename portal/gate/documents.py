"""JSON read strictly, so that the gate and the engine cannot understand one text in two ways."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from portal.gate.refusals import Refusal


def parse(body: bytes) -> Any:
    """The value. Refuses anything but UTF-8, keys twice (in any letter case), NaN, Infinity, and endless nesting."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_no_float
        )
    except (ValueError, RecursionError):
        raise Refusal("body: not plain JSON") from None


def serialise(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    folded: set[str] = set()
    for name, _ in pairs:
        if name.casefold() in folded:
            raise Refusal(f"body: {name} twice")
        folded.add(name.casefold())
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise Refusal(f"body: {name} is not a number")


def _no_float(number: str) -> NoReturn:
    raise Refusal(f"body: {number} is not an integer")
