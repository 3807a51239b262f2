"""The set-up of a new portal, for administrators alone, until one of them says that it is over."""

from __future__ import annotations

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, may
from portal.domain.audit import AuditEntry
from portal.domain.set_up import SetUp, SetUpStep, check_step
from portal.services.identity_part import IdentityPart
from portal.store import milestones, users

PREFIX = "set_up."


class SetUpPart(IdentityPart):
    def is_set_up_due(self, actor: Actor) -> bool:
        """Whether this person is to be led through it; False for everybody who may not."""
        if not may(actor, Permission.USER_EDIT, EVERYWHERE):
            return False
        with self._database.reading() as session:
            return SetUpStep.END not in milestones.reached(session, PREFIX)

    def set_up(self, actor: Actor) -> SetUp:
        """How far it is."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.reading() as session:
            passed = frozenset(SetUpStep(name) for name in milestones.reached(session, PREFIX))
            return SetUp(SetUpStep.END not in passed, _done(session, actor), passed)

    def pass_set_up_step(self, actor: Actor, name: str) -> SetUp:
        """Go on from a step, whether something was done in it or not. Invalid("set_up_step_bad")."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        self._reach(actor, check_step(name), "portal.set_up_step_passed")
        return self.set_up(actor)

    def end_set_up(self, actor: Actor, *, is_skipped: bool = False) -> SetUp:
        """It is over for everybody, and is never shown again."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        self._reach(actor, SetUpStep.END, "portal.set_up_skipped" if is_skipped else "portal.set_up_done")
        return self.set_up(actor)

    def _reach(self, actor: Actor, step: SetUpStep, action: str) -> None:
        with self._database.transaction() as session:
            if milestones.reach(session, f"{PREFIX}{step}", by=actor.human, at=self._clock.now()):
                entry = AuditEntry(actor.name, actor.kind, action, "portal", "set-up", params={"step": step})
                self._audit.record(session, entry)


def _done(session: Session, actor: Actor) -> frozenset[SetUpStep]:
    own = users.find(session, actor.human)
    facts = {
        SetUpStep.PASSWORD: own is None or not own.is_password_temporary,
        SetUpStep.READING: own is not None and bool(own.language or own.theme or own.zone),
        SetUpStep.PEOPLE: users.count(session) > 1,
    }
    return frozenset(step for step, is_done in facts.items() if is_done)
