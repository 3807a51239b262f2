"""Who may decide about a rollout now, once what it depends on has been read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.domain.access import Actor, Grant, Role
from portal.domain.deciding import Deciding
from portal.domain.plan import StepKind
from portal.domain.rollout import Action, Approval
from tests.domain.test_rollout_advance import NOW, rollout

ALICE = Actor("alice", grants=(Grant(Role.RELEASE_MANAGER, "prod"),))
BOB = Actor("bob", grants=(Grant(Role.RELEASE_MANAGER),))
CAROL = Actor("carol", grants=(Grant(Role.VIEWER),))
DAVE = Actor("dave", grants=(Grant(Role.RELEASE_MANAGER, "staging"),))
WAITING = Deciding(rollout(StepKind.APPROVAL), Role.RELEASE_MANAGER)


@pytest.mark.parametrize(
    ("actor", "code"),
    [(ALICE, None), (BOB, "approver_is_requester"), (CAROL, "approver_role"), (DAVE, "approver_role")],
)
def test_who_may_approve(actor: Actor, code: str | None) -> None:
    assert WAITING.refusal_code(actor, Action.APPROVE) == code


def test_nobody_approves_a_step_twice_but_a_void_approval_does_not_count() -> None:
    given = Approval(7, WAITING.rollout.cursor, "alice", is_approved=True, reason="fine", evidence_hash="e", at=NOW)
    for changed, code in (({}, "already_approved"), ({"is_void": True}, None), ({"step": 0}, None)):
        asked = replace(WAITING, approvals=(replace(given, **changed),))
        assert asked.refusal_code(ALICE, Action.APPROVE) == code


def test_what_makes_no_sense_is_refused_before_what_is_not_allowed() -> None:
    watched = Deciding(rollout(StepKind.OBSERVE), Role.RELEASE_MANAGER)
    assert watched.refusal_code(CAROL, Action.APPROVE) == "action_senseless"
    assert watched.refusal_code(CAROL, Action.ABORT) == "not_allowed"
    assert watched.refusal_code(ALICE, Action.ABORT) is None
