"""The page of one rollout: what it shows and what it lets whom do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from reflex.istate.manager.token import BaseStateToken

from portal.domain.environment import FreezeWindow
from portal.domain.rollout import Action, Rollout, State
from portal.web.presenters.actions import BREAK_GLASS, Question
from portal.web.sight import Sight
from portal.web.states import bell, inbox, live
from portal.web.states.rollout import RolloutState
from portal.web.states.session import SessionState
from tests.stage import ALICE, PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]
ONE_LOOK = 2  # the tab is looked for before and after it


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tab is there for one look and gone before the second: there is no browser in these tests."""
    looks = {"left": ONE_LOOK}

    async def is_connected(_token: str) -> bool:
        looks["left"] -= 1
        if looks["left"] <= 0:
            monkeypatch.setattr(live, "PRESENCE_SECONDS", 0.01)
        return looks["left"] >= 0

    async def no_looks(*_: object, **__: object) -> AsyncIterator[None]:
        for nothing in ():
            yield nothing

    monkeypatch.setattr(live, "is_connected", is_connected)
    for beside in (bell, inbox):  # or what every page has would take the one look
        monkeypatch.setattr(beside, "looks", no_looks)
    monkeypatch.setattr(RolloutState, "looks_in_test", looks, raising=False)


async def opened(tab: NewTab, name: str, rollout: Rollout) -> Tab:
    RolloutState.looks_in_test["left"] = ONE_LOOK  # type: ignore[attr-defined]
    person = tab().sign_in(name).at(f"/rollouts/{rollout.id}")
    await person.open()
    return person


@pytest.fixture
def waiting(stage: PortalStage) -> Rollout:
    return stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)


async def test_the_page_says_what_it_waits_for_and_what_it_saw(tab: NewTab, waiting: Rollout) -> None:
    alice = await opened(tab, "alice", waiting)

    state = await alice.state(RolloutState)
    assert state.head.line.badge.tone == "wait"
    assert state.traffic.canary_percent == 10
    assert [stride.status for stride in state.strides][:3] == ["done", "done", "now"]
    assert state.verdict.title.zh
    assert len(state.verdict.intervals) == 2
    assert len(state.errors.at) == len(state.errors.canary) > 5
    assert [mark.label for mark in state.errors.marks] == ["10\N{NARROW NO-BREAK SPACE}%"]
    assert any("bob" in line.text.en for line in state.lines)


async def test_alice_approves_what_she_saw(tab: NewTab, stage: PortalStage, waiting: Rollout) -> None:
    alice = await opened(tab, "alice", waiting)
    await alice.call(RolloutState.ask, Action.APPROVE)
    asked = (await alice.state(RolloutState)).question
    assert asked.evidence == stage.view(waiting).evidence_hash

    await alice.call(RolloutState.decide, {"reason": "looks good"})

    given = stage.view(waiting).approvals
    assert [(a.by, a.is_approved, a.reason, a.evidence_hash) for a in given] == [
        ("alice", True, "looks good", asked.evidence)
    ]
    assert (await alice.state(RolloutState)).question.code == ""
    assert (await alice.state(SessionState)).notice.tone == "ok"


async def test_an_approval_of_what_is_no_longer_the_case_is_refused(
    tab: NewTab, stage: PortalStage, waiting: Rollout
) -> None:
    alice = await opened(tab, "alice", waiting)
    await alice.call(RolloutState.ask, Action.APPROVE)
    state = await alice.state(RolloutState)
    state.question = Question(Action.APPROVE, evidence="what was shown before", key="k")

    await alice.call(RolloutState.decide, {"reason": "looks good"})

    assert (await alice.state(RolloutState)).trouble.en
    assert stage.view(waiting).approvals == ()


async def test_bob_is_told_why_he_cannot_approve_his_own(tab: NewTab, stage: PortalStage, waiting: Rollout) -> None:
    bob = await opened(tab, "bob", waiting)

    choices = {choice.code: choice for choice in (await bob.state(RolloutState)).choices}
    assert "bob" in choices["approve"].refusal.en
    assert not choices["abort"].refusal
    assert "promote" not in choices


async def test_the_first_choice_is_the_only_filled_one(tab: NewTab, waiting: Rollout) -> None:
    alice = await opened(tab, "alice", waiting)

    tones = [choice.tone for choice in (await alice.state(RolloutState)).choices]
    assert tones[0] == "primary"
    assert tones.count("primary") == 1


