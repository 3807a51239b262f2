"""How many things wait for this person, beside the navigation on every page."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.domain.deciding import Deciding
from portal.domain.errors import PortalError
from portal.web.lookout import Lookout
from portal.web.policy import requires
from portal.web.states.live import looks, put
from portal.wiring import core

LOOK_SECONDS, LEAST_SECONDS = 20.0, 0.5


class InboxState(rx.State):
    waiting: int = 0

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _, actor, found in looks(self, _questions, lambda _: None):
            if isinstance(found, PortalError):
                continue
            waiting = core().approvals.count(actor, found)
            if waiting != self.waiting:
                async with self:
                    put(self, waiting=waiting)


def _asked(_: None, former: tuple[Deciding, ...] | None) -> tuple[Deciding, ...]:
    found = core().approvals.questions()
    return former if former is not None and found == former else found


_questions: Lookout[None, tuple[Deciding, ...]] = Lookout(
    _asked, topic=lambda _: "rollouts", beat_seconds=LOOK_SECONDS, least_seconds=LEAST_SECONDS
)
