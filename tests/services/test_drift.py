"""What somebody changed by hand is seen, told in words, repaired, adopted or left alone; all of it audited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.container import Limits
from portal.domain.drift import DriftQuery, Ending, Finding, Look, Origin, Rule, Severity, Subject
from portal.domain.errors import Conflict, Invalid, NotFound, Refused
from portal.domain.healing import HealingMode
from portal.domain.job import JobState
from portal.store import operations
from tests.stage import ALICE, BOB, CAROL, DAVE, MALLORY, PortalStage

pytestmark = pytest.mark.req("REQ-P3-008")
STRANGER = Actor("erin", grants=(Grant(Role.OPERATOR, "dev"),))


@pytest.fixture
def stage(tmp_path: Path) -> PortalStage:
    made = PortalStage(tmp_path).furnish()
    made.core.keeper.look()
    return made


def names(stage: PortalStage) -> list[str]:
    return sorted(c.name for c in stage.containers.list())


def findings(stage: PortalStage, look: str = Look.OPEN, actor: Actor = DAVE) -> tuple[Finding, ...]:
    return stage.core.drift.page(actor, DriftQuery(look=look)).items


def work_on_jobs(stage: PortalStage) -> None:
    """Every job that is due, to its end."""
    with stage.core.database.transaction() as session:
        claims = operations.claim(session, "stage", limit=20, of_jobs=True)
    for claim in claims:
        stage.core.job_engine.work(claim)


def actions(stage: PortalStage, name: str) -> list[str]:
    return [entry.actor for entry in stage.core.audit.page(DAVE, AuditQuery(action=name)).items]


def test_as_it_should_be_nothing_is_found(stage: PortalStage) -> None:
    assert findings(stage) == ()
    prod = next(e for e in stage.core.drift.environments(DAVE) if e.environment == "prod")
    assert (prod.score.percent, prod.score.differing) == (100.0, 0)
    assert prod.score.points > 30


def test_a_limit_changed_by_hand_is_one_row_with_first_and_last_seen(stage: PortalStage) -> None:
    name = names(stage)[0]
    stage.world.tamper(name, limits=Limits(memory_bytes=536_870_912))
    stage.core.keeper.look()
    stage.clock.move(40)
    stage.core.keeper.look()
    (found,) = findings(stage)
    assert (found.field, found.desired, found.actual) == ("limits.memory", "256 MiB", "512 MiB")
    assert (found.place.subject, found.place.name, found.place.service) == (Subject.CONTAINER, name, "hello")
    assert (found.origin, found.severity) == (Origin.BY_HAND, Severity.MEDIUM)
    assert (found.last_seen - found.first_seen).total_seconds() == 40
    prod = next(e for e in stage.core.drift.environments(DAVE) if e.environment == "prod")
    assert prod.score.percent < 100
    assert prod.score.reasons == (("limits.memory", 1),)


def test_it_ends_by_itself_when_somebody_puts_it_right(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], limits=Limits(pids=5))
    stage.core.keeper.look()
    stage.world.tamper(names(stage)[0], limits=Limits())
    stage.core.keeper.look()
    assert findings(stage) == ()
    assert [f.ending for f in findings(stage, Look.ENDED)] == [Ending.GONE]


def test_values_of_variables_are_told_only_where_they_are_no_secret(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], environment={"PORT": "8081", "APP_VERSION": "1.0.0", "API_TOKEN": "hunter2"})
    stage.core.keeper.look()
    told = {f.field: (f.desired, f.actual) for f in findings(stage)}
    assert told == {"environment.PORT": ("8080", "8081"), "environment.API_TOKEN": ("", "•••")}


def test_a_repair_replaces_the_container_without_losing_a_request(stage: PortalStage) -> None:
    name = names(stage)[0]
    stage.world.tamper(name, limits=Limits(memory_bytes=536_870_912), is_root_read_only=False)
    stage.core.keeper.look()
    assert {f.field for f in findings(stage)} == {"limits.memory", "security.read_only"}
    job = stage.core.drift.repair(DAVE, findings(stage)[0].id, reason="as it was")
    assert job is not None
    served: list[int] = []
    apply = stage.traffic.apply

    def serve_too(table: object) -> None:
        apply(table)  # type: ignore[arg-type]
        served.append(sum(s.state == "up" for s in stage.traffic.observe().servers))

    stage.traffic.apply = serve_too
    work_on_jobs(stage)
    assert stage.core.jobs.get(DAVE, job.id).state is JobState.SUCCEEDED
    assert min(served) >= 3
    assert name not in names(stage)
    assert len(names(stage)) == 3
    stage.core.keeper.look()
    assert findings(stage) == ()
    assert {f.ending for f in findings(stage, Look.ENDED)} == {Ending.REPAIRED}
    assert actions(stage, "drift.repaired") == ["dave"]


def test_a_repair_that_never_passes_the_checks_leaves_the_old_one(stage: PortalStage) -> None:
    before = names(stage)
    stage.world.tamper(before[0], limits=Limits(pids=5))
    stage.core.keeper.look()
    job = stage.core.drift.repair(DAVE, findings(stage)[0].id, reason="try")
    assert job is not None
    image = stage.containers.image("hello:1.0.0")
    stage.world.behaviours[image.id] = replace(stage.world.behaviours[image.id], is_never_healthy=True)
    now = stage.clock.now
    stage.clock.now = lambda: (stage.clock.move(5), now())[1]
    work_on_jobs(stage)
    ended = stage.core.jobs.get(DAVE, job.id)
    assert (ended.state, ended.error_code) == (JobState.FAILED, "repair_never_healthy")
    assert names(stage) == before


def test_adopting_makes_it_what_is_wanted_in_the_environment(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], limits=Limits(memory_bytes=536_870_912))
    stage.core.keeper.look()
    (found,) = findings(stage)
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.drift.adopt(CAROL, found.id, reason="more memory")
    stage.core.drift.adopt(ALICE, found.id, reason="more memory")
    stage.core.keeper.look()
    waiting = findings(stage)
    assert {(f.severity, f.desired, f.actual) for f in waiting} == {(Severity.MEDIUM, "512 MiB", "256 MiB")}
    assert len(waiting) == 2
    assert [f.ending for f in findings(stage, Look.ENDED)] == [Ending.ADOPTED]
    assert actions(stage, "drift.adopted") == ["alice"]


def test_one_container_fewer_can_be_adopted_but_not_none(stage: PortalStage) -> None:
    stage.core.drift.set_mode(DAVE, "prod", HealingMode.OFF, reason="by hand today")
    for expected in (2, 1):
        stage.containers.remove(names(stage)[0])
        stage.core.keeper.look()
        (found,) = findings(stage)
        assert (found.field, found.is_adoptable) == ("presence", True)
        stage.core.drift.adopt(DAVE, found.id, reason="it is enough")
        assert [d.replicas for d in stage.core.deployments.all(DAVE) if d.environment == "prod"] == [expected]
    stage.containers.remove(names(stage)[0])
    stage.core.keeper.look()
    with pytest.raises(Refused, match="last_container"):
        stage.core.drift.adopt(DAVE, findings(stage)[0].id, reason="none")


def test_a_variable_changed_by_hand_is_not_adopted(stage: PortalStage) -> None:
    """What a container is given was settled when it was made: settings are changed where they are kept."""
    stage.world.tamper(names(stage)[0], environment={"PORT": "8081", "APP_VERSION": "1.0.0"})
    stage.core.keeper.look()
    with pytest.raises(Refused, match="not_adoptable"):
        stage.core.drift.adopt(ALICE, findings(stage)[0].id, reason="keep it")


def test_what_a_rule_fits_is_left_alone_until_it_runs_out(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], limits=Limits(memory_bytes=536_870_912))
    stage.core.keeper.look()
    now = stage.clock.now()
    rule = stage.core.drift.ignore(DAVE, Rule(0, "prod", "hello", "limits", "a trial", "", now, now), days=2)
    assert findings(stage) == ()
    assert [f.rule for f in findings(stage, Look.IGNORED)] == [rule.id]
    stage.clock.move(2 * 86_400)
    assert len(findings(stage)) == 1
    with pytest.raises(Invalid, match="rule_days_bad"):
        stage.core.drift.ignore(DAVE, Rule(0, "prod", "hello", "limits", "for ever", "", now, now), days=4_000)


def test_a_rule_can_be_ended_by_who_may_make_it(stage: PortalStage) -> None:
    now = stage.clock.now()
    rule = stage.core.drift.ignore(DAVE, Rule(0, "prod", "*", "*", "a trial", "", now, now), days=2)
    for actor in (BOB, CAROL, STRANGER, MALLORY):
        with pytest.raises(Refused, match="not_allowed"):
            stage.core.drift.end_rule(actor, rule.id, reason="no")
    stage.core.drift.end_rule(DAVE, rule.id, reason="over")
    assert stage.core.drift.rules(DAVE) == ()
    assert actions(stage, "drift.rule_ended") == ["dave"]


def test_who_may_not_see_an_environment_sees_nothing_of_it(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], limits=Limits(pids=5))
    stage.core.keeper.look()
    (found,) = findings(stage)
    assert findings(stage, actor=STRANGER) == ()
    with pytest.raises(NotFound, match="finding_missing"):
        stage.core.drift.view(STRANGER, found.id)
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.drift.repair(CAROL, found.id, reason="mine")
    assert [e.environment for e in stage.core.drift.environments(STRANGER)] == ["dev"]


def test_a_container_that_nobody_wants_is_found_and_removed(stage: PortalStage) -> None:
    name = names(stage)[0]
    spec = stage.world.container(name).asked
    stage.containers.create(replace(spec, name="cfp-by-hand", address="172.30.0.99"))
    stage.core.keeper.look()
    (found,) = findings(stage)
    assert (found.field, found.actual) == ("presence", "cfp-by-hand")
    assert stage.core.drift.repair(DAVE, found.id, reason="not ours") is None
    assert "cfp-by-hand" not in names(stage)


def test_the_proxy_changed_by_hand_is_seen_and_put_right_at_once(stage: PortalStage) -> None:
    stage.traffic.set_share("hello@prod", 77)
    stage.core.keeper.look()
    assert [(f.field, f.actual) for f in findings(stage)] == [("share", "77")]
    stage.core.keeper.look()
    assert findings(stage) == ()
    assert stage.share() == 0
    assert [f.ending for f in findings(stage, Look.ENDED)] == [Ending.HEALED]
    assert actions(stage, "proxy.healed") == [SYSTEM.name]


def test_while_a_rollout_works_there_nothing_of_it_is_called_drift(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    for _ in range(12):
        stage.pass_seconds(1)
        stage.core.keeper.look()
        assert findings(stage) == ()
    assert stage.now(rollout).percent > 0


def test_a_repair_waits_for_the_rollout_that_works_there(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], limits=Limits(pids=5))
    stage.core.keeper.look()
    (found,) = findings(stage)
    stage.start("1.1.0")
    stage.pass_seconds(2)
    with pytest.raises(Conflict, match="job_running"):
        stage.core.drift.repair(DAVE, found.id, reason="now")


def test_two_environments_are_alike_as_far_as_what_runs_in_both_is_the_same(stage: PortalStage) -> None:
    alike = stage.core.drift.likeness(DAVE, "staging", "prod")
    assert [(d.service, d.field, d.left) for d in alike.differences] == [("hello", "version", "")]
    assert stage.core.drift.likeness(DAVE, "prod", "prod").percent == 100.0
