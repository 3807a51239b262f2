"""Settings from their change to the container: at once, by a restart, or by a rollout that can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.configuration import Contract, Effect, Key, ValueType
from portal.domain.configuration_layers import LayerKind, Scope, service_scope
from portal.domain.configuration_version import Edit, VersionState
from portal.domain.environment import Protection
from portal.domain.errors import Conflict, Invalid, Refused
from portal.domain.rollout import Action, State
from portal.services.rollouts import RolloutOrder
from portal.store import deployments, routing
from portal.workers.running import settings_delivery
from tests.stage import ALICE, BOB, CANARY, CAROL, MALLORY, PortalStage

pytestmark = pytest.mark.req("REQ-P3-008")

CONTRACT = Contract(
    (
        Key("logLevel", choices=("debug", "info"), default="info", effect=Effect.LIVE),
        Key("maxConcurrent", ValueType.INTEGER, minimum=1, maximum=50, default=5, effect=Effect.RESTART),
        Key("mode", default="slow"),
    ),
    is_open=False,
)
HERE = service_scope("hello", "prod")
DIRECT = "strategy: blue-green\nbake: 1h"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PortalStage]:
    """`hello` has said what its settings are, and its containers have them."""
    stage = PortalStage(tmp_path).furnish()
    stage.core.configuration.save_contract(ALICE, "hello", CONTRACT, reason="what it takes")
    first = stage.start("1.0.0", plan="strategy: rolling\nbatch: 3")
    assert stage.until(first, State.SUCCEEDED).state is State.SUCCEEDED
    yield stage
    stage.core.database.close()


def edit(reason: str = "try", **values: object) -> Edit:
    return Edit(HERE, reason, values)


def contents(stage: PortalStage) -> list[dict[str, object]]:
    found = [
        c.spec.files for c in stage.world.containers.values() if c.spec.labels["codexfather.environment"] == "prod"
    ]
    return [json.loads(files[0].content) for files in found if files]


def lives(stage: PortalStage) -> dict[str, object]:
    return {c.name: c.started_at for c in stage.containers.list()}


def deliver(stage: PortalStage) -> None:
    for _ in range(100):
        if not settings_delivery(stage.core).look():
            return
        stage.pass_seconds(0.25)
    raise AssertionError("they are still behind")


def actions(stage: PortalStage) -> list[str]:
    page = stage.core.audit.page(SYSTEM, AuditQuery(target_kind="configuration", sort="at"))
    return [entry.action for entry in page.items]


def test_a_live_key_reaches_every_container_without_a_restart(stage: PortalStage):
    before = lives(stage)
    assert contents(stage) == [{"logLevel": "info", "maxConcurrent": 5, "mode": "slow"}] * 3
    version = stage.core.configuration.save(BOB, edit(logLevel="debug"))
    assert (version.state, version.number, version.author) == (VersionState.TAKEN, 1, "bob")
    deliver(stage)
    assert contents(stage) == [{"logLevel": "debug", "maxConcurrent": 5, "mode": "slow"}] * 3
    assert lives(stage) == before
    assert all("received SIGHUP" in str(stage.containers.logs(name)) for name in before)
    assert stage.core.keeper.look() == 0
    view = stage.core.configuration.view(BOB, "hello", "prod")
    assert (view.pending, view.behind) == ((), 0)
    assert actions(stage)[-3:] == ["configuration.changed", "configuration.applied", "configuration.delivered"]


def test_a_container_that_was_away_gets_what_it_missed(stage: PortalStage):
    name = next(iter(lives(stage)))
    stage.world.kill(name)
    stage.core.configuration.save(BOB, edit(logLevel="debug"))
    delivery = settings_delivery(stage.core)
    delivery.look()
    assert delivery.troubles[name].code == "container_not_running"
    stage.core.keeper.look()
    deliver(stage)
    assert {c["logLevel"] for c in contents(stage)} == {"debug"}


def test_a_key_that_takes_a_restart_restarts_one_container_after_the_other(stage: PortalStage):
    before = lives(stage)
    stage.core.configuration.save(BOB, edit(maxConcurrent=9))
    most_away = 0
    for _ in range(200):
        if not settings_delivery(stage.core).look():
            break
        servers = stage.traffic.observe().servers
        up = sum(s.state == "up" for s in servers if s.name in before)
        most_away = max(most_away, 3 - up)
        stage.pass_seconds(0.25)
    assert {c["maxConcurrent"] for c in contents(stage)} == {9}
    assert not set(before.values()) & set(lives(stage).values())
    assert set(before) == set(lives(stage))
    assert most_away == 1


def test_a_container_that_is_made_anew_while_it_restarts_does_not_keep_the_old_settings(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    old = {name: container.spec for name, container in stage.world.containers.items()}
    kind, healed = type(stage.containers), list[str]()
    restart = kind.restart

    def heal_once(self: Any, name: str, *, grace_seconds: int = 10) -> None:
        restart(self, name, grace_seconds=grace_seconds)
        if not healed:
            healed.append(name)
            self.remove(name)
            self.create(old[name])
            self.start(name)

    monkeypatch.setattr(kind, "restart", heal_once)
    stage.core.configuration.save(ALICE, edit(maxConcurrent=9))
    deliver(stage)
    assert healed
    assert {content["maxConcurrent"] for content in contents(stage)} == {9}


def test_a_container_that_got_other_settings_while_it_was_healed_has_them(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    """Delivery may finish between the moment in which healing reads what is wanted and the one in which it is made."""
    kind, name = type(stage.containers), next(iter(lives(stage)))
    create = kind.create

    def delivered_meanwhile(self: Any, spec: Any) -> Any:
        with stage.core.database.transaction() as session:
            wanted = deployments.get(session, "hello", "prod")
            assert wanted is not None
            routing.set_configuration(session, name, wanted.configuration)
        return create(self, spec)

    stage.core.configuration.save(ALICE, edit(maxConcurrent=9))
    stage.world.kill(name)
    monkeypatch.setattr(kind, "create", delivered_meanwhile)
    stage.core.keeper.look()
    files = stage.world.containers[name].spec.files
    assert json.loads(files[0].content)["maxConcurrent"] == 9


def test_a_key_that_takes_new_containers_waits_for_a_rollout_which_can_be_taken_back(stage: PortalStage):
    configuration = stage.core.configuration
    stage_before = configuration.view(BOB, "hello", "prod").deployment
    configuration.save(BOB, edit(mode="fast"))
    deliver(stage)
    assert {c["mode"] for c in contents(stage)} == {"slow"}
    assert [c.name for c in configuration.view(BOB, "hello", "prod").pending] == ["mode"]
    rollout = stage.start("1.0.0", plan=DIRECT)
    assert rollout.from_configuration != rollout.to_configuration
    stage.until(rollout, State.BAKING)
    variables = {c.spec.environment["MODE"] for c in stage.world.containers.values()}
    assert variables == {"slow", "fast"}
    assert configuration.view(BOB, "hello", "prod").pending == ()
    stage.act(rollout, Action.ABORT)
    assert stage.until(rollout, State.ABORTED).state is State.ABORTED
    after = configuration.view(BOB, "hello", "prod").deployment
    assert stage_before
    assert after
    assert after.configuration == stage_before.configuration
    assert {c.spec.environment["MODE"] for c in stage.world.containers.values()} == {"slow"}


def test_settings_go_out_as_a_canary_with_its_approval(stage: PortalStage):
    stage.core.configuration.save(BOB, edit(mode="fast"))
    rollout = stage.start("1.0.0", plan=CANARY)
    assert stage.until(rollout, State.AWAITING_APPROVAL, seconds=240).percent == 10
    stage.act(rollout, Action.APPROVE)
    assert stage.until(rollout, State.BAKING, seconds=300).state is State.BAKING


def test_a_return_brings_back_the_settings_that_the_version_had(stage: PortalStage):
    configuration = stage.core.configuration
    before = configuration.view(BOB, "hello", "prod").deployment
    configuration.save(BOB, edit(mode="fast"))
    stage.until(stage.start("1.0.0", plan="strategy: rolling\nbatch: 3"), State.SUCCEEDED)
    back = stage.core.rollouts.roll_back(ALICE, RolloutOrder("hello", "prod", "1.0.0", "as it was"))
    stage.until(back, State.SUCCEEDED)
    after = configuration.view(BOB, "hello", "prod").deployment
    assert before
    assert after
    assert after.configuration == before.configuration
    assert [c.name for c in configuration.view(BOB, "hello", "prod").pending] == ["mode"]


def test_without_a_change_of_settings_the_same_version_is_not_rolled_out_again(stage: PortalStage):
    with pytest.raises(Refused, match="version_runs_already"):
        stage.start("1.0.0")


def test_replicas_of_the_settings_count_for_the_next_rollout(stage: PortalStage):
    stage.core.configuration.save(BOB, edit(replicas=2, **{"resources.memory": "64Mi"}))
    stage.until(stage.start("1.1.0", plan="strategy: rolling\nbatch: 3"), State.SUCCEEDED)
    specs = [c.spec for c in stage.world.containers.values()]
    assert [s.limits.memory_bytes for s in specs] == [67_108_864] * 2


def test_while_a_rollout_is_at_work_running_containers_are_told_nothing(stage: PortalStage):
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    stage.core.configuration.save(BOB, edit(logLevel="debug"))
    with pytest.raises(Conflict, match="configuration_waits"):
        stage.core.configuration.apply(BOB, "hello", "prod", reason="now")
    assert settings_delivery(stage.core).behind() == ()
    stage.act(rollout, Action.ABORT)
    stage.until(rollout, State.ABORTED)
    assert stage.core.configuration.apply(BOB, "hello", "prod", reason="now") == 1
    deliver(stage)
    assert {c["logLevel"] for c in contents(stage)} == {"debug"}


def test_in_a_protected_environment_others_have_to_agree(stage: PortalStage):
    prod = stage.core.catalogue.environment(SYSTEM, "prod")
    stage.core.catalogue.save_environment(SYSTEM, replace(prod, protection=Protection(approvals=1)))
    proposal = stage.core.configuration.save(BOB, edit(logLevel="debug"))
    assert (proposal.state, proposal.number) == (VersionState.PROPOSED, 0)
    assert stage.core.configuration.view(BOB, "hello", "prod").proposals == (proposal,)
    author = Actor("bob", grants=(Grant(Role.RELEASE_MANAGER),))
    with pytest.raises(Refused, match="proposal_own"):
        stage.core.configuration.decide(author, proposal.id, is_approved=True, reason="mine")
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.configuration.decide(CAROL, proposal.id, is_approved=True, reason="sure")
    taken = stage.core.configuration.decide(ALICE, proposal.id, is_approved=True, reason="fine")
    assert (taken.state, taken.number, taken.approvals) == (VersionState.TAKEN, 1, 1)
    deliver(stage)
    assert {c["logLevel"] for c in contents(stage)} == {"debug"}
    with pytest.raises(Conflict, match="proposal_decided"):
        stage.core.configuration.decide(ALICE, proposal.id, is_approved=False, reason="late")


def test_a_proposal_whose_keys_have_changed_meanwhile_counts_no_more(stage: PortalStage):
    prod = stage.core.catalogue.environment(SYSTEM, "prod")
    stage.core.catalogue.save_environment(SYSTEM, replace(prod, protection=Protection(approvals=1)))
    first = stage.core.configuration.save(BOB, edit(logLevel="debug"))
    other = stage.core.configuration.save(BOB, edit(mode="fast"))
    same = stage.core.configuration.save(BOB, edit(mode="quick"))
    for proposal in (first, other):
        stage.core.configuration.decide(ALICE, proposal.id, is_approved=True, reason="fine")
    with pytest.raises(Conflict, match="proposal_outdated"):
        stage.core.configuration.decide(ALICE, same.id, is_approved=True, reason="fine")


def test_a_layer_of_all_services_is_checked_by_those_that_know_the_key(stage: PortalStage):
    everywhere = Scope(LayerKind.ENVIRONMENT, "prod")
    with pytest.raises(Invalid, match="config_not_a_choice"):
        stage.core.configuration.save(BOB, Edit(everywhere, "x", {"logLevel": "loud"}))
    with pytest.raises(Invalid, match="config_unknown"):
        stage.core.configuration.save(BOB, Edit(everywhere, "x", {"nobodyKnows": "1"}))
    preview = stage.core.configuration.preview(BOB, Edit(everywhere, "x", {"logLevel": "debug"}))
    assert [(c.service, c.environment, c.effect) for c in preview.consequences] == [("hello", "prod", "live")]


def test_versions_are_counted_compared_and_taken_back(stage: PortalStage):
    configuration = stage.core.configuration
    configuration.save(BOB, edit(logLevel="debug"))
    configuration.save(BOB, edit(mode="fast"))
    with pytest.raises(Conflict, match="configuration_changed"):
        configuration.save(BOB, Edit(HERE, "late", {"mode": "x"}, base=1))
    with pytest.raises(Refused, match="configuration_same"):
        configuration.save(BOB, edit(mode="fast"))
    back = configuration.roll_back(ALICE, HERE, 1, reason="as it was")
    assert (back.number, back.origin, dict(back.values)) == (3, "rollback:1", {"logLevel": "debug"})
    numbers = [v.number for v in configuration.history(BOB, "hello", "prod") if v.scope == HERE]
    assert numbers == [3, 2, 1]


def test_only_who_may_changes_settings(stage: PortalStage):
    for actor in (CAROL, MALLORY):
        with pytest.raises(Refused, match="not_allowed"):
            stage.core.configuration.save(actor, edit(logLevel="debug"))
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.configuration.save_contract(BOB, "hello", Contract(), reason="no")
    here_only = Actor("eve", grants=(Grant(Role.DEVELOPER, "dev"),))
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.configuration.save(here_only, edit(logLevel="debug"))


def test_settings_that_cannot_be_stop_a_rollout_before_it_starts(stage: PortalStage):
    stage.core.configuration.save(BOB, edit(mode="fast"))
    narrower = replace(CONTRACT, keys=(*CONTRACT.keys[:2], Key("mode", choices=("slow", "steady"))))
    stage.core.configuration.save_contract(ALICE, "hello", narrower, reason="no more fast")
    problem = stage.core.configuration.view(BOB, "hello", "prod").problem
    assert problem
    assert problem.code == "config_not_a_choice"
    with pytest.raises(Refused, match="config_not_a_choice"):
        stage.start("1.1.0")