async def test_a_handler_does_only_what_its_own_permission_is_for(
    tab: NewTab, stage: PortalStage, waiting: Rollout
) -> None:
    bob = await opened(tab, "bob", waiting)
    await bob.call(RolloutState.ask, Action.PROMOTE)

    await bob.call(RolloutState.abort, {"reason": "promote through the back door"})

    assert (await bob.state(RolloutState)).trouble.en
    assert not stage.now(waiting).wish.is_promote
    assert not stage.now(waiting).wish.is_abort


async def test_an_abort_takes_a_reason_and_works_at_once(tab: NewTab, stage: PortalStage, waiting: Rollout) -> None:
    bob = await opened(tab, "bob", waiting)
    await bob.call(RolloutState.ask, Action.ABORT)
    await bob.call(RolloutState.abort, {"reason": ""})
    assert not stage.now(waiting).wish.is_abort

    await bob.call(RolloutState.abort, {"reason": "wrong version"})

    assert stage.now(waiting).wish.is_abort
    assert stage.until(waiting, State.ABORTED).cause is not None


async def test_after_the_end_alice_can_take_it_back(tab: NewTab, stage: PortalStage) -> None:
    ended = stage.until(stage.start("1.1.0", plan="strategy: rolling"), State.SUCCEEDED)
    alice = await opened(tab, "alice", ended)
    assert [choice.code for choice in (await alice.state(RolloutState)).choices] == ["return"]
    await alice.call(RolloutState.ask, "return")

    assert await alice.call(RolloutState.go_back, {"reason": "slow"}) == ["_redirect"]

    stage.pass_seconds(10)
    assert stage.deployed() == "1.0.0"


@pytest.mark.parametrize("path", ["/rollouts/999999", "/rollouts/1;drop", "/rollouts/%00", "/rollouts/-1"])
async def test_an_address_that_leads_nowhere_says_so(tab: NewTab, path: str) -> None:
    carol = tab().sign_in("carol").at(path)

    await carol.open()

    state = await carol.state(RolloutState)
    assert state.missing.en
    assert not state.is_loaded


async def test_a_second_look_at_the_same_thing_sends_no_list_again(
    tab: NewTab, stage: PortalStage, waiting: Rollout
) -> None:
    alice = await opened(tab, "alice", waiting)
    state = await alice.state(RolloutState)
    before = state.lines

    await state._look(waiting.id)

    assert state.lines == before
    assert "lines" not in state.dirty_vars
    assert "strides" not in state.dirty_vars


async def test_the_loop_ends_with_the_tab(tab: NewTab, waiting: Rollout) -> None:
    alice = await opened(tab, "alice", waiting)

    assert (await alice.state(RolloutState)).is_loaded
    assert RolloutState.looks_in_test["left"] < 0  # type: ignore[attr-defined]


async def test_what_cannot_be_done_now_is_listed_with_the_reason(tab: NewTab, waiting: Rollout) -> None:
    carol = await opened(tab, "carol", waiting)

    others = {choice.code: choice.refusal for choice in (await carol.state(RolloutState)).others}
    assert others["resume"].en
    assert others["abort"].en
    assert [c.code for c in (await carol.state(RolloutState)).choices] == ["approve"]


async def test_alice_and_dave_together_let_a_rollout_pass_a_freeze(tab: NewTab, stage: PortalStage) -> None:
    now = stage.clock.now()
    window = FreezeWindow(0, "night", "prod", starts_at=now, ends_at=now + timedelta(hours=1))
    stage.core.catalogue.add_freeze(ALICE, window)
    held = stage.start("1.1.0", plan="strategy: blue-green")
    bob = await opened(tab, "bob", held)
    assert BREAK_GLASS not in [choice.code for choice in (await bob.state(RolloutState)).choices]
    for name in ("alice", "dave"):
        person = await opened(tab, name, held)
        assert BREAK_GLASS in [choice.code for choice in (await person.state(RolloutState)).choices]
        await person.call(RolloutState.ask, BREAK_GLASS)
        await person.call(RolloutState.break_glass, {"reason": "outage"})
    assert stage.until(held).state is State.SUCCEEDED


async def test_what_was_made_for_one_person_is_not_shown_to_the_next(tab: NewTab, waiting: Rollout) -> None:
    alice = await opened(tab, "alice", waiting)
    session = await alice.state(SessionState)
    looked = live.Tab(BaseStateToken(ident=alice.token, cls=RolloutState), f"/rollouts/{waiting.id}")
    looked.owner, news = session._bound_to or "", Sight({"notes_html": "for alice's eyes"})
    carol = alice.sign_in("carol")
    await carol.open()

    with carol.handling():
        await looked.show(news)

    assert (await carol.state(RolloutState)).notes_html != "for alice's eyes"
    assert carol.deltas == []
