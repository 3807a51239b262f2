"""Whatever names an event, the guard decides: by the cookie's session, against the policy of the handler."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import reflex as rx
from reflex.utils.format import json_dumps

from portal.domain.access import ANONYMOUS, PERMISSIONS_OF, SYSTEM, Actor, Grant, Permission, Role
from portal.domain.lists import RolloutQuery
from portal.domain.rollout import State
from portal.web.guard import _OF_REFLEX, admits
from portal.web.policy import PUBLIC, SIGNED_IN, policy_of
from portal.web.states.order import OrderState
from portal.web.states.releases import ReleasesState
from portal.web.states.rollout import RolloutState
from portal.web.states.session import SessionState
from tests.stage import PortalStage
from tests.web.conftest import ROOT, Tab

NewTab = Callable[[], Tab]


def handlers(app: rx.App) -> dict[str, object]:
    context = app._registration_context
    assert context is not None
    return {name: registered.handler.fn for name, registered in context.event_handlers.items()}


def is_ours(name: str) -> bool:
    return name.startswith(f"{ROOT}.portal___") and not name.endswith(".setvar")


def test_every_handler_of_the_portal_says_who_may_call_it(app: rx.App) -> None:
    undeclared = [name for name, fn in handlers(app).items() if is_ours(name) and policy_of(fn) is None]
    assert undeclared == []
    assert sum(is_ours(name) for name in handlers(app)) > 20


PEOPLE = {role: Actor(role, grants=(Grant(role),)) for role in Role}


@pytest.mark.parametrize("role", [*Role, "anonymous", "nobody"])
def test_every_handler_admits_the_roles_of_the_table_and_no_others(app: rx.App, role: str) -> None:
    """`nobody` is signed in and has no role."""
    actor = {**PEOPLE, "anonymous": ANONYMOUS, "nobody": Actor("nobody")}[role]
    for name, handler in handlers(app).items():
        policy = policy_of(handler)
        expected = policy == PUBLIC or (policy == SIGNED_IN and role != "anonymous")
        if isinstance(policy, Permission):
            expected = role in PERMISSIONS_OF and policy in PERMISSIONS_OF[Role(role)]
        assert admits(policy, actor) == expected, name


async def test_the_guard_asks_nothing_else_than_the_policy(app: rx.App, tab: NewTab) -> None:
    """Every handler of the portal, called by somebody who is not signed in, leads to the door."""
    mallory = tab()
    closed = [name for name, fn in handlers(app).items() if is_ours(name) and policy_of(fn) != PUBLIC]
    assert len(closed) > 60
    for name in closed:
        assert await mallory.send_named(name) == ["_redirect"], name


def test_only_what_the_door_and_the_notice_need_is_open_to_everybody(app: rx.App) -> None:
    open_to_all = {name.rpartition(".")[2] for name, fn in handlers(app).items() if policy_of(fn) == PUBLIC}
    assert open_to_all == {"load", "close_notice", "say_not_allowed"}
    doors = [name for name, fn in handlers(app).items() if policy_of(fn) == PUBLIC and name.endswith(".load")]
    assert doors == [f"{ROOT}.portal___web___states___sign_in____sign_in_state.load"]


def test_each_action_needs_the_permission_it_is_about(app: rx.App) -> None:
    wanted = {
        "rollout_state.decide": Permission.ROLLOUT_APPROVE,
        "rollout_state.control": Permission.ROLLOUT_CONTROL,
        "rollout_state.abort": Permission.ROLLOUT_ABORT,
        "rollout_state.go_back": Permission.ROLLBACK,
        "order_state.start": Permission.ROLLOUT_START,
        "order_state.go_back": Permission.ROLLBACK,
        "registration_state.register": Permission.RELEASE_CREATE,
    }
    found = {
        name.rpartition("____")[2]: policy_of(fn)
        for name, fn in handlers(app).items()
        if name.rpartition("____")[2] in wanted
    }
    assert found == wanted


async def test_what_reflex_brings_along_and_nobody_needs_is_denied(app: rx.App, tab: NewTab) -> None:
    mallory = tab()
    alice = tab().sign_in("alice")
    names = [name for name in handlers(app) if not is_ours(name) and name not in _OF_REFLEX and name.startswith(ROOT)]
    assert any(name.endswith("update_vars_internal") for name in names)
    assert any(name.endswith("setvar") for name in names)
    for name in names:
        assert await mallory.send_named(name, vars={}) == ["_redirect"], name
        before = await refusals(alice)
        await alice.send_named(name, vars={})
        assert await refusals(alice) == before + 1, name


async def refusals(person: Tab) -> int:
    """How often this tab was told that it may not."""
    notice = (await person.state(SessionState)).notice
    assert notice.number == 0 or notice.tone == "bad"
    return notice.number


async def test_a_handler_without_a_policy_is_denied_even_to_an_administrator(tab: NewTab, stage: PortalStage) -> None:
    stage.core.identity.set_grants(SYSTEM, "alice", [Grant(Role.ADMINISTRATOR)])
    alice = tab().sign_in("alice")

    await alice.send_named(f"{ROOT}.setvar", var_name="is_hydrated", value=True)

    assert await refusals(alice) == 1


async def test_nobody_is_led_to_the_door(tab: NewTab) -> None:
    mallory = tab().at("/releases")

    assert await mallory.call(ReleasesState.load) == ["_redirect"]
    assert (await mallory.state(ReleasesState)).rows == []


async def test_a_forged_cookie_is_nobody(tab: NewTab) -> None:
    mallory = tab()
    mallory.cookie = "portal_session=let-me-in"

    assert await mallory.call(ReleasesState.load) == ["_redirect"]


async def test_a_viewer_starts_nothing(tab: NewTab, stage: PortalStage) -> None:
    carol = tab().sign_in("carol").at("/rollouts/new", service="hello", version="1.1.0", environment="prod")
    await carol.open()
    before = stage.core.rollouts.page(SYSTEM, RolloutQuery()).total

    assert await carol.call(OrderState.start, {"reason": "for fun", "plan": ""}) == []

    assert await refusals(carol) == 1
    assert stage.core.rollouts.page(SYSTEM, RolloutQuery()).total == before


@pytest.mark.parametrize("name", ["carol", "bob"])
async def test_who_may_not_approve_cannot_by_calling_the_handler(tab: NewTab, stage: PortalStage, name: str) -> None:
    rollout = stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    person = tab().sign_in(name).at(f"/rollouts/{rollout.id}")

    await person.call(RolloutState.decide, {"reason": "me too"})

    assert await refusals(person) == 1
    assert stage.view(rollout).approvals == ()


async def test_a_role_that_is_taken_away_counts_at_the_next_event(tab: NewTab, stage: PortalStage) -> None:
    bob = tab().sign_in("bob").at("/releases")
    assert await bob.call(ReleasesState.load) == []

    stage.core.identity.set_grants(SYSTEM, "bob", [])

    assert await bob.call(ReleasesState.load) == ["_redirect"]


async def test_with_another_identity_nothing_of_the_former_one_is_left(tab: NewTab) -> None:
    shared = tab().sign_in("alice").at("/releases")
    await shared.call(ReleasesState.load)
    assert (await shared.state(ReleasesState)).rows

    shared.cookie = ""
    await shared.call(ReleasesState.load)

    assert (await shared.state(ReleasesState)).rows == []
    assert (await shared.state(SessionState)).name == ""
    assert (await shared.state(SessionState)).permissions == []


async def test_the_session_secret_never_reaches_the_state_that_is_sent(tab: NewTab) -> None:
    alice = tab().sign_in("alice").at("/releases")
    await alice.open()

    assert (await alice.state(ReleasesState)).rows
    assert alice.cookie.partition("=")[2] not in json_dumps(alice.deltas)
