"""What waits for this person's approval, and their decision about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import Conflict, Invalid, PortalError
from portal.domain.rollout import Action
from portal.services.rollout_actions import ActionRequest
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.approvals import Waiting, waiting
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.states.live import beats, put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

DECISIONS = (Action.APPROVE, Action.REJECT)


@dataclass(frozen=True, slots=True)
class Asked:
    """The decision that is being typed: about which rollout, which way, on which evidence."""

    rollout: int = 0
    code: str = ""
    evidence: str = ""


class ApprovalsState(rx.State):
    is_loaded: bool = False
    rows: list[Waiting] = []
    mine: list[RolloutLine] = []
    more: int = 0
    asked: Asked = Asked()
    trouble: Words = Words()

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async with self:
            self.reset()
        async for _ in beats(self, "rollouts"):
            async with self, telling(self):
                await self._look()

    async def _look(self) -> None:
        put(self, is_loaded=True, **await asyncio.to_thread(_fetch, await actor_of(self)))

    @rx.event
    @requires(Permission.ROLLOUT_APPROVE)
    async def ask(self, rollout_id: int, code: str) -> None:
        """Open the reason below the rollout; the evidence that is shown now is what will be decided about."""
        async with telling(self):
            chosen = arguments.choice(code, DECISIONS)
            row = next((row for row in self.rows if row.id == rollout_id), None)
            if row is None:
                raise Invalid("argument_bad", field="rollout")
            self.asked, self.trouble = Asked(row.id, chosen, row.evidence), Words()

    @rx.event
    @requires(Permission.VIEW)
    def dismiss(self) -> None:
        self.asked, self.trouble = Asked(), Words()

    @rx.event
    @requires(Permission.ROLLOUT_APPROVE)
    async def decide(self, form: dict[str, str]) -> None:
        asked, actor = self.asked, await actor_of(self)
        try:
            action = Action(arguments.choice(asked.code, DECISIONS))
            request = ActionRequest(arguments.field(form, "reason"), evidence_hash=asked.evidence)
            await asyncio.to_thread(core().rollouts.act, actor, asked.rollout, action, request=request)
        except PortalError as error:
            if isinstance(error, Conflict):  # it looks different now: show it, and let it be read again
                self.asked = Asked()
                tell(await self.get_state(SessionState), error_words(error), tone="bad")
                await self._look()
            else:
                self.trouble = error_words(error)
            return
        self.asked, self.trouble = Asked(), Words()
        tell(await self.get_state(SessionState), words(f"approvals.done_{action}", id=asked.rollout))
        await self._look()


def _fetch(actor: Actor) -> dict[str, object]:
    inbox = core().approvals.inbox(actor)
    return {
        "rows": [waiting(view) for view in inbox.waiting],
        "mine": [rollout_line(rollout) for rollout in inbox.asked],
        "more": max(0, inbox.total - len(inbox.waiting)),
    }
