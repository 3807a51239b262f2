"""Approvals that wait, the four measures, comparisons, and several rollouts at once, on a whole portal in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.domain.access import Actor, Grant, Role
from portal.domain.dora import Change, measure
from portal.domain.errors import Invalid, NotFound, Refused
from portal.domain.rollout import Action, State
from portal.domain.service import Service
from portal.services.dora import DoraQuery
from tests.stage import ALICE, BOB, CAROL, DAVE, PortalStage

ERIN = Actor("erin", grants=(Grant(Role.RELEASE_MANAGER, "dev"),))
FRANK = Actor("frank", grants=(Grant(Role.ADMINISTRATOR),))


@pytest.fixture
def stage(tmp_path: Path):
    stage = PortalStage(tmp_path).furnish()
    yield stage
    stage.core.database.close()


def test_an_approval_waits_only_for_those_who_can_give_it(stage: PortalStage):
    rollout = stage.start("1.1.0", actor=BOB)
    stage.until(rollout, State.AWAITING_APPROVAL)
    approvals = stage.core.approvals
    assert [approvals.count(who) for who in (ALICE, FRANK, BOB, CAROL, DAVE, ERIN)] == [1, 1, 0, 0, 0, 0]
    waiting = approvals.inbox(ALICE).waiting
    assert [(view.rollout.id, bool(view.evidence_hash), view.verdict is not None) for view in waiting] == [
        (rollout.id, True, True)
    ]
    assert [asked.id for asked in approvals.inbox(BOB).asked] == [rollout.id]
    stage.act(rollout, Action.APPROVE)
    assert approvals.count(ALICE) == 0


def test_who_asked_for_it_does_not_find_it_in_the_inbox(stage: PortalStage):
    rollout = stage.start("1.1.0", actor=ALICE)
    stage.until(rollout, State.AWAITING_APPROVAL)
    assert stage.core.approvals.count(ALICE) == 0
    assert stage.core.approvals.inbox(ALICE).waiting == ()


def test_the_measures_follow_from_what_was_rolled_out(stage: PortalStage):
    stage.clock.move(1)
    begun = stage.clock.now()
    good = stage.start("1.1.0", plan="strategy: rolling\nanalysis: false")
    stage.until(good, State.SUCCEEDED)
    bad = stage.start("1.2.0")
    assert stage.until(bad, State.AWAITING_APPROVAL).state is State.ABORTED
    found = stage.core.dora.measure(ALICE, DoraQuery(service="hello", environment="prod", since=begun))
    assert (found.deployments, found.changes, found.failures) == (1, 2, 1)
    assert found.failure_rate == 0.5
    assert found.restore_seconds is not None
    assert 0 < found.restore_seconds < 60
    assert found.lead_seconds is not None
    assert found.lead_seconds > 0


def test_a_measure_that_nothing_speaks_for_is_absent(stage: PortalStage):
    nothing = stage.core.dora.measure(ALICE, DoraQuery(environment="dev"))
    measured = (nothing.per_day, nothing.lead_seconds, nothing.failure_rate, nothing.restore_seconds)
    assert measured == (None, None, None, None)
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.dora.measure(ERIN, DoraQuery(environment="prod"))
    with pytest.raises(Invalid, match="period_bad"):
        stage.core.dora.measure(ALICE, DoraQuery(since=stage.clock.now() + timedelta(days=1)))


START = datetime(2026, 3, 2, tzinfo=UTC)


def change(number: int, version: str, **times: float) -> Change:
    moments = {name: START + timedelta(hours=hours) for name, hours in times.items()}
    return Change(number, "shop", "prod", "1.0.0", version, False, START, **moments)


def test_a_return_makes_the_change_before_it_a_failure():
    promoted = change(1, "1.1.0", released_at=0, reached_at=1, promoted_at=2)
    back = Change(
        2, "shop", "prod", "1.1.0", "1.0.0", True, START, promoted_at=START + timedelta(hours=5), reached_at=START
    )
    found = measure([promoted, back], since=START, until=START + timedelta(days=10))
    assert (found.deployments, found.per_day, found.lead_seconds) == (1, 0.1, 7200)
    assert (found.failure_rate, found.restore_seconds) == (1.0, 4 * 3600)


def test_what_never_reached_a_user_is_no_failure():
    found = measure(
        [change(1, "1.1.0"), change(2, "1.2.0", reached_at=1, promoted_at=2)], since=START, until=START + timedelta(1)
    )
    assert (found.changes, found.failure_rate, found.restore_seconds) == (1, 0.0, None)


def test_two_releases_are_compared_with_what_they_ran_with(stage: PortalStage):
    core = stage.core
    hello = core.catalogue.service(ALICE, "hello")
    rollout = stage.start("1.1.0", plan="strategy: rolling\nanalysis: false")
    stage.until(rollout, State.SUCCEEDED)
    stage.clock.move(60)
    settings = {"GREETING": "你好"}
    changed = Service(hello.name, hello.repository, hosts=hello.hosts, environment=settings, port=hello.port)
    core.catalogue.save_service(ALICE, changed, reason="politeness")
    stage.clock.move(60)
    stage.until(stage.start("1.3.0", plan="strategy: blue-green\nanalysis: false"), State.SUCCEEDED)
    found = core.comparisons.compare(ALICE, "hello", old="1.1.0", new="1.3.0")
    marked = [(line.mark, line.text) for line in found.settings_diff if line.mark != " "]
    assert ("+", "environment.GREETING: 你好") in marked
    assert [place.environment for place in found.new.places] == ["prod"]
    assert [release.version for release in found.between] == ["1.2.0"]
    assert ("-", "strategy: rolling") in [(line.mark, line.text) for line in found.plan_diff]
    assert not found.is_same_image
    with pytest.raises(NotFound, match="release_missing"):
        core.comparisons.compare(ALICE, "hello", old="1.1.0", new="9.9.9")


def test_several_rollouts_are_stopped_each_by_itself(stage: PortalStage):
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    outcomes = stage.core.rollouts.act_on_each(ALICE, [rollout.id, 999, 1], Action.ABORT, reason="maintenance")
    codes = [(number, error.code if error else "") for number, error in outcomes]
    assert codes == [(rollout.id, ""), (999, "rollout_missing"), (1, "action_senseless")]
    with pytest.raises(Invalid, match="not_for_many"):
        stage.core.rollouts.act_on_each(ALICE, [rollout.id], Action.APPROVE, reason="all of them")
