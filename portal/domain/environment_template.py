"""Templates from which environments are made, and how long one made for a time lives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.domain.environment import Environment, Protection, Stage, check_environment
from portal.domain.errors import Invalid
from portal.domain.service import check_name

WARNED_BEFORE = timedelta(hours=24)
LONGEST_LIFE_HOURS = 24 * 365
PROTECTED = frozenset({Stage.PROD, Stage.DR})


@dataclass(frozen=True, slots=True)
class EnvironmentTemplate:
    """What an environment made from it is like. `lifetime_hours` 0 stands for one that stays."""

    name: str
    stage: Stage
    replicas: int = 1
    lifetime_hours: int = 0
    protection: Protection = Protection()
    plan: str = ""
    description: str = ""
    is_built_in: bool = False


BUILT_IN = (
    EnvironmentTemplate("dev", Stage.DEV, replicas=1, is_built_in=True),
    EnvironmentTemplate("test", Stage.TEST, replicas=1, lifetime_hours=72, is_built_in=True),
    EnvironmentTemplate("staging", Stage.STAGING, replicas=2, is_built_in=True),
    EnvironmentTemplate("prod", Stage.PROD, replicas=3, protection=Protection(approvals=1), is_built_in=True),
)


@dataclass(frozen=True, slots=True)
class NewEnvironment:
    """What is said of an environment that is made from another thing. `lifetime_hours` None: as that one says."""

    name: str
    owners: tuple[str, ...] = ()
    lifetime_hours: int | None = None


def check_template(template: EnvironmentTemplate) -> EnvironmentTemplate:
    """Invalid(…) for what no environment could be made from."""
    check_name(template.name)
    if any(template.name == known.name for known in BUILT_IN):
        raise Invalid("template_built_in", field="name", name=template.name)
    check_lifetime(template.lifetime_hours)
    check_environment(_made(template, template.name, position=0))
    return template


def check_lifetime(hours: int) -> int:
    if not 0 <= hours <= LONGEST_LIFE_HOURS:
        raise Invalid("lifetime_bad", field="lifetime_hours", limit=LONGEST_LIFE_HOURS)
    return hours


def from_template(template: EnvironmentTemplate, new: NewEnvironment, *, position: int, now: datetime) -> Environment:
    made = _made(template, new.name, position=position)
    return with_life(made, new, hours=template.lifetime_hours, now=now)


def _made(template: EnvironmentTemplate, name: str, *, position: int) -> Environment:
    return Environment(
        name=name,
        stage=template.stage,
        position=position,
        replicas=template.replicas,
        host_prefix=f"{name}.",
        protection=template.protection,
        plan=template.plan,
        description=template.description,
    )


def with_life(made: Environment, new: NewEnvironment, *, hours: int, now: datetime) -> Environment:
    """With owners, and an end if it has one. Invalid("lifetime_of_protected") for prod and dr, which never end."""
    lifetime = check_lifetime(hours if new.lifetime_hours is None else new.lifetime_hours)
    if lifetime and made.stage in PROTECTED:
        raise Invalid("lifetime_of_protected", field="lifetime_hours", stage=made.stage)
    ends = now + timedelta(hours=lifetime) if lifetime else None
    return replace(made, owners=new.owners, expires_at=ends, warned_at=None)
