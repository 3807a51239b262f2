"""Who may do what: roles, permissions and the one table that joins them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.errors import Refused

EVERYWHERE = "*"
PROOF_LASTS = timedelta(minutes=10)


class Role(StrEnum):
    VIEWER = "viewer"
    SUPPORT = "support"
    DEVELOPER = "developer"
    RELEASE_MANAGER = "release_manager"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    VIEW = "view"
    RELEASE_CREATE = "release.create"
    ROLLOUT_START = "rollout.start"
    ROLLOUT_APPROVE = "rollout.approve"
    ROLLOUT_CONTROL = "rollout.control"  # pause, resume, skip, promote, retry
    ROLLOUT_ABORT = "rollout.abort"
    ROLLBACK = "rollback"
    BREAK_GLASS = "break_glass"
    DEPLOYMENT_SCALE = "deployment.scale"
    DATA_COPY = "data.copy"
    SERVICE_EDIT = "service.edit"
    CONFIGURATION_EDIT = "configuration.edit"
    ENVIRONMENT_EDIT = "environment.edit"
    FREEZE_EDIT = "freeze.edit"
    CONTAINER_VIEW = "container.view"
    CONTAINER_CONTROL = "container.control"
    CONTAINER_EXEC = "container.exec"
    CHANNEL_EDIT = "channel.edit"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    TOKEN_OWN = "token.own"
    LOG_LEVEL = "log.level"
    USER_EDIT = "user.edit"
    SETTINGS_READ = "settings.read"
    SUPPORT_ANSWER = "support.answer"
    SECRET_EDIT = "secret.edit"
    SECRET_REVEAL = "secret.reveal"
    BACKUP_RUN = "backup.run"  # make backups and schedules, rehearse restores elsewhere
    RECOVERY_RUN = "recovery.run"  # put data back over what is there, rebuild, fail over


_VIEWER = frozenset({Permission.VIEW, Permission.CONTAINER_VIEW, Permission.TOKEN_OWN})
_DEVELOPER = _VIEWER | {
    Permission.RELEASE_CREATE,
    Permission.ROLLOUT_START,
    Permission.ROLLOUT_ABORT,
    Permission.AUDIT_READ,
    Permission.CONFIGURATION_EDIT,
}
_RELEASE_MANAGER = _DEVELOPER | {
    Permission.ROLLOUT_APPROVE,
    Permission.ROLLOUT_CONTROL,
    Permission.ROLLBACK,
    Permission.BREAK_GLASS,
    Permission.DEPLOYMENT_SCALE,
    Permission.DATA_COPY,
    Permission.SERVICE_EDIT,
    Permission.FREEZE_EDIT,
    Permission.SECRET_EDIT,
}
_OPERATOR = _VIEWER | {
    Permission.AUDIT_READ,
    Permission.CONFIGURATION_EDIT,
    Permission.ROLLOUT_ABORT,
    Permission.ROLLOUT_CONTROL,
    Permission.ROLLBACK,
    Permission.BREAK_GLASS,
    Permission.FREEZE_EDIT,
    Permission.DEPLOYMENT_SCALE,
    Permission.DATA_COPY,
    Permission.CONTAINER_CONTROL,
    Permission.CONTAINER_EXEC,
    Permission.LOG_LEVEL,
    Permission.SETTINGS_READ,
    Permission.SECRET_EDIT,
    Permission.SECRET_REVEAL,
    Permission.BACKUP_RUN,
    Permission.RECOVERY_RUN,
}

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.SUPPORT: _VIEWER | {Permission.SUPPORT_ANSWER},
    Role.DEVELOPER: _DEVELOPER,
    Role.RELEASE_MANAGER: _RELEASE_MANAGER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMINISTRATOR: frozenset(Permission),
}


class Reach(StrEnum):
    """Where a role has to be given for a permission to count."""

    ENVIRONMENT = "environment"  # in the environment concerned, or everywhere
    ANYWHERE = "anywhere"  # in any environment at all
    EVERYWHERE = "everywhere"  # everywhere: it concerns the whole portal


_REACH: dict[Permission, Reach] = {
    Permission.RELEASE_CREATE: Reach.ANYWHERE,
    Permission.TOKEN_OWN: Reach.ANYWHERE,
    Permission.SETTINGS_READ: Reach.ANYWHERE,
    Permission.SERVICE_EDIT: Reach.EVERYWHERE,
    Permission.LOG_LEVEL: Reach.EVERYWHERE,
    Permission.USER_EDIT: Reach.EVERYWHERE,
    Permission.SUPPORT_ANSWER: Reach.EVERYWHERE,
}


def reach_of(permission: Permission) -> Reach:
    return _REACH.get(permission, Reach.ENVIRONMENT)


DANGEROUS = frozenset(
    {
        Permission.DATA_COPY,
        Permission.USER_EDIT,
        Permission.BREAK_GLASS,
        Permission.CONTAINER_EXEC,
        Permission.ENVIRONMENT_EDIT,
        Permission.AUDIT_EXPORT,
        Permission.ROLLOUT_APPROVE,
        Permission.SECRET_REVEAL,
        Permission.RECOVERY_RUN,
    }
)
"""What a token is given only after a fresh proof of who asks for it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one environment, or everywhere."""

    role: Role
    environment: str = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `kind` is user, token or system. A token's `scopes` narrow what its owner may do; None means all of it.

    `person` is the human behind the act (a token's owner), which counts where two different people are needed.
    `session` stands for the browser's session, if one is behind it, and `proved_at` is when its password or second
    factor was last shown; two actors who differ in these alone are equal.
    """

    name: str
    kind: str = "user"
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[Permission] | None = None
    person: str = ""
    session: str = field(default="", compare=False)
    proved_at: datetime | None = field(default=None, compare=False)

    @property
    def human(self) -> str:
        return self.person or self.name

    @property
    def is_anonymous(self) -> bool:
        return self.kind == "anonymous"


