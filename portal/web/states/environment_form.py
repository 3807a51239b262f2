"""The form of an environment: a new one, or one as it should be from now on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission, Role, demand
from portal.domain.environment import Environment, Protection, Stage
from portal.domain.errors import Conflict, Invalid, NotFound, PortalError
from portal.domain.plan import default_plan
from portal.services.plans import LONGEST_PLAN, write_plan
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.marks import Option, environment_words
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

APPROVERS = (Role.RELEASE_MANAGER, Role.ADMINISTRATOR)
LONGEST_KEY = 5000


@dataclass(frozen=True, slots=True)
class EnvironmentForm:
    """What the fields show; texts, as a form has them."""

    name: str = ""
    stage: str = "custom"
    position: str = "0"
    replicas: str = "2"
    host_prefix: str = ""
    description: str = ""
    approvals: str = "0"
    approver_role: str = "release_manager"
    approval_hours: str = "24"
    wait_minutes: str = "0"
    after_environment: str = ""
    signature_key: str = ""
    plan: str = ""


class EnvironmentFormState(rx.State):
    is_loaded: bool = False
    is_new: bool = True
    missing: Words = Words()
    form: EnvironmentForm = EnvironmentForm()
    stages: list[Option] = []
    roles: list[Option] = []
    others: list[Option] = []
    trouble: Words = Words()
    field: str = ""

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            try:
                name = _name_in_address(self)
                put(self, **await asyncio.to_thread(_fetch, await actor_of(self), name))
            except NotFound as error:
                put(self, missing=error_words(error))

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def save(self, form: dict[str, Any]) -> object:
        actor = await actor_of(self)
        try:
            wanted = _environment(form, "" if self.is_new else self.form.name)
            if self.is_new:
                await asyncio.to_thread(_refuse_known, actor, wanted.name)
            save = core().life.save
            await asyncio.to_thread(save, actor, wanted, reason=arguments.field(form, "reason"))
        except PortalError as error:
            put(self, trouble=error_words(error), field=error.params.get("field", ""))
            return None
        core().topics.publish("rollouts")
        tell(await self.get_state(SessionState), words("environment.saved", name=wanted.name))
        return rx.redirect(f"/environments/{wanted.name}?tab=rules")


def _name_in_address(state: rx.State) -> str:
    """The environment's name, empty for a new one."""
    *_, name, last = arguments.segments(state, 2)
    return "" if last == "new" else name


def _fetch(actor: Actor, name: str) -> dict[str, object]:
    demand(actor, Permission.ENVIRONMENT_EDIT, name or None)
    every = core().catalogue.environments(actor)
    stages = [Option(stage, words(f"stage.{stage}")) for stage in Stage]
    known = core().catalogue.environment(actor, name) if name else None
    last = max((place.position for place in every), default=0)
    return {
        "is_loaded": True,
        "is_new": known is None,
        "form": _shown(known) if known else EnvironmentForm(position=str(last + 1)),
        "stages": stages,
        "roles": [Option(role, words(f"role.{role}")) for role in APPROVERS],
        "others": [Option(e.name, environment_words(e.name)) for e in every if e.name != name],
    }


def _shown(known: Environment) -> EnvironmentForm:
    protection = known.protection
    return EnvironmentForm(
        name=known.name,
        stage=known.stage,
        position=str(known.position),
        replicas=str(known.replicas),
        host_prefix=known.host_prefix,
        description=known.description,
        approvals=str(protection.approvals),
        approver_role=protection.approver_role,
        approval_hours=str(protection.approval_hours),
        wait_minutes=f"{protection.wait_seconds / 60:g}",
        after_environment=protection.after_environment,
        signature_key=protection.signature_key,
        plan=known.plan or write_plan(default_plan(known.stage)),
    )


def _environment(form: dict[str, Any], name: str) -> Environment:
    """Invalid(…, field=…) for what is no number, stage or role."""
    stage = Stage(arguments.choice(arguments.field(form, "stage"), tuple(Stage)))
    plan = arguments.field(form, "plan", longest=LONGEST_PLAN)
    is_standard = plan == write_plan(default_plan(stage)).strip()
    protection = Protection(
        approvals=_whole(form, "approvals"),
        approver_role=Role(arguments.choice(arguments.field(form, "approver_role"), APPROVERS)),
        approval_hours=_whole(form, "approval_hours"),
        wait_seconds=round(60 * _number(form, "wait_minutes")),
        after_environment=arguments.field(form, "after_environment", longest=60),
        signature_key=arguments.field(form, "signature_key", longest=LONGEST_KEY),
    )
    return Environment(
        name=name or arguments.field(form, "name", longest=60),
        stage=stage,
        position=_whole(form, "position"),
        replicas=_whole(form, "replicas"),
        host_prefix=arguments.field(form, "host_prefix", longest=60),
        protection=protection,
        plan="" if is_standard else plan,
        description=arguments.field(form, "description", longest=2000),
    )


def _number(form: dict[str, Any], name: str) -> float:
    written = arguments.field(form, name, longest=20) or "0"
    try:
        value = float(written)
    except ValueError:
        raise Invalid("number_bad", field=name, number=written) from None
    if not -1e9 < value < 1e9:
        raise Invalid("number_bad", field=name, number=written)
    return value


def _whole(form: dict[str, Any], name: str) -> int:
    value = _number(form, name)
    if value != int(value):
        raise Invalid("number_bad", field=name, number=f"{value:g}")
    return int(value)


def _refuse_known(actor: Actor, name: str) -> None:

    if any(place.name == name for place in core().catalogue.environments(actor, has_archived=True)):
        raise Conflict("environment_exists", field="name", environment=name)
