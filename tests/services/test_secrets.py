"""Secrets: written, never listed, revealed to few, given to containers by version, and gone when revoked."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Permission, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import Conflict, Invalid, NotFound, Refused
from portal.domain.secret import SecretForm, SecretOrder, SecretQuery, VersionState
from portal.domain.secret_rotation import Generator, Rotation
from portal.services.secret_making import made_value, public_half
from portal.services.secrets import NewVersion
from portal.store import secret_pins
from tests.stage import ALICE, BOB, CAROL, DAVE, MALLORY, PortalStage

pytestmark = pytest.mark.req("REQ-P3-008")
CANARY = "canary-4f9d0c2b7e61"
ORDER = SecretOrder("prod", "db-password", service="hello", description="the database of hello")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PortalStage]:
    stage = PortalStage(tmp_path).furnish()
    yield stage
    stage.core.database.close()


def actions(stage: PortalStage) -> list[str]:
    return [e.action for e in stage.core.audit.page(SYSTEM, AuditQuery(target_kind="secret", sort="at")).items]


def said(stage: PortalStage, container: str, *command: str) -> str:
    return "\n".join(line.text for line in stage.containers.execute(container, command).lines)


def containers(stage: PortalStage, version: str) -> list[str]:
    return [c.name for c in stage.containers.list() if c.is_running and c.labels["codexfather.version"] == version]


def test_a_secret_is_listed_by_name_and_its_value_by_nobody(stage: PortalStage):
    made = stage.core.secrets.create(DAVE, ORDER, CANARY.encode(), reason="new database")
    assert (made.target, made.current and made.current.number) == ("/run/secrets/db-password", 1)
    listed = stage.core.secrets.page(CAROL, SecretQuery(text="database"))
    assert [secret.name for secret in listed.items] == ["db-password"]
    assert CANARY not in repr(listed)
    assert actions(stage) == ["secret.created"]


def test_only_who_may_in_that_environment_writes_or_reveals(stage: PortalStage):
    elsewhere = Actor("eve", grants=(Grant(Role.OPERATOR, "dev"),))
    for actor in (BOB, CAROL, MALLORY, elsewhere):
        with pytest.raises(Refused):
            stage.core.secrets.create(actor, ORDER, b"value")
    stage.core.secrets.create(DAVE, ORDER, b"value")
    for actor in (BOB, ALICE, elsewhere):
        with pytest.raises(Refused):
            stage.core.secrets.reveal(actor, "prod", "db-password", reason="curious")
    with pytest.raises(Refused):
        stage.core.secrets.secret(elsewhere, "prod", "db-password")


def test_a_value_is_revealed_for_a_reason_and_a_fresh_proof_and_the_trail_has_it_first(stage: PortalStage):
    stage.core.secrets.create(DAVE, ORDER, CANARY.encode())
    at_a_browser = replace(DAVE, session="s", proved_at=stage.clock.now() - timedelta(minutes=11))
    with pytest.raises(Refused) as stale:
        stage.core.secrets.reveal(at_a_browser, "prod", "db-password", reason="outage")
    assert stale.value.code == "proof_needed"
    with pytest.raises(Invalid):
        stage.core.secrets.reveal(DAVE, "prod", "db-password", reason=" ")
    assert stage.core.secrets.reveal(DAVE, "prod", "db-password", reason="outage").text == CANARY
    assert actions(stage) == ["secret.created", "secret.revealed"]


def test_a_binary_value_is_shown_in_base64(stage: PortalStage):
    stage.core.secrets.create(DAVE, ORDER, b"\xff\x00")
    assert stage.core.secrets.reveal(DAVE, "prod", "db-password", reason="look").text == "base64:/wA="


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(ORDER, name="../x"), "secret_name_bad"),
        (replace(ORDER, name="a..b"), "secret_name_bad"),
        (replace(ORDER, target="/etc/../x/y"), "secret_target_bad"),
        (replace(ORDER, target="/proc/self/x"), "secret_target_bad"),
        (replace(ORDER, target="/key"), "secret_target_bad"),
        (replace(ORDER, form=SecretForm.VARIABLE, target="PORT"), "secret_target_bad"),
        (replace(ORDER, rotation=Rotation(every_days=-1)), "rotation_bad"),
        (replace(ORDER, rotation=Rotation(is_automatic=True, every_days=9)), "rotation_bad"),
    ],
)
def test_what_cannot_be_is_refused(stage: PortalStage, order: SecretOrder, code: str):
    with pytest.raises(Invalid) as refused:
        stage.core.secrets.create(DAVE, order, b"value")
    assert refused.value.code == code


@pytest.mark.parametrize("value", [b"", b"x" * 65_537])
def test_a_value_has_bounds(stage: PortalStage, value: bytes):
    with pytest.raises(Invalid) as refused:
        stage.core.secrets.create(DAVE, ORDER, value)
    assert refused.value.code == "secret_value_bad"


def test_two_secrets_of_one_service_never_share_a_place(stage: PortalStage):
    stage.core.secrets.create(DAVE, ORDER, b"value")
    with pytest.raises(Conflict) as taken:
        stage.core.secrets.create(
            DAVE, replace(ORDER, name="other", service="", target="/run/secrets/db-password"), b"v"
        )
    assert taken.value.code == "secret_target_taken"
    with pytest.raises(Conflict):
        stage.core.secrets.create(DAVE, ORDER, b"value")
    stage.core.secrets.create(DAVE, replace(ORDER, environment="staging"), b"value")


def test_containers_get_the_version_that_was_current_when_their_slot_began(stage: PortalStage):
    secrets = stage.core.secrets
    secrets.create(DAVE, ORDER, b"one")
    secrets.create(DAVE, SecretOrder("prod", "api-key", form=SecretForm.VARIABLE), b"key-one")
    assert secrets.secret(CAROL, "prod", "db-password").used_by == (), "running containers are left alone"
    stage.until(stage.start("1.1.0", plan="strategy: rolling"), *[])
    (first, *others) = containers(stage, "1.1.0")
    assert len(others) == 2
    assert said(stage, first, "cat", "/run/secrets/db-password") == "one"
    assert "API_KEY=key-one" in said(stage, first, "env")
    secrets.put(DAVE, NewVersion("prod", "db-password", b"two"))
    assert [v.state for v in secrets.secret(CAROL, "prod", "db-password").versions] == [
        VersionState.CURRENT,
        VersionState.PREVIOUS,
    ]
    stage.containers.stop(first)
    stage.core.keeper.look()
    assert said(stage, first, "cat", "/run/secrets/db-password") == "one", "a container stays the one it was"
    assert {use.version for use in secrets.secret(CAROL, "prod", "db-password").used_by} == {1}


def test_a_version_in_use_cannot_be_revoked_and_a_revoked_one_is_gone(stage: PortalStage):
    secrets = stage.core.secrets
    secrets.create(DAVE, ORDER, b"one")
    stage.until(stage.start("1.1.0", plan="strategy: rolling"))
    secrets.put(DAVE, NewVersion("prod", "db-password", b"two"))
    for version in (1, 2):
        with pytest.raises(Refused) as used:
            secrets.revoke(DAVE, "prod", "db-password", version=version, reason="old")
        assert used.value.code == "secret_in_use"
    with pytest.raises(Refused):
        secrets.remove(DAVE, "prod", "db-password", reason="no longer needed")
    stage.until(stage.start("1.3.0", plan="strategy: rolling"))
    stage.core.secret_delivery.keep()
    assert {use.version for use in secrets.secret(CAROL, "prod", "db-password").used_by} == {2}
    secrets.revoke(DAVE, "prod", "db-password", version=1, reason="old")
    with pytest.raises(Refused) as gone:
        secrets.reveal(DAVE, "prod", "db-password", version=1, reason="look")
    assert gone.value.code == "secret_revoked"


def test_the_holder_of_a_slot_goes_with_its_containers_and_one_that_died_is_filled_anew(stage: PortalStage):
    stage.core.secrets.create(DAVE, ORDER, b"one")
    stage.until(stage.start("1.1.0", plan="strategy: rolling"))
    (holder,) = stage.world.holders
    stage.world.holders.clear()
    stage.world.held.clear()
    stage.core.secret_delivery.keep()
    assert list(stage.world.holders) == [holder]
    assert said(stage, containers(stage, "1.1.0")[0], "cat", "/run/secrets/db-password") == "one"
    stage.until(stage.start("1.3.0", plan="strategy: rolling"))
    stage.core.secret_delivery.keep()
    assert holder not in stage.world.holders
    assert len(stage.world.holders) == 1


def test_a_value_copied_to_another_place_does_not_open(stage: PortalStage):
    from portal.store.tables_secrets import SecretVersionRow

    secrets = stage.core.secrets
    secrets.create(DAVE, ORDER, CANARY.encode())
    secrets.create(DAVE, replace(ORDER, environment="staging"), b"harmless")
    with stage.core.database.transaction() as session:
        stolen, mine = session.get(SecretVersionRow, (1, 1)), session.get(SecretVersionRow, (2, 1))
        assert stolen is not None
        assert mine is not None
        mine.sealed = stolen.sealed
    with pytest.raises(Exception, match="secret_sealed_otherwise"):
        secrets.reveal(DAVE, "staging", "db-password", reason="steal")


@pytest.mark.parametrize(
    ("generator", "length", "is_good"),
    [
        (Generator.PASSWORD, 40, lambda v: len(v) == 40),
        (Generator.HEX, 16, lambda v: len(bytes.fromhex(v.decode())) == 16),
        (Generator.BASE64, 0, lambda v: len(v) == 44),
        (Generator.ED25519, 0, lambda v: public_half(v).startswith("ssh-ed25519 ")),
        (Generator.RSA, 2048, lambda v: public_half(v).startswith("ssh-rsa ")),
    ],
)
def test_generators_make_what_they_say_and_never_twice(generator: Generator, length: int, is_good: object):
    first, second = (made_value(Rotation(generator=generator, length=length)) for _ in range(2))
    assert first != second
    assert callable(is_good)
    assert is_good(first)


def test_without_a_value_the_generator_makes_one_and_without_a_generator_nothing_does(stage: PortalStage):
    with pytest.raises(Invalid) as refused:
        stage.core.secrets.create(DAVE, ORDER, None)
    assert refused.value.code == "secret_not_generated"
    stage.core.secrets.create(DAVE, replace(ORDER, rotation=Rotation(generator=Generator.HEX)), None)
    assert len(stage.core.secrets.reveal(DAVE, "prod", "db-password", reason="look").value) == 64


def test_a_missing_secret_is_missing(stage: PortalStage):
    with pytest.raises(NotFound):
        stage.core.secrets.secret(CAROL, "prod", "nothing")


def test_a_canary_is_found_nowhere_but_in_the_container_it_is_for(
    stage: PortalStage, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """In no log, audit trail, export, list or database; of the engine's account, a file's value is not in it either."""
    caplog.set_level(logging.DEBUG)
    secrets = stage.core.secrets
    secrets.create(DAVE, ORDER, CANARY.encode(), reason="a canary")
    stage.until(stage.start("1.1.0", plan="strategy: rolling"))
    (name, *_) = containers(stage, "1.1.0")
    assert said(stage, name, "cat", "/run/secrets/db-password") == CANARY
    secrets.reveal(DAVE, "prod", "db-password", reason="look")
    secrets.put(DAVE, NewVersion("prod", "db-password", f"{CANARY}-2".encode()))
    secrets.save(DAVE, replace(ORDER, description="changed"))
    told = [
        caplog.text,
        *stage.core.audit.export(SYSTEM),
        repr(secrets.page(CAROL, SecretQuery())),
        repr(stage.containers.details(name)),
        stage.core.fleet.view(DAVE, name).document,
        json.dumps([line.text for line in stage.core.container_logs.tail(DAVE, name)]),
    ]
    assert not [text[:200] for text in told if CANARY in text]
    assert any("db-password" in text for text in told)
    stage.core.database.close()
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert not [file for file, content in kept.items() if CANARY.encode() in content]
    assert b"db-password" in kept["portal.db"] + kept.get("portal.db-wal", b"")
    with stage.core.database.reading() as session:
        assert secret_pins.slots(session)


def test_the_permissions_are_of_their_own():
    from portal.domain.access import DANGEROUS, PERMISSIONS_OF

    assert Permission.SECRET_REVEAL in DANGEROUS
    assert Permission.SECRET_REVEAL not in PERMISSIONS_OF[Role.RELEASE_MANAGER]
    assert Permission.SECRET_EDIT not in PERMISSIONS_OF[Role.DEVELOPER]
