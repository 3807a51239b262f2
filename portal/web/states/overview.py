"""The overview: what runs where, what is on its way, what waits for this person."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.audit import AuditQuery
from portal.domain.lists import RolloutQuery
from portal.domain.page import Page
from portal.domain.rollout import Action, Rollout, State
from portal.web.policy import requires
from portal.web.presenters.matrix import Column, Row, Tally, columns, rows, tally
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.presenters.timeline import Line, lines
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

_DECIDABLE = {
    State.AWAITING_APPROVAL: Action.APPROVE,
    State.PAUSED: Action.RESUME,
    State.HALTED: Action.RETRY,
}
MOST_IN_FLIGHT = 20
MOST_NEWS = 8


@dataclass(frozen=True, slots=True)
class Overview:
    columns: list[Column]
    rows: list[Row]
    tally: Tally
    flights: list[RolloutLine]
    waiting: list[RolloutLine]
    news: list[Line]


class OverviewState(rx.State):
    is_loaded: bool = False
    columns: list[Column] = []
    rows: list[Row] = []
    tally: Tally = Tally()
    flights: list[RolloutLine] = []
    waiting: list[RolloutLine] = []
    news: list[Line] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts"):
            async with self:
                actor = await actor_of(self)
            async with self, telling(self):
                seen = await asyncio.to_thread(look, actor)
                put(self, is_loaded=True, **{name: getattr(seen, name) for name in Overview.__slots__})


def look(actor: Actor) -> Overview:
    """Everything on the page, as this person may see it."""
    cells, environments = core().deployments.matrix(actor), core().catalogue.environments(actor)
    flights = core().rollouts.page(actor, RolloutQuery(state="active", limit=MOST_IN_FLIGHT)).items
    can_read = may(actor, Permission.AUDIT_READ)
    news = core().audit.page(actor, AuditQuery(limit=4 * MOST_NEWS)) if can_read else Page((), 0)
    return Overview(
        columns=columns(environments),
        rows=rows(cells, environments),
        tally=tally(cells),
        flights=[rollout_line(r) for r in flights],
        waiting=[rollout_line(r) for r in flights if waits_for(actor, r)],
        news=lines(news.items)[:MOST_NEWS],
    )


def waits_for(actor: Actor, rollout: Rollout) -> bool:
    """Whether this person can make it go on."""
    action = _DECIDABLE.get(rollout.state)
    return action is not None and core().views.view(actor, rollout.id).refusals.get(action, "") is None
