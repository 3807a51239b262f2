"""Rotation: made, tried, put into use, the old value seen unused, revoked; and gone back to when anything fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import Conflict, Invalid, Refused
from portal.domain.identity import NewUser
from portal.domain.job import Job, JobState
from portal.domain.secret import Secret, SecretForm, SecretOrder, VersionState
from portal.domain.secret_rotation import CheckKind, CutOver, Generator, Rotation
from portal.services.job_run import JobRun
from portal.services.secrets import NewVersion
from portal.store import operations
from portal.store.tables import OperationRow
from tests.stage import ALICE, BOB, DAVE, PortalStage

pytestmark = pytest.mark.req("REQ-P3-008")
PATH = "/run/secrets/token"
TRIED = ("cat", f"{PATH}.next")
LIVE = Rotation(
    generator=Generator.HEX,
    check=CheckKind.COMMAND,
    check_command=TRIED,
    cut_over=CutOver.LIVE,
    wait_seconds=5,
)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalStage]:
    stage = PortalStage(tmp_path).furnish()

    def wait(run: JobRun, seconds: float) -> None:
        run.check()
        let_pass(stage, run, seconds)

    monkeypatch.setattr(JobRun, "wait", wait)
    yield stage
    stage.core.database.close()


def let_pass(stage: PortalStage, run: JobRun, seconds: float) -> None:
    """The stage frees all leases to work on rollouts; the job's own is kept, as its worker would."""
    stage.pass_seconds(max(seconds, 0.25))
    mine = col(OperationRow.id) == run.claim.operation_id
    with stage.core.database.transaction() as session:
        session.exec(update(OperationRow).where(mine).values(lease_until=time.time() + 60))


def with_secret(stage: PortalStage, rotation: Rotation, form: SecretForm = SecretForm.FILE) -> None:
    stage.core.secrets.create(DAVE, SecretOrder("prod", "token", "hello", form, rotation=rotation), b"first")
    stage.until(stage.start("1.1.0", plan="strategy: rolling\nbake: 0s"))


def work(stage: PortalStage, job: Job) -> Job:
    """As the worker does."""
    with stage.core.database.transaction() as session:
        session.exec(update(OperationRow).values(wake_at=0.0, lease_until=0.0))
        (claim,) = operations.claim(session, "test", limit=1, of_jobs=True)
    stage.core.job_engine.work(claim)
    return stage.core.jobs.get(DAVE, job.id)


def rotate(stage: PortalStage) -> Job:
    return work(stage, stage.core.secret_schedule.rotate(DAVE, "prod", "token", reason="due"))


def secret(stage: PortalStage) -> Secret:
    return stage.core.secrets.secret(DAVE, "prod", "token")


def states(stage: PortalStage) -> list[VersionState]:
    return [version.state for version in secret(stage).versions]


def read(stage: PortalStage, path: str = PATH) -> set[str]:
    running = [c.name for c in stage.containers.list() if c.is_running and c.labels["codexfather.service"] == "hello"]
    return {"\n".join(x.text for x in stage.containers.execute(name, ("cat", path)).lines) for name in running}


def value(stage: PortalStage) -> str:
    return stage.core.secrets.reveal(DAVE, "prod", "token", reason="look").text


def actions(stage: PortalStage) -> list[str]:
    return [e.action for e in stage.core.audit.page(SYSTEM, AuditQuery(target_kind="secret", sort="at")).items]


def test_a_live_rotation_changes_the_file_under_the_containers_and_revokes_the_old_value(stage: PortalStage):
    with_secret(stage, replace(LIVE, signal="HUP"))
    before = {c.name for c in stage.containers.list()}
    job = rotate(stage)
    assert all("received SIGHUP" in [line.text for line in stage.containers.logs(name)] for name in before)
    assert (job.state, job.error_code) == (JobState.SUCCEEDED, "")
    assert states(stage) == [VersionState.CURRENT, VersionState.REVOKED]
    assert read(stage) == {value(stage)} != {"first"}
    assert read(stage, f"{PATH}.next") == {""}
    assert {c.name for c in stage.containers.list()} == before, "no container was made anew"
    assert float(job.memory["unused_since"]) > 0
    wanted = ["secret.created", "secret.version_added", "secret.used", "secret.revoked", "secret.revealed"]
    assert [action for action in actions(stage) if action in wanted] == wanted


