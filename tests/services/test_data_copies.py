"""Copies of data: who asks, who has to agree, and that nothing is begun before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.container import EngineFacts
from portal.domain.data_store import CopyState, DataStore, StoreKind, Taint
from portal.domain.errors import Conflict, Invalid, NotFound, Refused
from portal.domain.job import JobState
from portal.services.data_copies import CopyOrder
from portal.services.helper_containers import HelperContainers, HelperTask
from portal.services.job_run import JobRun
from portal.store import copies as store
from tests.stage import ALICE, BOB, CAROL, DAVE, PortalStage

ERIN = Actor("erin", grants=(Grant(Role.ADMINISTRATOR),))
FILES = DataStore("prod", "files", StoreKind.VOLUME, "tools:1", volume="prod-files")
pytestmark = pytest.mark.req("REQ-P3-008")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PortalStage:
    stage = PortalStage(tmp_path).furnish()

    def answer(helpers: HelperContainers, task: HelperTask, run: JobRun) -> tuple[str, ...]:
        del helpers, run
        return ("files 4 1000 " + "ab" * 32,) if task.volumes else ()

    monkeypatch.setattr(HelperContainers, "run", answer)
    monkeypatch.setattr(type(stage.containers), "about", lambda _: EngineFacts("docker", "1", "1"))
    for given in (FILES, replace(FILES, environment="staging", volume="staging-files")):
        stage.core.data_copies.save_store(DAVE, given, password=None, reason="set up")
    return stage


def into(stage: PortalStage, source: str, target: str, actor: Actor = DAVE):
    return stage.core.data_copies.ask(actor, CopyOrder((source, "files"), (target, "files")), reason="rehearsal")


def test_what_came_from_prod_is_labelled_until_somebody_answers_for_it(stage: PortalStage):
    copy = into(stage, "prod", "staging")
    stage.do_jobs()
    assert stage.core.jobs.get(DAVE, copy.job_id or 0).state is JobState.SUCCEEDED
    view = stage.core.data_copies.view(CAROL, "staging")
    assert [(t.name, t.origin, t.is_masked, t.volume) for t in view.taints] == [
        ("files", "prod", False, "staging-files")
    ]
    assert view.copies[0].result["files"] == "4"
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.data_copies.lift_taint(DAVE, "staging", "files", reason="mine")
    stage.core.data_copies.lift_taint(ALICE, "staging", "files", reason="synthetic")
    assert stage.core.data_copies.view(CAROL, "staging").taints == ()


def test_the_label_travels_on_and_is_gone_where_the_data_is_at_home(stage: PortalStage):
    stage.core.data_copies.save_store(
        DAVE, replace(FILES, environment="dev", volume="dev-files"), password=None, reason="set up"
    )
    for source, target in (("prod", "staging"), ("staging", "dev")):
        into(stage, source, target)
        stage.do_jobs()
    assert stage.core.data_copies.view(CAROL, "dev").taints[0].origin == "prod"


def test_prod_is_overwritten_only_when_two_others_agree(stage: PortalStage):
    asked = into(stage, "staging", "prod", ALICE)
    assert (asked.state, asked.needed, asked.job_id) == (CopyState.AWAITING, 2, None)
    copies = stage.core.data_copies
    with pytest.raises(Refused, match="copy_own"):
        copies.decide(ALICE, asked.id, is_approved=True, reason="mine")
    with pytest.raises(Refused, match="not_allowed"):
        copies.decide(BOB, asked.id, is_approved=True, reason="why not")
    frank = Actor("frank", grants=(Grant(Role.RELEASE_MANAGER, "prod"),))
    assert copies.decide(frank, asked.id, is_approved=True, reason="seen").job_id is None
    with pytest.raises(Conflict, match="copy_answered"):
        copies.decide(replace(frank, name="token", person="frank"), asked.id, is_approved=True, reason="again")
    assert copies.decide(ERIN, asked.id, is_approved=True, reason="seen").job_id
    with pytest.raises(Refused, match="copy_decided"):
        copies.decide(ERIN, asked.id, is_approved=False, reason="late")


def test_one_rejection_is_enough(stage: PortalStage):
    asked = into(stage, "staging", "prod")
    after = stage.core.data_copies.decide(ALICE, asked.id, is_approved=False, reason="not today")
    assert (after.state, after.job_id) == (CopyState.REJECTED, None)


def test_who_may_not_copy_there_or_from_there_is_refused(stage: PortalStage):
    local = Actor("local", grants=(Grant(Role.OPERATOR, "staging"),))
    for actor in (BOB, CAROL, local):
        with pytest.raises(Refused, match="not_allowed"):
            into(stage, "prod", "staging", actor)
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.data_copies.save_store(local, FILES, password=None, reason="mine")


def test_a_volume_in_use_is_not_overwritten(stage: PortalStage, monkeypatch: pytest.MonkeyPatch):
    containers = tuple(replace(c, volumes=("staging-files",)) for c in stage.containers.list())
    monkeypatch.setattr(type(stage.containers), "list", lambda *_: containers)
    copy = into(stage, "prod", "staging")
    stage.do_jobs()
    job = stage.core.jobs.get(DAVE, copy.job_id or 0)
    assert (job.state, job.error_code) == (JobState.FAILED, "volume_used")


def test_passwords_are_kept_sealed_and_never_shown(stage: PortalStage):
    given = DataStore("dev", "shop", StoreKind.POSTGRESQL, "tools:1", host="db", port=5432, database="shop", user="app")
    saved = stage.core.data_copies.save_store(DAVE, given, password="a long word", reason="set up")
    assert saved.has_password
    assert stage.core.data_copies.save_store(DAVE, given, password=None, reason="again").has_password
    with stage.core.database.reading() as session:
        assert "long word" not in store.sealed_password(session, "dev", "shop")
    assert "long word" not in repr(stage.core.data_copies.view(DAVE, "dev"))
    with pytest.raises(Invalid):
        stage.core.data_copies.save_store(DAVE, given, password="x" * 2000, reason="too long")


def test_a_store_is_forgotten_and_its_copies_stay_in_the_trail(stage: PortalStage):
    into(stage, "prod", "staging")
    stage.do_jobs()
    stage.core.data_copies.remove_store(DAVE, "staging", "files", reason="moved")
    with pytest.raises(NotFound, match="store_missing"):
        into(stage, "prod", "staging")
    actions = {e.action for e in stage.core.audit.page(SYSTEM, AuditQuery(target="files")).items}
    assert {"store.saved", "copy.asked", "copy.done", "store.removed"} <= actions


def test_a_demonstration_copies_nothing(tmp_path: Path):
    stage = PortalStage(tmp_path).furnish()
    with pytest.raises(Refused, match="copy_needs_engine"):
        into(stage, "prod", "staging")


def test_a_label_names_the_place(stage: PortalStage):
    taint = Taint("dev", "files", "prod", is_masked=True, copy_id=1, at=stage.clock.now())
    with stage.core.database.transaction() as session:
        store.put_taint(session, taint)
        assert store.taints(session, "dev") == (taint,)
        store.forget_environment(session, "dev")
        assert store.taints(session) == ()
