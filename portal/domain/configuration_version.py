"""Versions of layers: who changed what and why, who agreed, and how a change that was proposed becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from portal.domain.access import Actor, Permission, Role, may
from portal.domain.configuration import Value
from portal.domain.configuration_changes import Change
from portal.domain.configuration_layers import Scope
from portal.domain.errors import Conflict, PortalError, Refused


class VersionState(StrEnum):
    PROPOSED = "proposed"
    TAKEN = "taken"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    by: str
    is_approved: bool
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One change of a layer. `number` counts those that were taken; a proposal has none (0).

    `values` is the whole layer afterwards, of a proposal as it would have been when it was made. `origin` says where
    the change came from: an edit, or `rollback:3`, `promotion:test`, `import`. `needed` approvals make a proposal
    count; `is_at_once`: what running containers can be told is told to them then.
    """

    id: int
    scope: Scope
    number: int
    state: VersionState
    author: str
    reason: str
    at: datetime
    changes: tuple[Change, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    origin: str = "edit"
    needed: int = 0
    decisions: tuple[Decision, ...] = ()
    is_at_once: bool = True

    @property
    def approvals(self) -> int:
        return sum(decision.is_approved for decision in self.decisions)


@dataclass(frozen=True, slots=True)
class Edit:
    """A wish to change a layer: keys to set, keys to unset, and the number of the version that was looked at (-1: any).

    `is_at_once`: keys that reach a running container are told to it as soon as the change counts; else everything
    waits for a rollout.
    """

    scope: Scope
    reason: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    unset: tuple[str, ...] = ()
    base: int = -1
    is_at_once: bool = True
    origin: str = "edit"


def applied(old: Mapping[str, Value], new: Mapping[str, Value], *, unset: tuple[str, ...]) -> dict[str, Value]:
    """The layer after the edit."""
    return {name: value for name, value in {**old, **new}.items() if name not in unset}


def rebased(version: Version, current: Mapping[str, Value]) -> dict[str, Value]:
    """A proposal on top of what the layer is by now. Conflict("proposal_outdated") if one of its keys has changed."""
    for change in version.changes:
        if current.get(change.name) != change.old:
            raise Conflict("proposal_outdated", name=change.name, id=version.id)
    gone = tuple(change.name for change in version.changes if change.new is None)
    return applied(current, {c.name: c.new for c in version.changes if c.new is not None}, unset=gone)


def approval_refusal(version: Version, actor: Actor, role: Role) -> PortalError | None:
    """Why this person cannot approve it; `role` is the one that approves there."""
    if version.state is not VersionState.PROPOSED:
        return Conflict("proposal_decided", state=version.state, id=version.id)
    if actor.human == version.author:
        return Refused("proposal_own", actor=actor.human)
    where = version.scope.environment
    here = [grant.role for grant in actor.grants if grant.environment in ("*", where)]
    if not may(actor, Permission.ROLLOUT_APPROVE, where or "*"):
        return Refused("not_allowed", permission=Permission.ROLLOUT_APPROVE, environment=where or "*", actor=actor.name)
    if role not in here and Role.ADMINISTRATOR not in here:
        return Refused("approver_role", role=role)
    is_known = any(decision.by == actor.human for decision in version.decisions)
    return Conflict("already_approved", actor=actor.human) if is_known else None


def decided(version: Version, decision: Decision) -> Version:
    """With this decision; one rejection ends it."""
    after = replace(version, decisions=(*version.decisions, decision))
    return after if decision.is_approved else replace(after, state=VersionState.REJECTED)
