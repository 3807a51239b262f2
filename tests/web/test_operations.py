"""Long work is listed, looked at step by step, cancelled and repeated on its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from portal.domain.access import SYSTEM, Permission
from portal.domain.errors import Refused
from portal.domain.job import Job, JobState
from portal.services.job_run import JobRun
from portal.services.jobs import JobOrder
from portal.store import operations as store
from portal.web.states import operations as module
from portal.web.states.operations import OperationsState
from tests.stage import PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


class Moving:
    permission = Permission.CONTAINER_CONTROL

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        return ("pack", "unpack")

    def perform(self, step: str, run: JobRun) -> None:
        run.progress(3, 12, unit="rows")
        if step == "unpack":
            raise Refused("not_allowed", permission="view", environment="prod", actor="x")

    def clean(self, run: JobRun) -> None: ...


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    async def once(state: object, topic: str) -> AsyncIterator[None]:
        yield

    monkeypatch.setattr(module, "beats", once)


@pytest.fixture
def job(stage: PortalStage) -> Job:
    stage.core.jobs.register({"moving": Moving})
    return stage.core.jobs.start(SYSTEM, JobOrder("moving", "books", environment="dev", reason="new disk"))


def do(stage: PortalStage) -> None:
    with stage.core.database.transaction() as session:
        (claim,) = store.claim(session, "test", limit=1, of_jobs=True)
    stage.core.job_engine.work(claim)


async def test_operations_are_listed_and_filtered(tab: NewTab, job: Job) -> None:
    dave = tab().sign_in("dave").at("/operations", state="active", text="books")
    await dave.open()
    state = await dave.state(OperationsState)
    assert [(row.id, row.target, row.badge.text.en) for row in state.rows] == [(job.id, "books", "Waiting")]
    dave.at("/operations", state="over", text="books")
    await dave.open()
    assert job.id not in [row.id for row in (await dave.state(OperationsState)).rows]


async def test_an_operation_that_failed_says_why_and_can_be_repeated(tab: NewTab, job: Job, stage: PortalStage) -> None:
    do(stage)
    dave = tab().sign_in("dave").at(f"/operations/{job.id}")
    await dave.open()
    state = await dave.state(OperationsState)
    assert [step.status for step in state.steps] == ["done", "failed"]
    assert "role does not allow" in state.card.trouble.en
    assert (state.card.can_retry, state.card.can_cancel) == (True, False)
    await dave.call(OperationsState.retry, {"reason": "again"})
    assert [again.state for again in _newest(stage)] == [JobState.WAITING]


async def test_an_operation_is_cancelled_with_a_reason(tab: NewTab, job: Job, stage: PortalStage) -> None:
    dave = tab().sign_in("dave").at(f"/operations/{job.id}")
    await dave.open()
    await dave.call(OperationsState.cancel, {"reason": ""})
    assert (await dave.state(OperationsState)).objection.en.startswith("A reason is missing")
    await dave.call(OperationsState.cancel, {"reason": "wrong disk"})
    assert (await dave.state(OperationsState)).card.line.badge.text.en == "Being cancelled"
    do(stage)
    assert stage.core.jobs.get(SYSTEM, job.id).state is JobState.CANCELLED


async def test_an_operation_that_is_not_there_is_said(tab: NewTab) -> None:
    dave = tab().sign_in("dave").at("/operations/987654")
    await dave.open()
    assert "no operation 987654" in (await dave.state(OperationsState)).missing.en


def _newest(stage: PortalStage) -> list[Job]:
    found = stage.core.jobs.newest("moving", "books")
    return [found] if found else []
