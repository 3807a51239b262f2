"""Approvals, environments, services, comparison and lists, driven as a browser drives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pytest

from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.container import EngineFacts
from portal.domain.data_store import DataStore, StoreKind
from portal.domain.identity import NewUser
from portal.domain.lists import RolloutQuery
from portal.domain.rollout import State
from portal.web.states.approvals import ApprovalsState
from portal.web.states.comparison import ComparisonState
from portal.web.states.data_stores import DataState
from portal.web.states.environment import EnvironmentState
from portal.web.states.environment_form import EnvironmentFormState
from portal.web.states.freezes import FreezesState
from portal.web.states.rollouts import RolloutsState
from portal.web.states.saved_views import SavedViewsState
from portal.web.states.scaling import ScalingState
from portal.web.states.service_form import ServiceForm, ServiceFormState
from portal.web.states.session import SessionState
from tests.stage import PortalStage
from tests.web.conftest import Tab, password_of

NewTab = Callable[[], Tab]


def admin(stage: PortalStage, tab: NewTab) -> Tab:
    new = NewUser("erin", password_of("erin"), (Grant(Role.ADMINISTRATOR),))
    stage.core.identity.create_user(SYSTEM, new)
    return tab().sign_in("erin")


async def test_alice_approves_in_the_inbox_what_bob_asked_for(stage: PortalStage, tab: NewTab) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    alice = tab().sign_in("alice").at("/approvals")
    await alice.call(ApprovalsState.watch)
    state = await alice.state(ApprovalsState)
    state.rows = []  # what a tab without a websocket sees: nothing moves by itself
    await state._look()
    assert [row.id for row in state.rows] == [rollout.id]
    await alice.call(ApprovalsState.ask, rollout.id, "approve")
    await alice.call(ApprovalsState.decide, {"reason": ""})
    assert (await alice.state(ApprovalsState)).trouble
    await alice.call(ApprovalsState.decide, {"reason": "looks good"})
    view = stage.view(rollout)
    assert [(given.by, given.reason) for given in view.approvals] == [("alice", "looks good")]


async def test_carol_cannot_decide_and_nobody_decides_about_what_is_not_shown(stage: PortalStage, tab: NewTab) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    carol, alice = tab().sign_in("carol").at("/approvals"), tab().sign_in("alice").at("/approvals")
    await carol.call(ApprovalsState.decide, {"reason": "why not"})
    await alice.call(ApprovalsState.ask, 999, "approve")
    await alice.call(ApprovalsState.ask, rollout.id, "promote")
    assert (await alice.state(ApprovalsState)).asked.rollout == 0
    assert stage.view(rollout).approvals == ()


async def test_a_freeze_is_added_and_ended_beside_its_calendar(stage: PortalStage, tab: NewTab) -> None:
    alice = tab().sign_in("alice").at("/environments/prod", tab="freezes")
    await alice.call(FreezesState.open_new, "prod", "Asia/Shanghai")
    form = {"name": "holiday", "environment": "prod", "zone": "Asia/Shanghai", "reason": "new year"}
    await alice.call(FreezesState.save, {**form, "starts_at": "2026-02-16T00:00", "ends_at": "nonsense"})
    assert (await alice.state(FreezesState)).trouble
    await alice.call(FreezesState.save, {**form, "starts_at": "2026-02-16T00:00", "ends_at": "2026-12-31T00:00"})
    (window,) = stage.core.catalogue.freezes(SYSTEM)
    assert window.starts_at is not None
    assert window.starts_at.isoformat() == "2026-02-16T00:00:00+08:00"
    await alice.call(FreezesState.ask_end, window.id)
    await alice.call(FreezesState.end, {"reason": "over"})
    (cut,) = stage.core.catalogue.freezes(SYSTEM)
    assert cut.ends_at == stage.clock.now()
    bob = tab().sign_in("bob").at("/environments/prod")
    await bob.call(FreezesState.save, {**form, "starts_at": "2026-02-16T00:00", "ends_at": "2026-12-31T00:00"})
    assert len(stage.core.catalogue.freezes(SYSTEM)) == 1


async def test_an_environment_is_archived_only_with_its_name_typed(stage: PortalStage, tab: NewTab) -> None:
    erin = admin(stage, tab).at("/environments/dev")
    state = await erin.state(EnvironmentState)
    await erin.call(EnvironmentState.dismiss)
    state = await erin.state(EnvironmentState)
    await state._look()
    await erin.call(EnvironmentState.ask_archive)
    await erin.call(EnvironmentState.archive, {"typed": "prod", "reason": "unused"})
    assert not stage.core.catalogue.environment(SYSTEM, "dev").is_archived
    await erin.call(EnvironmentState.archive, {"typed": "dev", "reason": "unused"})
    assert stage.core.catalogue.environment(SYSTEM, "dev").is_archived


async def test_an_environment_is_added_by_its_form(stage: PortalStage, tab: NewTab) -> None:
    erin = admin(stage, tab).at("/environments/new")
    await erin.call(EnvironmentFormState.load)
    form = {"name": "qa", "stage": "test", "position": "3", "replicas": "2", "approvals": "2"}
    form |= {"approver_role": "administrator", "approval_hours": "12", "wait_minutes": "1.5", "reason": "tests"}
    await erin.call(EnvironmentFormState.save, {**form, "replicas": "two"})
    assert (await erin.state(EnvironmentFormState)).field == "replicas"
    await erin.call(EnvironmentFormState.save, form)
    made = stage.core.catalogue.environment(SYSTEM, "qa").protection
    assert (made.approvals, made.approval_hours, made.wait_seconds) == (2, 12, 90)
    await erin.call(EnvironmentFormState.save, form)
    assert "qa" in (await erin.state(EnvironmentFormState)).trouble.en


async def test_a_service_is_edited_by_its_form_and_the_trail_knows_why(stage: PortalStage, tab: NewTab) -> None:
    alice = tab().sign_in("alice").at("/services/hello/edit")
    await alice.call(ServiceFormState.load)
    shown = (await alice.state(ServiceFormState)).form
    form = {field.name: getattr(shown, field.name) for field in fields(ServiceForm)}
    form |= {"variables": "GREETING=你好 = 世界\n", "links": "Board https://board.example/1", "reason": "politeness"}
    await alice.call(ServiceFormState.save, form)
    saved = stage.core.catalogue.service(SYSTEM, "hello")
    assert saved.environment == {"GREETING": "你好 = 世界"}
    assert [(link.name, link.url) for link in saved.links] == [("Board", "https://board.example/1")]
    newest = stage.core.audit.page(SYSTEM, AuditQuery(target="hello")).items[0]
    assert (newest.actor, newest.reason, newest.params["fields"]) == ("alice", "politeness", "environment, links")


async def test_a_comparison_has_an_address_of_its_own(stage: PortalStage, tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases/hello/compare", **{"from": "1.0.0", "to": "1.2.0"})
    await carol.call(ComparisonState.load)
    state = await carol.state(ComparisonState)
    assert (state.old, state.new, [one.version for one in state.shown.between]) == ("1.0.0", "1.2.0", ["1.1.0"])
    assert await carol.call(ComparisonState.swap) == ["_redirect"]
    lost = tab().sign_in("carol").at("/releases/hello/compare", **{"from": "1.0.0", "to": "9.9.9"})
    await lost.call(ComparisonState.load)
    assert "9.9.9" in (await lost.state(ComparisonState)).missing.en


async def test_several_rollouts_are_paused_with_one_reason(stage: PortalStage, tab: NewTab) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    alice = tab().sign_in("alice").at("/rollouts", state="active")
    await alice.call(RolloutsState.dismiss)
    state = await alice.state(RolloutsState)
    await state._look()
    assert [row.id for row in state.rows] == [rollout.id]
    await alice.call(RolloutsState.choose, str(rollout.id), True)
    await alice.call(RolloutsState.ask, "pause")
    await alice.call(RolloutsState.control_each, {"reason": "lunch"})
    assert stage.now(rollout).state is State.PAUSED
    await alice.call(RolloutsState.choose_all, True)
    await alice.call(RolloutsState.ask, "pause")
    await alice.call(RolloutsState.control_each, {"reason": "again"})
    assert len((await alice.state(RolloutsState)).refused) == 1


async def test_a_view_keeps_the_filters_of_the_address(stage: PortalStage, tab: NewTab) -> None:
    alice = tab().sign_in("alice").at("/rollouts", service="hello", state="over")
    alice.query["from"] = "25"
    await alice.call(SavedViewsState.load)
    await alice.call(SavedViewsState.save, {"name": "Past of hello", "is_shared": "on"})
    await alice.call(SavedViewsState.save, {"name": "Past of hello"})
    assert (await alice.state(SavedViewsState)).trouble
    bob = tab().sign_in("bob").at("/rollouts")
    await bob.call(SavedViewsState.load)
    rows = (await bob.state(SavedViewsState)).rows
    assert [(row.name, row.owner, row.href) for row in rows] == [
        ("Past of hello", "alice", "/rollouts?service=hello&state=over")
    ]
    await bob.call(SavedViewsState.remove, rows[0].id)
    assert (await bob.state(SessionState)).notice.tone == "bad"
    assert stage.core.rollouts.page(SYSTEM, RolloutQuery(service="hello", state="over")).total == 1


async def test_every_filter_of_a_list_changes_its_address(stage: PortalStage, tab: NewTab) -> None:
    bob = tab().sign_in("bob").at("/rollouts")
    await bob.call(RolloutsState.dismiss)
    state = await bob.state(RolloutsState)
    await state._look()
    filters = dict(state.filters)
    assert "state" in filters
    for name in filters:
        assert await bob.call(RolloutsState.filter_by, name, "over") == ["_redirect"], name


async def test_a_service_is_scaled_from_its_page_and_the_policy_says_why(stage: PortalStage, tab: NewTab) -> None:
    alice = tab().sign_in("alice").at("/services/hello")
    await alice.call(ScalingState.open, "prod")
    state = await alice.state(ScalingState)
    shown = {"cpu": state.card.cpu, "memory": str(state.card.memory)}
    await alice.call(ScalingState.scale, {**shown, "replicas": "none", "reason": "more"})
    assert (await alice.state(ScalingState)).trouble.en
    await alice.call(ScalingState.scale, {**shown, "replicas": "2", "reason": "fewer"})
    stage.do_jobs()
    assert len(stage.containers.list()) == 2
    await alice.call(ScalingState.open, "prod")
    policy = {"is_on": True, "least": "1", "most": "4", "metric": "requests", "target": "90"}
    await alice.call(ScalingState.save_policy, {**policy, "up_rest": "30", "down_rest": "60", "reason": "evenings"})
    stage.core.scaling.tend()
    await alice.call(ScalingState.open, "prod")
    card = (await alice.state(ScalingState)).card
    assert (card.is_on, card.most, card.target) == (True, 4, "90")
    assert [line.by for line in card.lines] == ["portal", "alice"]
    bob = tab().sign_in("bob").at("/services/hello")
    await bob.call(ScalingState.open, "prod")
    await bob.call(ScalingState.scale, {**shown, "replicas": "9", "reason": "mine"})
    stage.do_jobs()
    assert len(stage.containers.list()) == 2


async def test_a_store_is_added_and_overwritten_only_by_typing_its_name(
    stage: PortalStage, tab: NewTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(stage.containers), "about", lambda _: EngineFacts("docker", "1", "1"))
    alice = tab().sign_in("alice").at("/environments/staging", tab="data")
    await alice.call(DataState.watch)
    await (await alice.state(DataState))._look()
    form = {"name": "files", "image": "tools:1", "volume": "staging-files", "reason": "set up"}
    await alice.call(DataState.open_new)
    await alice.call(DataState.choose_kind, "volume")
    await alice.call(DataState.save, {**form, "volume": "../etc"})
    assert (await alice.state(DataState)).trouble.en
    await alice.call(DataState.save, form)
    given = DataStore("dev", "files", StoreKind.VOLUME, "tools:1", volume="dev-files")
    stage.core.data_copies.save_store(SYSTEM, given, password=None, reason="set up")
    await (await alice.state(DataState))._look()
    state = await alice.state(DataState)
    assert [line.name for line in state.stores] == ["files"]
    await alice.call(DataState.ask_copy, "files")
    wanted = {"source": "dev/files", "reason": "rehearsal"}
    await alice.call(DataState.copy_data, {**wanted, "typed": "staging/file"})
    assert (await alice.state(DataState)).copies == []
    await alice.call(DataState.copy_data, {**wanted, "typed": "staging/files"})
    assert [line.source for line in (await alice.state(DataState)).copies] == ["dev/files"]
