"""How many containers a service has somewhere, changed beside its places."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.domain.errors import Invalid, PortalError
from portal.domain.scaling import ScalingChange, ScalingMetric, ScalingPolicy
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.scaling import ScalingCard, scaling_card
from portal.web.states.session import SessionState, actor_of, tell
from portal.web.words import Words, error_words, words
from portal.wiring import core


class ScalingState(rx.State):
    card: ScalingCard = ScalingCard()
    trouble: Words = Words()
    objection: Words = Words()

    @rx.event
    @requires(Permission.VIEW)
    async def open(self, environment: str) -> None:
        (service,) = arguments.segments(self, 1)
        await self._show(service, arguments.text(environment, longest=60))

    async def _show(self, service: str, environment: str) -> None:
        self.trouble, self.objection = Words(), Words()
        try:
            view = await asyncio.to_thread(core().scaling.view, await actor_of(self), service, environment)
        except PortalError as error:
            self.card = ScalingCard()
            tell(await self.get_state(SessionState), error_words(error))
            return
        self.card = scaling_card(view)

    @rx.event
    @requires(Permission.VIEW)
    def close(self) -> None:
        self.card, self.trouble, self.objection = ScalingCard(), Words(), Words()

    @rx.event
    @requires(Permission.DEPLOYMENT_SCALE)
    async def scale(self, form: dict[str, Any]) -> None:
        """Only what is different from what is shown is asked for."""
        given = self.card
        try:
            change = _change(form, given)
            place, reason = (given.service, given.environment), arguments.field(form, "reason")
            act = core().scaling.scale
            job = await asyncio.to_thread(act, await actor_of(self), place, change, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.close()
        tell(await self.get_state(SessionState), words("scaling.started", id=job.id))

    @rx.event
    @requires(Permission.DEPLOYMENT_SCALE)
    async def save_policy(self, form: dict[str, Any]) -> None:
        given = self.card
        try:
            policy = _policy(form)
            place, reason = (given.service, given.environment), arguments.field(form, "reason")
            await asyncio.to_thread(core().scaling.set_policy, await actor_of(self), place, policy, reason=reason)
        except PortalError as error:
            self.objection = error_words(error)
            return
        await self._show(*place)


def _change(form: dict[str, Any], shown: ScalingCard) -> ScalingChange:
    replicas, memory = _whole(form, "replicas"), _whole(form, "memory")
    cpu = arguments.field(form, "cpu", longest=20)
    return ScalingChange(
        replicas=replicas if replicas != shown.replicas else None,
        cpu_cores=_number(cpu, "cpu_cores") if cpu != shown.cpu else None,
        memory_bytes=memory << 20 if memory != shown.memory else None,
    )


def _policy(form: dict[str, Any]) -> ScalingPolicy:
    return ScalingPolicy(
        is_on=bool(form.get("is_on")),
        least=_whole(form, "least"),
        most=_whole(form, "most"),
        metric=ScalingMetric(arguments.choice(form.get("metric"), tuple(ScalingMetric))),
        target=_number(arguments.field(form, "target", longest=20), "target"),
        up_cooldown_seconds=_whole(form, "up_rest"),
        down_cooldown_seconds=_whole(form, "down_rest"),
    )


def _whole(form: dict[str, Any], name: str) -> int:
    digits = arguments.field(form, name, longest=12)
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid("argument_bad", field=name)
    return int(digits)


def _number(written: str, name: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise Invalid("argument_bad", field=name) from None
