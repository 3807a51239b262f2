"""The trail is verified beside everything else: once at a time, and its progress is seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditEntry, AuditReport
from portal.domain.errors import Refused, Unavailable
from portal.kit.topics import Topics
from portal.services.audit import Audit
from portal.services.audit_check import TOPIC, AuditCheck, Check
from portal.store.database import Database


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
def check(audit: Audit, clock: Any, topics: Topics, database: Database) -> AuditCheck:
    with database.transaction() as session:
        for number in range(3):
            audit.record(session, AuditEntry("alice", "user", "service.saved", "service", str(number)))
    return AuditCheck(audit, clock, topics)


def ended(check: AuditCheck, topics: Topics) -> Check:
    seen = 0
    for _ in range(20):
        found = check.last(SYSTEM)
        if found is not None and found.is_over:
            return found
        seen = topics.wait(TOPIC, seen, timeout_seconds=1.0)
    raise AssertionError("it does not end")


def test_it_ends_with_a_report(check: AuditCheck, topics: Topics):
    assert check.last(SYSTEM) is None
    assert check.start(SYSTEM).total == 3
    found = ended(check, topics)
    assert found.report is not None
    assert (found.done, found.report.is_intact, found.by) == (3, True, "portal")


def test_who_comes_while_it_runs_watches_the_same(
    check: AuditCheck, audit: Audit, topics: Topics, monkeypatch: pytest.MonkeyPatch
):
    go_on = threading.Event()

    def slow(_actor: Actor, *, on_progress: Callable[[int], None]) -> AuditReport:
        on_progress(1)
        assert go_on.wait(20)
        return AuditReport(True, 3, 0, "")

    monkeypatch.setattr(audit, "verify", slow)
    first = check.start(SYSTEM)
    second = check.start(Actor("alice", grants=(Grant(Role.RELEASE_MANAGER),)))
    assert (second.by, second.is_over, second.begun_at) == ("portal", False, first.begun_at)
    go_on.set()
    assert ended(check, topics).done == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [(Unavailable("database_unavailable"), "database_unavailable"), (OSError(), "audit_check_failed")],
)
def test_what_breaks_it_off_is_told(
    check: AuditCheck, audit: Audit, topics: Topics, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
):
    def broken(_actor: Actor, **_about: object) -> AuditReport:
        raise error

    monkeypatch.setattr(audit, "verify", broken)
    check.start(SYSTEM)
    assert ended(check, topics).failure == code


def test_it_takes_the_right_to_read_the_whole_trail(check: AuditCheck):
    for ask in (check.start, check.last):
        with pytest.raises(Refused):
            ask(Actor("bob", grants=(Grant(Role.DEVELOPER, "dev"),)))