def test_a_swap_rolls_the_same_release_out_and_revokes_when_the_old_containers_are_gone(stage: PortalStage):
    rotation = Rotation(generator=Generator.PASSWORD, cut_over=CutOver.SWAP, wait_seconds=2)
    with_secret(stage, rotation, SecretForm.VARIABLE)
    with pytest.raises(Refused):
        stage.start("1.1.0")
    before = {c.name for c in stage.containers.list()}
    assert rotate(stage).state is JobState.SUCCEEDED
    after = [c.name for c in stage.containers.list()]
    assert not before & set(after)
    assert {stage.containers.details(name).environment["TOKEN"] for name in after} == {value(stage)}
    assert states(stage) == [VersionState.CURRENT, VersionState.REVOKED]
    assert stage.deployed() == "1.1.0"


def test_a_value_that_does_not_pass_its_check_is_thrown_away_and_the_old_one_stays(stage: PortalStage):
    with_secret(stage, replace(LIVE, check_command=("false",)))
    job = rotate(stage)
    assert (job.state, job.error_code) == (JobState.FAILED, "secret_check_failed")
    assert states(stage) == [VersionState.REVOKED, VersionState.CURRENT]
    assert read(stage) == {"first"}
    assert read(stage, f"{PATH}.next") == {""}


def test_a_rollout_that_fails_brings_the_old_value_back(stage: PortalStage, monkeypatch: pytest.MonkeyPatch):
    with_secret(stage, Rotation(generator=Generator.PASSWORD, cut_over=CutOver.SWAP))
    started = stage.core.secret_schedule.rotate(DAVE, "prod", "token")
    real = stage.core.rollouts.start

    def start_and_abort(*given: object) -> object:
        from portal.domain.rollout import Action

        rollout = real(*given)  # pyright: ignore[reportArgumentType]
        stage.act(rollout, Action.ABORT)
        return rollout

    monkeypatch.setattr(stage.core.rollouts, "start", start_and_abort)
    job = work(stage, started)
    assert (job.state, job.error_code) == (JobState.FAILED, "rotation_rollout_failed")
    assert secret(stage).current == secret(stage).version(1)
    assert value(stage) == "first"


