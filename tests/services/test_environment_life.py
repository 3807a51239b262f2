"""Environments from templates and from others, that end by themselves and leave their history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.environment import Stage
from portal.domain.environment_template import EnvironmentTemplate, NewEnvironment
from portal.domain.errors import Conflict, Invalid, NotFound, Refused
from portal.domain.job import JobState
from portal.domain.rollout import State
from portal.domain.scaling import ScalingChange
from portal.services.rollouts import RolloutOrder
from portal.store import routing
from tests.stage import ALICE, DAVE, PortalStage

ERIN = Actor("erin", grants=(Grant(Role.ADMINISTRATOR),))
pytestmark = pytest.mark.req("REQ-P3-008")


@pytest.fixture
def stage(tmp_path: Path) -> PortalStage:
    return PortalStage(tmp_path).furnish()


def cloned_of_staging(stage: PortalStage, hours: int = 48) -> None:
    """`hello` runs in staging, and in a clone of it that ends."""
    order = RolloutOrder("hello", "staging", "1.0.0", "try it", "strategy: blue_green\nbake: 0s")
    assert stage.until(stage.core.rollouts.start(SYSTEM, order), State.SUCCEEDED).state is State.SUCCEEDED
    cloned = stage.core.life.clone(ERIN, "staging", NewEnvironment("preview", ("bob",), hours), reason="a look")
    assert cloned.refused == ()
    (number,) = cloned.rollouts
    rollout = stage.core.rollouts.rollout(SYSTEM, number)
    assert stage.until(rollout, State.SUCCEEDED).state is State.SUCCEEDED


def test_an_environment_is_made_from_a_template(stage: PortalStage):
    made = stage.core.life.create(ERIN, "test", NewEnvironment("feature-7", ("bob",)), reason="a look")
    assert (made.stage, made.replicas, made.host_prefix, made.owners) == (Stage.TEST, 1, "feature-7.", ("bob",))
    assert made.expires_at is not None
    assert (made.expires_at - stage.clock.now()).total_seconds() == 72 * 3600
    with pytest.raises(Conflict, match="environment_exists"):
        stage.core.life.create(ERIN, "test", NewEnvironment("feature-7"), reason="again")
    with pytest.raises(NotFound, match="template_missing"):
        stage.core.life.create(ERIN, "nothing", NewEnvironment("feature-8"), reason="a look")
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.life.create(ALICE, "test", NewEnvironment("feature-9"), reason="a look")


def test_people_add_templates_of_their_own(stage: PortalStage):
    mine = EnvironmentTemplate("load", Stage.CUSTOM, replicas=4, lifetime_hours=8)
    stage.core.life.save_template(ERIN, mine, reason="load tests")
    assert mine in stage.core.life.templates(DAVE)
    assert stage.core.life.create(ERIN, "load", NewEnvironment("load-1"), reason="tonight").replicas == 4
    stage.core.life.remove_template(ERIN, "load", reason="over")
    with pytest.raises(Invalid, match="template_built_in"):
        stage.core.life.save_template(ERIN, replace(mine, name="prod"), reason="mine")


def test_prod_never_ends_by_itself(stage: PortalStage):
    with pytest.raises(Invalid, match="lifetime_of_protected"):
        stage.core.life.create(ERIN, "prod", NewEnvironment("prod-2", lifetime_hours=5), reason="short")
    with pytest.raises(Refused, match="environment_protected"):
        stage.core.life.extend(ERIN, "prod", hours=5, reason="short")
    with pytest.raises(Refused, match="environment_protected"):
        stage.core.life.remove(ERIN, "prod", reason="away")


def test_a_clone_has_what_the_other_has_and_serves_under_names_of_its_own(stage: PortalStage):
    cloned_of_staging(stage)
    with stage.core.database.reading() as session:
        (route,) = [r for r in routing.table(session).routes if r.environment == "preview"]
    assert route.hosts == ("preview.hello.localhost",)
    assert {d.version for d in stage.core.deployments.all(SYSTEM) if d.environment == "preview"} == {"1.0.0"}


def test_an_environment_is_warned_extended_and_taken_away_when_its_time_is_over(stage: PortalStage):
    cloned_of_staging(stage)
    life = stage.core.life
    assert life.tend() == 0
    stage.clock.move(25 * 3600)
    assert life.tend() == 0
    assert life.tend() == 0
    told = [e for e in stage.core.audit.page(SYSTEM, AuditQuery(target="preview")).items if e.action.endswith("soon")]
    assert [e.reason for e in told] == ["@bob"]
    life.extend(ERIN, "preview", hours=48, reason="not done yet")
    stage.clock.move(30 * 3600)
    assert life.tend() == 0
    stage.clock.move(30 * 3600)
    assert life.tend() == 1
    stage.do_jobs()
    with stage.core.database.reading() as session:
        assert [r for r in routing.replicas(session) if r.environment == "preview"] == []
        assert [r for r in routing.table(session).routes if r.environment == "preview"] == []
    assert not [c for c in stage.containers.list() if c.labels["codexfather.environment"] == "preview"]
    assert len([c for c in stage.containers.list() if c.is_running]) == 6
    (gone,) = [e for e in stage.core.catalogue.environments(ERIN, has_archived=True) if e.name == "preview"]
    assert gone.is_archived
    actions = {e.action for e in stage.core.audit.page(SYSTEM, AuditQuery(environment="preview")).items}
    assert {"environment.saved", "environment.expires_soon", "environment.archived"} <= actions
    assert life.tend() == 0


def test_nothing_is_taken_away_under_a_rollout(stage: PortalStage):
    cloned_of_staging(stage)
    stage.core.rollouts.start(SYSTEM, RolloutOrder("hello", "preview", "1.1.0", "try it", None))
    with pytest.raises(Conflict, match="rollout_running"):
        stage.core.life.remove(ERIN, "preview", reason="away")


def test_sizes_are_cloned_and_a_removal_can_be_asked_for(stage: PortalStage):
    cloned_of_staging(stage)
    stage.core.scaling.scale(DAVE, ("hello", "preview"), ScalingChange(replicas=1), reason="small")
    stage.do_jobs()
    job = stage.core.life.remove(ERIN, "preview", reason="done")
    stage.do_jobs()
    assert stage.core.jobs.get(ERIN, job.id).state is JobState.SUCCEEDED


def test_who_edits_an_environment_changes_neither_its_time_nor_its_owners(stage: PortalStage):
    made = stage.core.life.create(ERIN, "test", NewEnvironment("feature-7", ("bob",)), reason="a look")
    edited = replace(made, owners=(), expires_at=None, description="the new search")
    saved = stage.core.life.save(ERIN, edited, reason="said what it is")
    assert (saved.owners, saved.expires_at, saved.description) == (("bob",), made.expires_at, "the new search")
