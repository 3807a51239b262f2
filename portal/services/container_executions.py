"""Commands run inside containers: by their own permission, only where the settings let them, each of them audited."""

from __future__ import annotations

import shlex
import threading
from dataclasses import dataclass, replace

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand_proof
from portal.domain.audit import AuditEntry
from portal.domain.engine import Execution
from portal.domain.errors import Conflict, Invalid, PortalError, Refused, Unavailable
from portal.kit.redaction import redacted
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.containers import Fleet, entry_of
from portal.services.rollouts import check_reason
from portal.store import idempotency
from portal.store.database import Database
from portal.store.idempotency import Keyed

AT_ONCE = 4
LONGEST_SECONDS, USUAL_SECONDS = 600.0, 30.0
MOST_BYTES = 262_144
MOST_WORDS, LONGEST_WORD = 64, 4096


@dataclass(frozen=True, slots=True)
class ExecutionOrder:
    """`command` is the program and its arguments; no shell takes part unless it is named. Under one `key` a command is
    run once, whatever happens: a second time is Conflict("exec_repeated").
    """

    command: tuple[str, ...]
    reason: str
    timeout_seconds: float = USUAL_SECONDS
    key: str = ""


class Executions:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, containers: Containers, fleet: Fleet) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._containers, self._fleet = containers, fleet
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def execute(self, actor: Actor, name: str, order: ExecutionOrder) -> Execution:
        """Run the command to its end, to its time or to 256 KiB of output, whatever comes first.

        The trail has who ran what and why before it begins, and its exit status after it. Refused("exec_switched_off"),
        Refused("not_allowed"), Refused("proof_needed"), Refused("container_not_running"), Unavailable("exec_busy").
        """
        check_reason(order.reason)
        check_command(order)
        line = self._fleet.line(actor, name, permission=Permission.CONTAINER_EXEC)
        if not self._fleet.lets_execute:
            raise Refused("exec_switched_off")
        demand_proof(actor, self._clock.now())
        if not self._turns.acquire(blocking=False):
            raise Unavailable("exec_busy", most=AT_ONCE)
        try:
            shown = redacted(shlex.join(order.command))
            begun = entry_of(actor, line, "container.exec_started", reason=order.reason, command=shown)
            with self._database.transaction() as session:
                self._mark(session, actor, order.key)
                self._audit.record(session, begun)
            return self._run(name, order, begun)
        finally:
            self._turns.release()

    def _mark(self, session: Session, actor: Actor, key: str) -> None:
        asked = Keyed(actor.name, key, "container.exec")
        if not key:
            return
        if idempotency.recall(session, asked) is not None:
            raise Conflict("exec_repeated")
        idempotency.remember(session, asked, answer="begun", at=self._clock.now())

    def _run(self, name: str, order: ExecutionOrder, begun: AuditEntry) -> Execution:
        outcome = "not_started"
        try:
            done = self._containers.execute(
                name, order.command, timeout_seconds=order.timeout_seconds, output_bytes=MOST_BYTES
            )
            outcome = "timed_out" if done.is_timed_out else str(done.exit_code)
        except PortalError as error:
            outcome = error.code
            raise
        finally:
            ended = replace(begun, action="container.exec_ended", params={**begun.params, "outcome": outcome})
            with self._database.transaction() as session:
                self._audit.record(session, ended)
        lines = tuple(replace(line, text=redacted(line.text)) for line in done.lines)
        return replace(done, lines=lines)


def check_command(order: ExecutionOrder) -> None:
    """Invalid("command_bad" | "command_time_bad")."""
    words = order.command
    is_good = 0 < len(words) <= MOST_WORDS and bool(words[0])
    if not is_good or any(len(word) > LONGEST_WORD or "\0" in word for word in words):
        raise Invalid("command_bad", field="command", most=MOST_WORDS, longest=LONGEST_WORD)
    if not 1 <= order.timeout_seconds <= LONGEST_SECONDS:
        raise Invalid("command_time_bad", field="timeout_seconds", most=int(LONGEST_SECONDS))


def words_of(text: str) -> tuple[str, ...]:
    """A command as it is typed, with quotes. Invalid("command_bad")."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise Invalid("command_bad", field="command", most=MOST_WORDS, longest=LONGEST_WORD) from None