def test_a_rotation_whose_process_dies_goes_on_with_the_value_it_made(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    with_secret(stage, LIVE)
    job = stage.core.secret_schedule.rotate(DAVE, "prod", "token")
    from portal.services import secret_rotation

    for step in ("_verify", "_cut_over", "_prove", "_revoke"):

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(secret_rotation.SecretRotation, step, die)
            with pytest.raises(KeyboardInterrupt):
                work(stage, job)
    assert work(stage, job).state is JobState.SUCCEEDED
    assert states(stage) == [VersionState.CURRENT, VersionState.REVOKED]
    assert len(secret(stage).versions) == 2


def test_a_rotation_that_is_cancelled_while_it_proves_leaves_the_old_value_to_be_revoked_later(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    with_secret(stage, replace(LIVE, wait_seconds=600))
    job = stage.core.secret_schedule.rotate(DAVE, "prod", "token")
    looks = iter(range(3))

    def wait(run: JobRun, seconds: float) -> None:
        if next(looks, None) is None:
            stage.core.jobs.cancel(DAVE, job.id, reason="enough")
            run._looked = 0.0
        run.check()
        let_pass(stage, run, 1)

    monkeypatch.setattr(JobRun, "wait", wait)
    assert work(stage, job).state is JobState.CANCELLED
    assert states(stage) == [VersionState.CURRENT, VersionState.PREVIOUS]
    stage.core.secrets.revoke(DAVE, "prod", "token", version=1, reason="now")


def test_a_value_that_waits_is_taken_and_without_one_and_a_generator_there_is_nothing_to_rotate(stage: PortalStage):
    with_secret(stage, replace(LIVE, generator=Generator.NONE))
    with pytest.raises(Invalid):
        stage.core.secret_schedule.rotate(DAVE, "prod", "token")
    stage.core.secrets.put(DAVE, NewVersion("prod", "token", b"typed", is_next=True))
    assert rotate(stage).state is JobState.SUCCEEDED
    assert read(stage) == {"typed"}


def test_a_rotation_for_later_leaves_what_runs_alone(stage: PortalStage):
    with_secret(stage, replace(LIVE, check=CheckKind.NONE, check_command=(), cut_over=CutOver.LATER))
    assert rotate(stage).state is JobState.SUCCEEDED
    assert states(stage) == [VersionState.CURRENT, VersionState.PREVIOUS]
    assert read(stage) == {"first"}


def test_a_command_in_a_container_makes_the_value(stage: PortalStage):
    made = replace(LIVE, generator=Generator.COMMAND, make_command=("echo", "made inside"))
    with_secret(stage, made)
    assert rotate(stage).state is JobState.SUCCEEDED
    assert read(stage) == {"made inside"}


def test_nobody_rotates_who_may_not_and_nothing_is_rotated_twice_at_once(stage: PortalStage):
    with_secret(stage, LIVE)
    with pytest.raises(Refused):
        stage.core.secret_schedule.rotate(BOB, "prod", "token")
    stage.core.secret_schedule.rotate(ALICE, "prod", "token")
    with pytest.raises(Conflict) as running:
        stage.core.secret_schedule.rotate(DAVE, "prod", "token")
    assert running.value.code == "job_running"


@pytest.mark.parametrize(
    "rotation", [LIVE, Rotation(check=CheckKind.HTTP, check_path="/healthz"), Rotation(cut_over=CutOver.LIVE)]
)
def test_a_variable_can_neither_be_changed_live_nor_tried(stage: PortalStage, rotation: Rotation):
    with pytest.raises(Invalid):
        stage.core.secrets.create(DAVE, SecretOrder("prod", "x", form=SecretForm.VARIABLE, rotation=rotation), b"value")


def test_who_could_rotate_is_told_a_week_before_and_again_when_it_is_late(stage: PortalStage):
    core = stage.core
    for name, role in (("olga", Role.OPERATOR), ("vera", Role.VIEWER)):
        core.identity.create_user(SYSTEM, NewUser(name, "a long enough pass phrase", (Grant(role),)))
    with_secret(stage, replace(LIVE, every_days=30))
    stage.clock.move(86_400 * 20)
    assert core.secret_schedule.look() == 0
    stage.clock.move(86_400 * 4)
    assert [core.secret_schedule.look() for _ in range(2)] == [1, 0]
    stage.clock.move(86_400 * 7)
    assert [core.secret_schedule.look() for _ in range(2)] == [1, 0]
    olga, vera = (replace(DAVE, name=name) for name in ("olga", "vera"))
    assert (core.notifications.unread(olga), core.notifications.unread(vera)) == (2, 0)


def test_one_that_goes_by_itself_is_started_when_it_is_late_once_a_day(stage: PortalStage):
    with_secret(stage, replace(LIVE, every_days=30, is_automatic=True))
    stage.clock.move(86_400 * 31)
    assert [stage.core.secret_schedule.look() for _ in range(2)] == [1, 0]
    job = stage.core.secret_schedule.newest(DAVE, "prod", "token")
    assert job is not None
    assert work(stage, job).state is JobState.SUCCEEDED
    assert stage.core.secret_schedule.look() == 0
