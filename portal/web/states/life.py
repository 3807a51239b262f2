"""Environments made from a template or from another one, kept longer, or taken away."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.domain.environment_template import NewEnvironment
from portal.domain.errors import Invalid, PortalError
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.marks import Confirmation, Option
from portal.web.states.session import SessionState, actor_of, tell
from portal.web.words import Words, error_words, same, words
from portal.wiring import core


class LifeState(rx.State):
    asked: str = ""  # create, clone or extend
    subject: str = ""
    templates: list[Option] = []
    question: Confirmation = Confirmation()
    trouble: Words = Words()

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def ask_create(self) -> None:
        found = await asyncio.to_thread(core().life.templates, await actor_of(self))
        self.templates = [Option(template.name, same(template.name)) for template in found]
        self.asked, self.subject, self.trouble = "create", "", Words()

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    def ask(self, act: str) -> None:
        """About the environment of the page."""
        (self.subject,) = arguments.segments(self, 1)
        self.asked, self.trouble = arguments.choice(act, ("clone", "extend")), Words()

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    def ask_remove(self) -> None:
        (name,) = arguments.segments(self, 1)
        title, more = words("life.remove_title", name=name), words("life.remove_more", name=name)
        self.question, self.trouble = Confirmation(name, title, more, words("life.remove")), Words()

    @rx.event
    @requires(Permission.VIEW)
    def close(self) -> None:
        self.asked, self.subject, self.question, self.trouble = "", "", Confirmation(), Words()

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def create(self, form: dict[str, Any]) -> object:
        try:
            template, reason = arguments.field(form, "template"), arguments.field(form, "reason")
            new, actor = _new(form), await actor_of(self)
            await asyncio.to_thread(core().life.create, actor, template, new, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return None
        self.close()
        return rx.redirect(f"/environments/{new.name}")

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def clone(self, form: dict[str, Any]) -> object:
        try:
            new, actor, reason = _new(form), await actor_of(self), arguments.field(form, "reason")
            act, has_data = core().life.clone, bool(form.get("has_data"))
            cloned = await asyncio.to_thread(act, actor, self.subject, new, reason=reason, has_data=has_data)
        except PortalError as error:
            self.trouble = error_words(error)
            return None
        self.close()
        names = ", ".join(what for what, _ in cloned.refused)
        told = words("life.cloned_but", names=names) if names else words("life.cloned", name=new.name)
        tell(await self.get_state(SessionState), told)
        return rx.redirect(f"/environments/{new.name}")

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def extend(self, form: dict[str, Any]) -> None:
        try:
            hours, reason = _hours(form), arguments.field(form, "reason")
            act, actor = core().life.extend, await actor_of(self)
            await asyncio.to_thread(act, actor, self.subject, hours=hours or 0, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        core().topics.publish("rollouts")
        self.close()

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def remove(self, form: dict[str, Any]) -> object:
        """The name has to be typed; it is checked here as well."""
        name = self.question.name
        try:
            arguments.choice(arguments.field(form, "typed"), (name,))
            reason, actor = arguments.field(form, "reason"), await actor_of(self)
            job = await asyncio.to_thread(core().life.remove, actor, name, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return None
        self.close()
        return rx.redirect(f"/operations/{job.id}")


def _new(form: dict[str, Any]) -> NewEnvironment:
    owners = tuple(part for part in arguments.field(form, "owners").replace(",", " ").split() if part)
    return NewEnvironment(arguments.field(form, "name", longest=60), owners, _hours(form))


def _hours(form: dict[str, Any]) -> int | None:
    """None where nothing is said."""
    written = arguments.field(form, "hours", longest=5)
    if not written:
        return None
    if not (written.isascii() and written.isdigit()):
        raise Invalid("argument_bad", field="hours")
    return int(written)
