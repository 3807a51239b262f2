"""The settings, searched and filtered by the address, and the log level, which can be changed here."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.errors import PortalError
from portal.domain.page import Page
from portal.domain.setting import Setting, Source
from portal.kit import log
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.marks import Option
from portal.web.presenters.settings import SettingLine, setting_line
from portal.web.states.listing import Listing, loading
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell
from portal.web.words import Words, error_words, words
from portal.wiring import core


class SettingsState(Listing, rx.State):
    rows: list[SettingLine] = []
    groups: list[Option] = []
    sources: list[Option] = []
    log_level: str = ""
    can_set_log_level: bool = False
    log_trouble: Words = Words()

    @rx.event
    @requires(Permission.SETTINGS_READ)
    async def load(self) -> None:
        async with loading(self):
            wanted = self._wanted("text", "group", "source")
            found, seen = await asyncio.to_thread(_fetch, await actor_of(self), wanted)
            put(self, **seen, log_trouble=Words(), rows=[setting_line(setting) for setting in found])
            self._show(Page(found, len(found), 0, max(1, len(found))), wanted)

    @rx.event
    @requires(Permission.LOG_LEVEL)
    async def set_log_level(self, form: dict[str, str]) -> object:
        try:
            level, reason = arguments.field(form, "level", longest=20), arguments.field(form, "reason")
            set_level = core().log_level.set
            self.log_level = await asyncio.to_thread(set_level, await actor_of(self), level, reason=reason)
        except PortalError as error:
            self.log_trouble = error_words(error)
            return None
        self.log_trouble = Words()
        tell(await self.get_state(SessionState), words("settings.log_level_set", level=level))
        return SettingsState.load


def _fetch(actor: Actor, wanted: dict[str, str]) -> tuple[tuple[Setting, ...], dict[str, Any]]:
    book = core().settings_book
    return book.settings(actor, **wanted), {
        "groups": [Option(name, words(f"setting_group.{name}")) for name in book.groups(actor)],
        "sources": [Option(source, words(f"setting_source.{source}")) for source in Source],
        "log_level": log.current_level(),
        "can_set_log_level": may(actor, Permission.LOG_LEVEL, EVERYWHERE),
    }
