"""Whether a person may decide about a rollout now: a pure question, once what it depends on has been read."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.access import Actor, Permission, Role, may
from portal.domain.errors import Conflict, PortalError, Refused
from portal.domain.rollout import Action, Approval, Rollout, possible_actions

PERMISSION_OF: dict[Action, Permission] = {
    Action.APPROVE: Permission.ROLLOUT_APPROVE,
    Action.REJECT: Permission.ROLLOUT_APPROVE,
    Action.ABORT: Permission.ROLLOUT_ABORT,
    **dict.fromkeys(
        (Action.PAUSE, Action.RESUME, Action.SKIP, Action.PROMOTE, Action.RETRY, Action.FINISH),
        Permission.ROLLOUT_CONTROL,
    ),
}


@dataclass(frozen=True, slots=True)
class Deciding:
    """A rollout, who approves in its environment, and what has been decided: the same for everybody."""

    rollout: Rollout
    approver_role: Role
    approvals: tuple[Approval, ...] = ()

    def refusal_code(self, actor: Actor, action: Action) -> str | None:
        """Why the action makes no sense now, or not by this person, as an error's code; None if they may do it now."""
        if action not in possible_actions(self.rollout):
            return "action_senseless"
        refusal = self.approval_refusal(actor) if action is Action.APPROVE else None
        if refusal is not None:
            return refusal.code
        return None if may(actor, PERMISSION_OF[action], self.rollout.environment) else "not_allowed"

    def approval_refusal(self, actor: Actor) -> PortalError | None:
        """Why this person cannot approve the step; permissions are looked at elsewhere."""
        if actor.human == self.rollout.requested_by:
            return Refused("approver_is_requester", actor=actor.human)
        if not self._is_approver(actor):
            return Refused("approver_role", role=self.approver_role)
        return Conflict("already_approved", actor=actor.human) if self._has_approved(actor) else None

    def _is_approver(self, actor: Actor) -> bool:
        here = [grant.role for grant in actor.grants if grant.environment in ("*", self.rollout.environment)]
        return self.approver_role in here or Role.ADMINISTRATOR in here

    def _has_approved(self, actor: Actor) -> bool:
        valid = [a for a in self.approvals if a.is_approved and not a.is_void and a.step == self.rollout.cursor]
        return any(approval.by == actor.human for approval in valid)
