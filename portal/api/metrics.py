"""`/metrics` in the text format of Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.services.measures import Kind, Measure

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TYPES = {Kind.UNTYPED: "untyped"}


def exposition(measures: Iterable[Measure]) -> str:
    """The measures as text, each with its help and type."""
    lines: list[str] = []
    for measure in measures:
        lines.append(f"# HELP {measure.name} {_escaped(measure.text)}")
        lines.append(f"# TYPE {measure.name} {_TYPES.get(measure.kind, measure.kind)}")
        lines += [f"{measure.name}{suffix}{_labels(labels)} {value!r}" for suffix, labels, value in measure.parts]
    return "\n".join(lines) + "\n"


def routes(measures: Callable[[], Iterable[Measure]]) -> tuple[Route, ...]:
    async def metrics(_request: Request) -> Response:
        found = await asyncio.to_thread(measures)
        return Response(exposition(found), media_type=CONTENT_TYPE, headers={"cache-control": "no-store"})

    return (Route("/metrics", metrics),)


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    shown = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{shown}}}" if shown else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
