"""The overview: what runs where, what is on its way, what waits for this person."""

from __future__ import annotations

from dataclasses import dataclass, field

import reflex as rx

from portal.domain.access import Actor, Permission, environments_with, may
from portal.domain.audit import AuditQuery
from portal.domain.deciding import Deciding
from portal.domain.errors import PortalError
from portal.domain.lists import RolloutQuery
from portal.domain.page import Page
from portal.domain.rollout import Action, Rollout, State
from portal.web.lookout import Lookout
from portal.web.policy import requires
from portal.web.presenters.matrix import Column, Row, Tally, columns, rows, tally
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.presenters.timeline import Line, lines
from portal.web.sight import Sight
from portal.web.states.live import looks
from portal.web.states.session import SessionState, tell
from portal.web.words import error_words
from portal.wiring import core

_DECIDABLE = {
    State.AWAITING_APPROVAL: Action.APPROVE,
    State.PAUSED: Action.RESUME,
    State.HALTED: Action.RETRY,
}
MOST_IN_FLIGHT = 20
MOST_NEWS = 8


@dataclass(frozen=True, slots=True)
class Rights:
    """In which environments somebody may see what runs and read the trail (None: in all), and one who may just that."""

    seen: frozenset[str] | None
    read: frozenset[str] | None
    holder: Actor = field(compare=False)


class Scene:
    """What everybody with these rights sees, and what was made of it for each; `questions` may be put to some."""

    __slots__ = ("questions", "sight", "sights")

    def __init__(self, sight: Sight, questions: tuple[Deciding, ...]) -> None:
        self.sight, self.questions = sight, questions
        self.sights: dict[Actor, Sight] = {}


class OverviewState(rx.State):
    is_loaded: bool = False
    columns: list[Column] = []
    rows: list[Row] = []
    tally: Tally = Tally()
    flights: list[RolloutLine] = []
    waiting: list[RolloutLine] = []
    news: list[Line] = []
    _sight: Sight | None = None

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for tab, actor, found in looks(self, _scenes, rights_of):
            if isinstance(found, PortalError):
                async with self:
                    tell(await self.get_state(SessionState), error_words(found), tone="bad")
            else:
                await tab.show(as_seen_by(actor, found))


def rights_of(actor: Actor) -> Rights:
    seen, read = (environments_with(actor, p) for p in (Permission.VIEW, Permission.AUDIT_READ))
    return Rights(seen, read, actor)


def _scene(rights: Rights, former: Scene | None) -> Scene:
    flights, values = for_all_with(rights.holder)
    decidable = [rollout for rollout in flights if rollout.state in _DECIDABLE]
    questions = core().approvals.questions_about(decidable)
    sight = Sight(values).following(former.sight if former else None)
    is_same = former is not None and questions == former.questions and sight.is_like(former.sight)
    return former if is_same and former is not None else Scene(sight, questions)


_scenes: Lookout[Rights, Scene] = Lookout(_scene, topic=lambda _: "rollouts")


def as_seen_by(actor: Actor, scene: Scene) -> Sight:
    """With what waits for this person."""
    if actor not in scene.sights:
        waiting = [rollout_line(asked.rollout) for asked in scene.questions if waits_for(actor, asked)]
        scene.sights[actor] = Sight({"waiting": waiting}, base=scene.sight)
    return scene.sights[actor]


def for_all_with(actor: Actor) -> tuple[tuple[Rollout, ...], dict[str, object]]:
    """The rollouts on their way, and everything on the page that depends on the person's rights alone."""
    cells, environments = core().deployments.matrix(actor), core().catalogue.environments(actor)
    flights = core().rollouts.page(actor, RolloutQuery(state="active", limit=MOST_IN_FLIGHT)).items
    can_read = may(actor, Permission.AUDIT_READ)
    news = core().audit.page(actor, AuditQuery(limit=4 * MOST_NEWS)) if can_read else Page((), 0)
    return flights, {
        "is_loaded": True,
        "columns": columns(environments),
        "rows": rows(cells, environments),
        "tally": tally(cells),
        "flights": [rollout_line(r) for r in flights],
        "news": lines(news.items)[:MOST_NEWS],
    }


def waits_for(actor: Actor, asked: Deciding) -> bool:
    """Whether this person can make it go on."""
    return asked.refusal_code(actor, _DECIDABLE[asked.rollout.state]) is None
