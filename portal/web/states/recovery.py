"""Recovery, live: how the portal's own backup is, the newest backups, and every restore with what came of it."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.backup import RECOVERY_SORTS, BackupQuery, Recovery, RecoveryQuery
from portal.domain.errors import PortalError
from portal.domain.page import Page
from portal.services.jobs import TOPIC
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.marks import Option
from portal.web.presenters.recovery import (
    BackupLine,
    RecoveryCard,
    RecoveryLine,
    backup_line,
    kinds,
    recovery_card,
    recovery_line,
)
from portal.web.states.listing import Listing
from portal.web.states.live import beats, put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import error_words, words
from portal.wiring import core

FILTERS = ("kind", "environment")
NEWEST = 8


class RecoveryState(Listing, rx.State):
    rows: list[RecoveryLine] = []
    backups: list[BackupLine] = []
    kinds: list[Option] = []
    card: RecoveryCard = RecoveryCard()

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, TOPIC):
            async with self, telling(self):
                await self._look()

    async def _look(self) -> None:
        wanted = self._wanted(*FILTERS)
        order = self._sort(RECOVERY_SORTS)
        query = RecoveryQuery(**wanted, sort=order, offset=arguments.offset(self), limit=PAGE_SIZE)
        try:
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        except PortalError as error:
            put(self, trouble=error_words(error), is_loaded=True)
            return
        put(self, **seen)
        self._show(page, wanted, sorts=RECOVERY_SORTS)

    @rx.event
    @requires(Permission.BACKUP_RUN)
    async def back_up(self) -> None:
        async with telling(self):
            await asyncio.to_thread(core().backups.make, await actor_of(self))
            tell(await self.get_state(SessionState), words("done.backup_asked"))


def _fetch(actor: Actor, query: RecoveryQuery) -> tuple[Page[Recovery], dict[str, Any]]:
    """What is the whole portal's is shown to whoever may look everywhere."""
    page = core().backups.recoveries(actor, query)
    newest = core().backups.page(actor, BackupQuery(limit=NEWEST))
    sees_all = may(actor, Permission.VIEW, EVERYWHERE)
    return page, {
        "rows": [recovery_line(one) for one in page.items],
        "backups": [backup_line(one) for one in newest.items],
        "kinds": kinds(),
        "card": recovery_card(core().backups.status(actor)) if sees_all else RecoveryCard(is_set=True),
    }
