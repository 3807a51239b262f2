"""Support: readers say what a page of the documentation lacks, and somebody reads and answers it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, may
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, NotFound, Refused
from portal.domain.feedback import (
    Feedback,
    FeedbackOrder,
    FeedbackQuery,
    FeedbackState,
    check_answer,
    check_feedback,
)
from portal.domain.page import Page
from portal.kit.allowance import Allowance
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.store import feedback as store
from portal.store.database import Database

MOST_NEW, MOST_KEPT = 1_000, 20_000
MOST_OF_ONE, MOST_OF_ALL, WINDOW_SECONDS = 10, 200, 3600
EVERYBODY = "*"
_STATE_AFTER = {
    "feedback.answered": FeedbackState.ANSWERED,
    "feedback.closed": FeedbackState.CLOSED,
    "feedback.reopened": FeedbackState.NEW,
}


@dataclass(frozen=True, slots=True)
class Allowances:
    """How often feedback may come from one address or person, and from everybody together."""

    of_one: Allowance
    of_all: Allowance

    @classmethod
    def usual(cls) -> Allowances:
        return cls(Allowance(MOST_OF_ONE, WINDOW_SECONDS), Allowance(MOST_OF_ALL, WINDOW_SECONDS))


ALLOWANCES = Allowances.usual()


@dataclass(frozen=True, slots=True)
class Support:
    database: Database
    clock: Clock
    audit: Audit
    allowances: Allowances = field(default_factory=lambda: ALLOWANCES)

    def give(self, actor: Actor, order: FeedbackOrder, *, source: str) -> Feedback:
        """Anybody may, signed in or not; `source` is what too many come from: an address or a person.

        Refused("feedback_too_often") for ten an hour from one source or two hundred from all, Conflict("feedback_full")
        while a thousand wait, Invalid(…).
        """
        wanted = check_feedback(order)
        self._admit(source)
        author = "" if actor.is_anonymous else actor.human
        state = FeedbackState.NEW if wanted.text else FeedbackState.CLOSED
        with self.database.transaction() as session:
            if wanted.text and store.count(session, FeedbackState.NEW) >= MOST_NEW:
                raise Conflict("feedback_full", limit=MOST_NEW)
            if store.count(session) >= MOST_KEPT:
                store.forget_closed(session)
            given = Feedback(
                id=0,
                page=wanted.page,
                language=wanted.language,
                is_helpful=wanted.is_helpful,
                text=wanted.text,
                author=author,
                created_at=self.clock.now(),
                state=state,
            )
            kept = store.add(session, given)
            self.audit.record(session, _entry(actor, "feedback.given", kept))
        return kept

    def _admit(self, source: str) -> None:
        for allowance, name in ((self.allowances.of_one, source), (self.allowances.of_all, EVERYBODY)):
            wait_seconds = int(allowance.wait_seconds(name)) + 1
            if allowance.wait_seconds(name) > 0:
                raise Refused("feedback_too_often", retry_seconds=wait_seconds)
        self.allowances.of_one.use(source)
        self.allowances.of_all.use(EVERYBODY)

    def page(self, actor: Actor, query: FeedbackQuery) -> Page[Feedback]:
        """Everybody's for those who answer, one's own for the rest. Invalid("sort_bad")."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            return store.page(session, query, author=None if _answers(actor) else actor.human)

    def feedback(self, actor: Actor, number: int) -> Feedback:
        """NotFound("feedback_missing"), also for somebody else's."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            found = store.get(session, number)
        if not _answers(actor) and found.author != actor.human:
            raise NotFound("feedback_missing", number=number)
        return found

    def waiting(self, actor: Actor) -> int:
        """How many are new, for those who answer; 0 for the rest."""
        if not _answers(actor):
            return 0
        with self.database.reading() as session:
            return store.count(session, FeedbackState.NEW)

    def answer(self, actor: Actor, number: int, *, text: str) -> Feedback:
        """A later answer takes the place of the former. Invalid(…), NotFound("feedback_missing")."""
        told = check_answer(text)
        return self._change(actor, number, "feedback.answered", answer=told)

    def close(self, actor: Actor, number: int, *, reason: str = "") -> Feedback:
        """Nothing is left to do. NotFound("feedback_missing"), Conflict("feedback_is_so")."""
        return self._change(actor, number, "feedback.closed", reason=reason)

    def reopen(self, actor: Actor, number: int, *, reason: str = "") -> Feedback:
        """It waits again. NotFound("feedback_missing"), Conflict("feedback_is_so")."""
        return self._change(actor, number, "feedback.reopened", reason=reason)

    def _change(self, actor: Actor, number: int, action: str, *, answer: str = "", reason: str = "") -> Feedback:
        demand(actor, Permission.SUPPORT_ANSWER, EVERYWHERE)
        state = _STATE_AFTER[action]
        with self.database.transaction() as session:
            found = store.get(session, number)
            if not answer and found.state is state:
                raise Conflict("feedback_is_so", number=number)
            changed = replace(found, state=state)
            if answer:
                changed = replace(changed, answer=answer, answered_by=actor.human, answered_at=self.clock.now())
            store.change(session, changed)
            self.audit.record(session, _entry(actor, action, changed, reason=reason))
        return changed


def _answers(actor: Actor) -> bool:
    return may(actor, Permission.SUPPORT_ANSWER, EVERYWHERE)


def _entry(actor: Actor, action: str, feedback: Feedback, *, reason: str = "") -> AuditEntry:
    params = {"page": feedback.page, "language": feedback.language}
    return AuditEntry(actor.name, actor.kind, action, "feedback", str(feedback.id), reason=reason, params=params)
