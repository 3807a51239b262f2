"""The set-up of a new portal: who is led through it, where it goes on, and that it ends once and for all."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from sqlalchemy import text

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import Invalid, Refused
from portal.domain.identity import NewPerson, Preferences
from portal.domain.set_up import SetUpStep, following
from portal.services.audit import Audit
from portal.services.identity import Identity
from portal.services.secret_box import SecretBox
from portal.store.database import Database
from portal.store.migrate import SCRIPTS

OPERATOR = Actor("dave", grants=(Grant(Role.OPERATOR),))
OF_DEV = Actor("gina", grants=(Grant(Role.ADMINISTRATOR, "dev"),))


@pytest.fixture
def identity(database: Database, clock: Any, audit: Audit) -> Identity:
    return Identity(database, clock, audit, box=SecretBox(lambda: b"k" * 32))


def first(identity: Identity) -> tuple[Actor, str]:
    password = identity.ensure_administrator()
    assert password
    return identity.sign_in("admin", password, address="")[1], password


def test_the_first_administrator_goes_from_step_to_step_and_goes_on_where_they_left(identity: Identity):
    admin, password = first(identity)
    assert identity.is_set_up_due(admin)
    assert identity.set_up(admin).next_step is SetUpStep.PASSWORD
    identity.change_password(admin, password, "a long walk on the beach")
    assert identity.set_up(admin).next_step is SetUpStep.READING
    identity.pass_set_up_step(admin, "reading")
    identity.invite(admin, NewPerson("alice"))
    assert identity.set_up(admin).done == {SetUpStep.PASSWORD, SetUpStep.PEOPLE}
    assert identity.set_up(admin).next_step is SetUpStep.PARTS
    identity.set_preferences(admin, Preferences("zh"))
    assert SetUpStep.READING in identity.set_up(admin).done
    assert identity.pass_set_up_step(admin, "parts").next_step is SetUpStep.END


@pytest.mark.parametrize(("is_skipped", "action"), [(False, "portal.set_up_done"), (True, "portal.set_up_skipped")])
def test_it_ends_for_everybody_and_is_audited_once(identity: Identity, audit: Audit, is_skipped: bool, action: str):
    admin, _ = first(identity)
    identity.end_set_up(admin, is_skipped=is_skipped)
    identity.end_set_up(admin)
    assert not identity.is_set_up_due(admin)
    assert not identity.set_up(SYSTEM).is_due
    entries = audit.page(SYSTEM, AuditQuery(limit=200)).items
    assert [entry.action for entry in entries if entry.target_kind == "portal"] == [action]


@pytest.mark.parametrize("actor", [OPERATOR, OF_DEV], ids=["operator", "administrator of dev"])
def test_nobody_else_sees_it(identity: Identity, actor: Actor):
    assert not identity.is_set_up_due(actor)
    for act in (identity.set_up, identity.end_set_up, lambda who: identity.pass_set_up_step(who, "people")):
        with pytest.raises(Refused):
            act(actor)


@pytest.mark.parametrize("name", ["", "end", "cook"])
def test_what_is_no_step_is_refused(identity: Identity, name: str):
    with pytest.raises(Invalid):
        identity.pass_set_up_step(SYSTEM, name)


def test_after_the_last_step_comes_the_end():
    assert [following(step) for step in SetUpStep] == [*list(SetUpStep)[1:], SetUpStep.END]


@pytest.mark.parametrize("is_used", [True, False])
def test_a_portal_that_was_in_use_before_counts_as_set_up(database: Database, identity: Identity, is_used: bool):
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    admin = first(identity)[0] if is_used else SYSTEM
    specification = importlib.util.spec_from_file_location("milestones", SCRIPTS / "versions" / "0011_milestones.py")
    assert specification is not None
    assert specification.loader is not None
    migration = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(migration)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE milestone"))
        with Operations.context(MigrationContext.configure(connection)):
            migration.upgrade()
    assert identity.set_up(admin).is_due is not is_used
