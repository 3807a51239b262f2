"""Starting a rollout: what, where, by which plan, and what that would do."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import PortalError
from portal.domain.lists import ReleaseQuery
from portal.domain.rollout import Rollout
from portal.services.plans import LONGEST_PLAN
from portal.services.rollouts import RolloutOrder
from portal.web.addresses import address
from portal.web.arguments import choice, field, query, text
from portal.web.policy import requires
from portal.web.presenters.marks import Option, duration_words, environment_words
from portal.web.presenters.steps import Stride, plan_strides
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, cause_words, error_words
from portal.wiring import core

PATH = "/rollouts/new"
MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a start would do. `refusal` says why it would not be accepted now, `is_blocked` that a running rollout is
    why, which this one could supersede.
    """

    strides: list[Stride]
    expected: Words
    from_version: str
    refusal: Words
    warnings: list[Words]
    has_run: bool = False  # it ran there before: it can come back at once
    is_blocked: bool = False


NOTHING = Forecast([], Words(), "", Words(), [])


class OrderState(rx.State):
    is_loaded: bool = False
    services: list[str] = []
    versions: list[str] = []
    environments: list[Option] = []
    service: str = ""
    version: str = ""
    environment: str = ""
    plan: str = ""
    is_superseding: bool = False
    forecast: Forecast = NOTHING
    trouble: Words = Words()
    _key: str = ""
    _edited: str = ""

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        """From the address: service, version and environment; what is missing or wrong is the first there is."""
        async with telling(self):
            actor = await actor_of(self)
            wanted = {name: query(self, name) for name in ("service", "version", "environment")}
            services, versions, environments = await asyncio.to_thread(_offered, actor, wanted["service"])
            put(
                self,
                services=services,
                versions=versions,
                environments=environments,
                service=_one_of(wanted["service"], services),
                version=_one_of(wanted["version"], versions),
                environment=_one_of(wanted["environment"], [option.value for option in environments]),
                trouble=Words(),
            )
            self._key, self._edited, self.is_superseding = secrets.token_hex(8), "", False
            await self._foresee(None)
        self.is_loaded = True

    async def _foresee(self, plan: str | None) -> None:
        """What would happen with this plan, or with the environment's own, whose text is then shown."""
        if not (self.service and self.version and self.environment):
            put(self, forecast=NOTHING, plan="")
            return
        place = (self.service, self.environment, self.version)
        order = RolloutOrder(*place, "", plan=plan, is_superseding=self.is_superseding)
        actor = await actor_of(self)
        preview = await asyncio.to_thread(core().rollouts.preview, actor, order)
        history = await asyncio.to_thread(core().deployments.history, actor, self.service, self.environment)
        forecast = Forecast(
            strides=plan_strides(preview.steps),
            expected=duration_words(preview.expected_seconds),
            from_version=preview.from_version,
            refusal=cause_words(preview.refusal),
            warnings=[cause_words(warning) for warning in preview.warnings],
            has_run=self.version != preview.from_version and any(r.to_version == self.version for r in history),
            is_blocked=preview.refusal is not None and preview.refusal.code == "rollout_running",
        )
        put(self, forecast=forecast, trouble=Words())
        if plan is None:
            self.plan = preview.plan_text

    def _address(self, **changed: str) -> str:
        kept = {"service": self.service, "version": self.version, "environment": self.environment}
        return address(PATH, **(kept | changed))

    @rx.event
    @requires(Permission.VIEW)
    async def choose_service(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(self._address(service=choice(name, self.services), version=""), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def choose_version(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(self._address(version=choice(name, self.versions)), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def choose_environment(self, name: str) -> object:
        async with telling(self):
            options = [option.value for option in self.environments]
            return rx.redirect(self._address(environment=choice(name, options)), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def check(self, plan: str) -> None:
        """Whether the plan as it stands in the editor could run, and in which steps."""
        try:
            self._edited = text(plan, longest=LONGEST_PLAN)
        except PortalError as error:
            put(self, trouble=error_words(error))
        else:
            await self._check()

    async def _check(self) -> None:
        try:
            await self._foresee(self._edited or None)
        except PortalError as error:
            put(self, trouble=error_words(error))

    @rx.event
    @requires(Permission.VIEW)
    async def supersede(self, is_wanted: bool) -> None:
        """Whether a rollout that still runs there is to be ended by this one."""
        self.is_superseding = is_wanted is True
        await self._check()

    @rx.event
    @requires(Permission.VIEW)
    async def reset_plan(self) -> None:
        async with telling(self):
            self._edited = ""
            await self._foresee(None)

    @rx.event
    @requires(Permission.ROLLOUT_START)
    async def start(self, form: dict[str, str]) -> object:
        return await self._go(form, core().rollouts.start)

    @rx.event
    @requires(Permission.ROLLBACK)
    async def go_back(self, form: dict[str, str]) -> object:
        """Return to a version that ran there before: at once, without analysis, approval or freeze."""
        return await self._go(form, core().rollouts.roll_back)

    async def _go(self, form: object, begin: Callable[[Actor, RolloutOrder], Rollout]) -> object:
        try:
            order = RolloutOrder(
                service=self.service,
                environment=self.environment,
                version=self.version,
                reason=field(form, "reason"),
                plan=field(form, "plan", longest=LONGEST_PLAN) or None,
                key=self._key,
                is_superseding=field(form, "is_superseding") != "",
            )
            started = await asyncio.to_thread(begin, await actor_of(self), order)
        except PortalError as error:
            put(self, trouble=error_words(error))
            return None
        return rx.redirect(f"/rollouts/{started.id}")


def _offered(actor: Actor, wanted: str) -> tuple[list[str], list[str], list[Option]]:
    services = [service.name for service in core().catalogue.services(actor)]
    chosen = _one_of(wanted, services)
    releases = core().releases.page(actor, ReleaseQuery(service=chosen, limit=MOST_VERSIONS)).items if chosen else ()
    environments = core().catalogue.environments(actor)
    options = [Option(e.name, environment_words(e.name)) for e in environments]
    return services, [release.version for release in releases], options


def _one_of(wanted: str, offered: list[str]) -> str:
    return wanted if wanted in offered else next(iter(offered), "")
