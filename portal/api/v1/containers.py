"""REST: the portal's containers, what they print and use, and acting on them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

from portal.api.authentication import actor_of, permitted
from portal.api.log_stream import LogStream
from portal.api.v1.container_documents import (
    ContainerActionOrder,
    ContainerDocument,
    ContainerFilter,
    ContainerViewDocument,
    ExecutionDocument,
    ExecutionOrderDocument,
    LogLineDocument,
    StatsDocument,
)
from portal.api.v1.documents import IdempotencyKey, PageDocument, Pages
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.container import ContainerLogLine
from portal.domain.container_view import ContainerQuery
from portal.services.container_executions import ExecutionOrder
from portal.wiring import core

router = APIRouter(tags=["containers"])
Viewer = Annotated[Actor, permitted(Permission.CONTAINER_VIEW)]
Controller = Annotated[Actor, permitted(Permission.CONTAINER_CONTROL)]
Executor = Annotated[Actor, permitted(Permission.CONTAINER_EXEC)]
Name = Annotated[str, Path(max_length=128)]
Lines = Annotated[int, Query(ge=1, le=10_000, description="How many of the newest lines.")]


@router.get("/containers")
def list_containers(
    actor: Viewer, pages: Pages, wanted: Annotated[ContainerFilter, Query()]
) -> PageDocument[ContainerDocument]:
    """Of those environments in which you may look at containers."""
    return pages.show(core().fleet.page(actor, ContainerQuery(**wanted.model_dump())), ContainerDocument)


@router.get("/containers/{name}")
def show_container(actor: Viewer, name: Name) -> ContainerViewDocument:
    return ContainerViewDocument.of(core().fleet.view(actor, name))


@router.post("/containers/{name}/actions")
def act_on_container(
    actor: Controller, name: Name, order: ContainerActionOrder, key: IdempotencyKey = ""
) -> ContainerDocument:
    """Start, stop or restart. What is stopped here stays so until somebody starts it."""

    def act() -> ContainerDocument:
        core().fleet.act(actor, name, order.action, reason=order.reason)
        return ContainerDocument.of(core().fleet.line(actor, name))

    return once(actor, Repeatable(key, f"container.{name}", order, ContainerDocument), act)


@router.get("/containers/{name}/stats")
def list_container_stats(actor: Viewer, name: Name) -> list[StatsDocument]:
    """The readings of the last minutes, the oldest first. The first call begins them."""
    core().fleet.line(actor, name)
    return [StatsDocument.of(reading) for reading in core().fleet.stats.look([name]).get(name, ())]


@router.get("/containers/{name}/logs")
def list_container_logs(actor: Viewer, name: Name, lines: Lines = 200) -> list[LogLineDocument]:
    """The newest lines, the oldest first, with secrets taken out."""
    return [LogLineDocument.of(line) for line in core().container_logs.tail(actor, name, lines=lines)]


@router.get("/containers/{name}/logs/text", response_class=PlainTextResponse)
def download_container_logs(actor: Viewer, name: Name, lines: Lines = 10_000) -> PlainTextResponse:
    """The same as a file."""
    text = "".join(_written(line) for line in core().container_logs.tail(actor, name, lines=lines))
    return PlainTextResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}.log"'})


def _written(line: ContainerLogLine) -> str:
    at = line.at.isoformat(timespec="milliseconds") if line.at else "-"
    return f"{at} {line.stream} {line.text}\n"


@router.get("/containers/{name}/logs/stream", response_class=StreamingResponse)
async def follow_container_logs(
    request: Request, actor: Viewer, name: Name, lines: Annotated[int, Query(ge=0, le=5000)] = 200
) -> StreamingResponse:
    """The newest lines, then each as it comes, as server-sent events. `Last-Event-ID` goes on where it broke off."""
    last = request.headers.get("last-event-id", "")[:40]
    stream = LogStream(actor, name, lambda: actor_of(request), lines=lines, last=last)
    await stream.begin()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream.events(), media_type="text/event-stream", headers=headers)


@router.post("/containers/{name}/executions")
def execute_in_container(
    actor: Executor, name: Name, order: ExecutionOrderDocument, key: IdempotencyKey = ""
) -> ExecutionDocument:
    """Run a command to its end and hear what it prints. Off unless the settings and the gate let it.

    Under one Idempotency-Key it is run once: a repetition is a conflict, and runs nothing.
    """
    wanted = ExecutionOrder(tuple(order.command), order.reason, order.timeout_seconds, key)
    return ExecutionDocument.of(core().executions.execute(actor, name, wanted))
