"""The level of the log is changed by those who may, and that is in the trail."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import Invalid, Refused
from portal.services.audit import Audit
from portal.services.log_level import LogLevel
from portal.store.database import Database

DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER), Grant(Role.OPERATOR, "dev")))


@pytest.fixture(autouse=True)
def _same_level_afterwards() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def test_an_operator_changes_the_level_and_it_is_audited(database: Database, audit: Audit):
    levels = LogLevel(database, audit)
    levels.set(DAVE, "error", reason="too loud")
    assert levels.level(DAVE) == "error"
    assert logging.getLogger().level == logging.ERROR
    (entry,) = audit.page(SYSTEM, AuditQuery(action="log")).items
    assert (entry.actor, entry.params["level"], entry.reason) == ("dave", "error", "too loud")


def test_others_do_not(database: Database, audit: Audit):
    with pytest.raises(Refused, match="not_allowed"):
        LogLevel(database, audit).set(BOB, "debug")


def test_a_level_that_is_none_is_refused(database: Database, audit: Audit):
    with pytest.raises(Invalid, match="log_level_unknown"):
        LogLevel(database, audit).set(DAVE, "loud")
