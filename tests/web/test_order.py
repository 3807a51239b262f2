"""Starting a rollout from the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.domain.access import SYSTEM
from portal.domain.lists import RolloutQuery
from portal.domain.rollout import State
from portal.web.states.order import OrderState
from tests.stage import PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]
PLAN = "strategy: canary\nsteps:\n  - weight: 20\n  - observe: 10s\n"


async def opened(tab: NewTab, name: str = "bob", **query: str) -> Tab:
    wanted = {"service": "hello", "version": "1.1.0", "environment": "prod"} | query
    person = tab().sign_in(name).at("/rollouts/new", **wanted)
    await person.open()
    return person


async def test_the_page_shows_the_plan_of_the_environment_and_what_it_would_do(tab: NewTab) -> None:
    bob = await opened(tab)

    state = await bob.state(OrderState)
    assert state.plan.startswith("strategy: canary")
    assert state.forecast.from_version == "1.0.0"
    assert state.forecast.strides[0].title.en == "Start"
    assert not state.forecast.refusal


async def test_a_plan_is_checked_while_it_is_typed_and_the_place_is_named(tab: NewTab) -> None:
    bob = await opened(tab)

    await bob.call(OrderState.check, "strategy: canary\nsteps:\n  - weight: 200\n")

    trouble = (await bob.state(OrderState)).trouble
    assert "steps[0].weight" in trouble.en
    assert "steps[0].weight" in trouble.zh


async def test_what_forbids_a_start_is_said_before(tab: NewTab) -> None:
    bob = await opened(tab, version="1.0.0")

    assert "1.0.0" in (await bob.state(OrderState)).forecast.refusal.en


async def test_a_start_leads_to_the_page_of_the_rollout(tab: NewTab, stage: PortalStage) -> None:
    bob = await opened(tab)

    assert await bob.call(OrderState.start, {"reason": "faster search", "plan": PLAN}) == ["_redirect"]

    started = stage.core.rollouts.page(SYSTEM, RolloutQuery(state="active")).items[0]
    assert (started.to_version, started.requested_by, started.reason) == ("1.1.0", "bob", "faster search")
    assert [step.percent for step in started.steps if step.percent] == [20, 100]


async def test_pressing_twice_starts_once(tab: NewTab, stage: PortalStage) -> None:
    bob = await opened(tab)

    for _ in range(2):
        await bob.call(OrderState.start, {"reason": "faster search", "plan": PLAN})

    assert stage.core.rollouts.page(SYSTEM, RolloutQuery(state="active")).total == 1


async def test_a_start_without_a_reason_is_refused_in_words(tab: NewTab, stage: PortalStage) -> None:
    bob = await opened(tab)

    await bob.call(OrderState.start, {"reason": "  ", "plan": PLAN})

    assert (await bob.state(OrderState)).trouble.en
    assert stage.core.rollouts.page(SYSTEM, RolloutQuery(state="active")).total == 0


@pytest.mark.parametrize("form", [None, "text", {"reason": 7}, {"reason": "x" * 501}, {"reason": {"a": 1}}])
async def test_a_form_of_any_shape_is_refused_in_words(tab: NewTab, form: object, stage: PortalStage) -> None:
    bob = await opened(tab)

    await bob.call(OrderState.start, form)

    assert (await bob.state(OrderState)).trouble.en
    assert stage.core.rollouts.page(SYSTEM, RolloutQuery(state="active")).total == 0


async def test_a_version_that_ran_there_can_come_back_at_once(tab: NewTab, stage: PortalStage) -> None:
    plan = "strategy: rolling"
    assert stage.until(stage.start("1.1.0", plan=plan), State.SUCCEEDED).state is State.SUCCEEDED
    alice = await opened(tab, "alice", version="1.0.0")
    assert (await alice.state(OrderState)).forecast.has_run

    assert await alice.call(OrderState.go_back, {"reason": "1.1.0 is slow"}) == ["_redirect"]

    back = stage.core.rollouts.page(SYSTEM, RolloutQuery(state="active")).items[0]
    assert (back.is_return, back.to_version) == (True, "1.0.0")


async def test_a_running_rollout_blocks_a_start_until_it_is_to_be_superseded(tab: NewTab, stage: PortalStage) -> None:
    running = stage.start("1.1.0", plan=PLAN)
    alice = await opened(tab, "alice", version="1.3.0")
    assert (await alice.state(OrderState)).forecast.is_blocked

    await alice.call(OrderState.start, {"reason": "an urgent fix"})
    assert str(running.id) in (await alice.state(OrderState)).trouble.en

    await alice.call(OrderState.supersede, True)
    assert not (await alice.state(OrderState)).forecast.refusal
    form = {"reason": "an urgent fix", "is_superseding": "on"}
    assert await alice.call(OrderState.start, form) == ["_redirect"]
    assert stage.core.rollouts.rollout(SYSTEM, running.id).wish.is_supersede
