"""Putting something away for good, or taking it out again: its name has to be typed before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import reflex as rx

from portal.domain.access import Permission
from portal.domain.errors import PortalError
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.marks import Confirmation
from portal.web.states.session import actor_of
from portal.web.words import Words, error_words, words


class Archiving(rx.State, mixin=True):
    """`question` is open as long as it has a name; `trouble` is what stood against it.

    `portal.web.components.archiving` shows the button and the question.
    """

    question: Confirmation = Confirmation()
    trouble: Words = Words()

    @rx.event
    @requires(Permission.VIEW)
    def dismiss(self) -> None:
        self.question, self.trouble = Confirmation(), Words()

    def _ask(self, name: str, verb: str, *, title: Words, more: Words) -> None:
        self.question, self.trouble = Confirmation(name, title, more, words(f"environment.{verb}")), Words()

    async def _put_away(self, form: dict[str, str], change: Callable[..., object], *, is_archived: bool) -> bool:
        """Whether it was done. The name that the browser demands is checked here as well."""
        actor, name = await actor_of(self), self.question.name
        try:
            arguments.choice(arguments.field(form, "typed"), (name,))
            reason = arguments.field(form, "reason")
            await asyncio.to_thread(change, actor, name, is_archived=is_archived, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return False
        self.question, self.trouble = Confirmation(), Words()
        return True


def verb_for(*, is_archived: bool) -> str:
    """What can be done with it now: `restore` or `archive`."""
    return "restore" if is_archived else "archive"
