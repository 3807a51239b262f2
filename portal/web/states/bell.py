"""The bell on every page: what concerns this person, live, and how they like to be told."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import PortalError
from portal.domain.notification import NotificationEvent, NotificationPreferences, Way
from portal.services.notifications import topic_of
from portal.web import arguments
from portal.web.lookout import Lookout
from portal.web.policy import requires
from portal.web.presenters.notifications import Choice, NoticeLine, choices, notice_line
from portal.web.sight import Sight
from portal.web.states.live import keep, looks, put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

LOOK_SECONDS = 20.0
SHOWN, SHOWN_ON_PAGE = 8, 100


class BellState(rx.State):
    unread: int = 0
    rows: list[NoticeLine] = []
    newest: NoticeLine = NoticeLine()
    all_rows: list[NoticeLine] = []
    is_loaded: bool = False
    choices: list[Choice] = []
    address: str = ""
    trouble: Words = Words()
    _sight: Sight | None = None

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for tab, _, found in looks(self, _bells, lambda actor: actor):
            if not isinstance(found, PortalError):
                await tab.show(found)

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        """The page with all of it, and the preferences."""
        async with telling(self):
            actor = await actor_of(self)
            page = await asyncio.to_thread(core().notifications.page, actor, limit=SHOWN_ON_PAGE)
            wanted = await asyncio.to_thread(core().notifications.preferences, actor)
            rows = [notice_line(notification) for notification in page.items]
            put(self, is_loaded=True, all_rows=rows, choices=choices(wanted), address=wanted.address, trouble=Words())

    @rx.event
    @requires(Permission.VIEW)
    async def read(self, notification_id: int) -> None:
        async with telling(self):
            known = [line.id for line in (*self.rows, *self.all_rows)]
            if notification_id in known:
                await self._mark(notification_id)

    @rx.event
    @requires(Permission.VIEW)
    async def read_all(self) -> None:
        async with telling(self):
            await self._mark(None)

    async def _mark(self, notification_id: int | None) -> None:
        actor = await actor_of(self)
        await asyncio.to_thread(core().notifications.mark_read, actor, notification_id=notification_id)
        keep(self, await asyncio.to_thread(_bell, actor, None))
        if self.is_loaded:
            page = await asyncio.to_thread(core().notifications.page, actor, limit=SHOWN_ON_PAGE)
            put(self, all_rows=[notice_line(notification) for notification in page.items])

    @rx.event
    @requires(Permission.VIEW)
    async def save(self, form: dict[str, str]) -> None:
        """The form has `<event>.<way>` for each that is chosen, and the address."""
        try:
            address = arguments.field(form, "address")
            ways = {
                event: frozenset(way for way in Way if arguments.field(form, f"{event}.{way}"))
                for event in NotificationEvent
            }
            wanted = NotificationPreferences(address, ways)
            await asyncio.to_thread(core().notifications.set_preferences, await actor_of(self), wanted)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        put(self, choices=choices(wanted), address=address, trouble=Words())
        tell(await self.get_state(SessionState), words("notifications.saved"))


def _bell(actor: Actor, former: Sight | None) -> Sight:
    page = core().notifications.page(actor, limit=SHOWN)
    rows = [notice_line(notification) for notification in page.items]
    wanted = core().notifications.preferences(actor)
    loud = [n for n in page.items if n.read_at is None and wanted.has(n.event, Way.BROWSER)]
    newest = notice_line(loud[0]) if loud else NoticeLine()
    values = {"rows": rows, "unread": core().notifications.unread(actor), "newest": newest}
    sight = Sight(values).following(former)
    return former if former is not None and sight.is_like(former) else sight


_bells: Lookout[Actor, Sight] = Lookout(_bell, topic=lambda actor: topic_of(actor.human), beat_seconds=LOOK_SECONDS)