ANONYMOUS = Actor("anonymous", kind="anonymous")
SYSTEM = Actor("portal", kind="system", grants=(Grant(Role.ADMINISTRATOR),))


def may(actor: Actor, permission: Permission, environment: str | None = None) -> bool:
    """Whether a grant of the actor covers the permission: in that environment, or in any if none is named."""
    if actor.scopes is not None and permission not in actor.scopes:
        return False
    return any(
        permission in PERMISSIONS_OF[grant.role]
        for grant in actor.grants
        if environment is None or grant.environment in (EVERYWHERE, environment)
    )


def demand(actor: Actor, permission: Permission, environment: str | None = None) -> None:
    """Refused("not_allowed", …) unless the actor may."""
    if not may(actor, permission, environment):
        raise Refused("not_allowed", permission=permission, environment=environment or EVERYWHERE, actor=actor.name)


def has_fresh_proof(actor: Actor, now: datetime) -> bool:
    """Whether the person has shown within ten minutes that it is still they who sit there; programs need not."""
    return not actor.session or (actor.proved_at is not None and now - actor.proved_at <= PROOF_LASTS)


def demand_proof(actor: Actor, now: datetime) -> None:
    """Refused("proof_needed") before a dangerous act in a session whose password or code was last shown long ago."""
    if not has_fresh_proof(actor, now):
        raise Refused("proof_needed", minutes=int(PROOF_LASTS.total_seconds() // 60))


def environments_with(actor: Actor, permission: Permission) -> frozenset[str] | None:
    """The environments in which the actor may, or None for all of them."""
    if may(actor, permission, EVERYWHERE):
        return None
    return frozenset(grant.environment for grant in actor.grants if may(actor, permission, grant.environment))


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """Who could do it, to be named in a refusal."""
    return tuple(role for role in Role if permission in PERMISSIONS_OF[role])


@dataclass(frozen=True, slots=True)
class Answer:
    """Why somebody may or may not: the grants that allow it, or the roles that would, given in `place`."""

    permission: Permission
    environment: str
    is_allowed: bool
    because: tuple[Grant, ...] = ()
    would_need: tuple[Role, ...] = ()
    place: str = EVERYWHERE


def explain(actor: Actor, permission: Permission, environment: str = EVERYWHERE) -> Answer:
    """Whether the actor may do it in this environment (or in all of them), and by which of their grants."""
    reach = reach_of(permission)
    wanted = {Reach.ENVIRONMENT: environment, Reach.ANYWHERE: None, Reach.EVERYWHERE: EVERYWHERE}[reach]
    place = environment if reach is Reach.ENVIRONMENT else EVERYWHERE
    if not may(actor, permission, wanted):
        return Answer(permission, environment, False, would_need=roles_with(permission), place=place)
    because = tuple(grant for grant in actor.grants if may(replace(actor, grants=(grant,)), permission, wanted))
    return Answer(permission, environment, True, because, place=place)
