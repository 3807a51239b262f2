"""REST: how much the portal logs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, Order, Reason
from portal.domain.access import Actor, Permission
from portal.services.log_level import LogLevel
from portal.wiring import core

router = APIRouter(tags=["log"])
Keeper = Annotated[Actor, permitted(Permission.LOG_LEVEL)]
Level = Literal["debug", "info", "warn", "error"]


class LogLevelOrder(Order):
    level: Level


class LogLevelDocument(Document):
    level: str


def _level() -> LogLevel:
    return LogLevel(core().database, core().audit)


@router.get("/log/level")
def show_log_level(actor: Keeper) -> LogLevelDocument:
    """Of the process that answers."""
    return LogLevelDocument(level=_level().level(actor))


@router.put("/log/level")
def set_log_level(actor: Keeper, order: LogLevelOrder, reason: Reason = "") -> LogLevelDocument:
    """Effective at once, until the process ends."""
    return LogLevelDocument(level=_level().set(actor, order.level, reason=reason))
