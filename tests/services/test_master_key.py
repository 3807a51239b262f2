"""The master key is changed while everything goes on, whatever dies meanwhile, and nothing stays under the old one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.errors import Conflict, Refused, Unavailable
from portal.domain.job import Job, JobState
from portal.domain.notification import ChannelKind, ChannelOrder
from portal.domain.secret import SecretOrder
from portal.kit.sealing import key_name
from portal.secret_parts import master_keys
from portal.services import master_key_rotation
from portal.services.secret_box import SecretBox
from portal.services.secrets import NewVersion
from portal.store import operations, sealed
from portal.store.key_ring import MOST_KEYS, KeyRing
from portal.store.tables import OperationRow
from tests.stage import BOB, DAVE, PortalStage

pytestmark = pytest.mark.req("REQ-P3-008")
OLD, NEW = "an old key of more than thirty-two letters", "the new key, just as long and quite different"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalStage]:
    monkeypatch.setattr(master_key_rotation, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(master_key_rotation, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(master_key_rotation, "BATCH", 7)
    stage = PortalStage(tmp_path)
    stage.furnish()
    for number in range(20):
        stage.core.secrets.create(SYSTEM, SecretOrder("prod", f"s{number}"), f"value {number}".encode())
    hook = ChannelOrder(ChannelKind.WEBHOOK, "team", "https://example.org/x", "signs")
    stage.core.channels.create(SYSTEM, hook)
    yield stage
    stage.core.database.close()


def work(stage: PortalStage, job: Job) -> Job:
    with stage.core.database.transaction() as session:
        session.exec(update(OperationRow).values(wake_at=0.0, lease_until=0.0))
        (claim,) = operations.claim(session, "test", limit=1, of_jobs=True)
    stage.core.job_engine.work(claim)
    return stage.core.jobs.get(SYSTEM, job.id)


def start(stage: PortalStage) -> Job:
    return stage.core.secret_schedule.change_master_key(DAVE, reason="yearly")


def values(stage: PortalStage) -> list[str]:
    return [stage.core.secrets.reveal(SYSTEM, "prod", f"s{n}", reason="look").text for n in range(20)]


def test_everything_is_sealed_by_the_new_key_and_the_old_one_opens_nothing_any_more(stage: PortalStage, tmp_path: Path):
    ring = KeyRing(tmp_path / "secret.key")
    (old,) = ring.keys()
    job = work(stage, start(stage))
    assert (job.state, job.error_code, job.memory["sealed"]) == (JobState.SUCCEEDED, "", 21)
    (new,) = ring.keys()
    assert new != old
    assert ring.retired_path.read_text() == old.hex() + "\n"
    assert ring.retired_path.stat().st_mode & 0o777 == 0o600
    with stage.core.database.reading() as session:
        assert sealed.count(session, but=f"s1.{key_name(new)}.") == 0
        assert sealed.count(session, but=f"s1.{key_name(old)}.") == 21
    assert values(stage) == [f"value {n}" for n in range(20)]


def test_secrets_are_written_and_read_all_the_while(stage: PortalStage):
    failures: list[Exception] = []
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            try:
                name = f"s{number % 20}"
                stage.core.secrets.put(SYSTEM, NewVersion("prod", name, f"value {number % 20}".encode()))
                current = stage.core.secrets.secret(SYSTEM, "prod", name).current
                assert current is not None
                stage.core.secrets.revoke(SYSTEM, "prod", name, version=current.number - 1, reason="old")
                stage.core.secrets.reveal(SYSTEM, "prod", name, reason="look")
            except Exception as error:  # noqa: BLE001 - whatever it is, the test fails with it
                failures.append(error)
                return
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    job = start(stage)
    try:
        job = work(stage, job)
    finally:
        over.set()
        writer.join(10)
    assert failures == []
    assert job.state is JobState.SUCCEEDED
    assert values(stage) == [f"value {n}" for n in range(20)]


def test_a_change_whose_process_dies_goes_on_and_makes_no_third_key(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    job = start(stage)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("_reseal", "_retire"):
        with monkeypatch.context() as patch:
            patch.setattr(master_key_rotation.MasterKeyRotation, step, die)
            with pytest.raises(KeyboardInterrupt):
                work(stage, job)
        assert len(KeyRing(tmp_path / "secret.key").keys()) == 2
        assert values(stage)[3] == "value 3"
    assert work(stage, job).state is JobState.SUCCEEDED
    assert len(KeyRing(tmp_path / "secret.key").keys()) == 1


def test_it_takes_the_permission_everywhere_and_one_goes_at_a_time(stage: PortalStage):
    for actor in (BOB, Actor("eve", grants=(Grant(Role.OPERATOR, "prod"),))):
        with pytest.raises(Refused):
            stage.core.secret_schedule.change_master_key(actor, reason="x")
    start(stage)
    with pytest.raises(Conflict):
        start(stage)


def test_another_process_seals_with_the_new_key_at_once_and_reads_both(tmp_path: Path):
    ring = KeyRing(tmp_path / "secret.key")
    one, other = SecretBox(ring.keys), SecretBox(ring.keys)
    before = one.seal(b"x", about="a")
    assert other.open(before, about="a") == b"x"
    ring.add()
    after = one.seal(b"y", about="a")
    assert other.open(after, about="a") == b"y"
    assert other.open(before, about="a") == b"x"
    assert not other.is_current(before)
    ring.retire()
    moved = SecretBox(ring.keys)
    with pytest.raises(Unavailable):
        moved.open(before, about="a")
    for _ in range(MOST_KEYS - 1):
        ring.add()
    with pytest.raises(Conflict):
        ring.add()


def test_keys_of_the_settings_are_changed_by_setting_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(master_key_rotation, "SETTLE_SECONDS", 0.0)
    first = PortalStage(tmp_path, settings={"PORTAL_SECRET_KEY": OLD}).furnish()
    first.core.secrets.create(SYSTEM, SecretOrder("prod", "s"), b"value")
    first.core.database.close()
    second = PortalStage(tmp_path, settings={"PORTAL_SECRET_KEY": NEW, "PORTAL_SECRET_KEY_OLD": OLD})
    assert len(master_keys(second.core.settings)) == 2
    assert work(second, start(second)).state is JobState.SUCCEEDED
    second.core.database.close()
    third = PortalStage(tmp_path, settings={"PORTAL_SECRET_KEY": NEW})
    assert third.core.secrets.reveal(SYSTEM, "prod", "s", reason="look").text == "value"
    third.core.database.close()
