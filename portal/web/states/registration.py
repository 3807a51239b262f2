"""Registering a release: a version of a service, bound to what an image is now."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Permission
from portal.domain.errors import PortalError
from portal.services.releases import LONGEST_NOTES, ReleaseDetails
from portal.web.addresses import release_address
from portal.web.arguments import field, query
from portal.web.policy import requires
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words
from portal.wiring import core


class RegistrationState(rx.State):
    is_loaded: bool = False
    services: list[str] = []
    service: str = ""
    trouble: Words = Words()

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with telling(self):
            actor = await actor_of(self)
            names = [service.name for service in await asyncio.to_thread(core().catalogue.services, actor)]
            wanted = query(self, "service")
            chosen = wanted if wanted in names else next(iter(names), "")
            put(self, is_loaded=True, services=names, service=chosen, trouble=Words())

    @rx.event
    @requires(Permission.RELEASE_CREATE)
    async def register(self, form: dict[str, str]) -> object:
        actor = await actor_of(self)
        try:
            service, version, image = (field(form, name) for name in ("service", "version", "image"))
            details = ReleaseDetails(
                commit=field(form, "commit", longest=100),
                notes=field(form, "notes", longest=LONGEST_NOTES),
                is_irreversible=field(form, "is_irreversible") != "",
            )
            made = await asyncio.to_thread(
                core().releases.create, actor, service, version.removeprefix("v"), image=image, details=details
            )
        except PortalError as error:
            self.trouble = error_words(error)
            return None
        return rx.redirect(release_address(made.service, made.version))
