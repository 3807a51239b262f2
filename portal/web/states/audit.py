"""The audit trail with its filters in the address, and the check of the whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.audit import AUDIT_SORTS, AuditEntry, AuditQuery
from portal.domain.page import Page
from portal.i18n import catalogue
from portal.kit.rest import REST_ROOT
from portal.services.audit_check import TOPIC
from portal.web.addresses import address
from portal.web.arguments import offset
from portal.web.objects import kind_words
from portal.web.policy import requires
from portal.web.presenters.audit import AuditLine, CheckCard, audit_line, check_card
from portal.web.presenters.marks import Option
from portal.web.states.listing import Listing, loading
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, words
from portal.wiring import core

PAGE = 50
PERIODS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
CHOSEN = "chosen"  # the period is that of `since` and `until`
FILTERS = ("text", "actor", "action", "environment", "period", "since", "until", "target_kind", "target")


@dataclass(frozen=True, slots=True)
class About:
    """The one thing whose entries are shown, if the address names one."""

    kind: Words = Words()
    target: str = ""


class AuditState(Listing, rx.State):
    rows: list[AuditLine] = []
    actors: list[str] = []
    environments: list[str] = []
    families: list[Option] = []
    periods: list[Option] = []
    about: About = About()
    has_times: bool = False
    export: str = ""

    @rx.event
    @requires(Permission.AUDIT_READ)
    async def load(self) -> None:
        async with loading(self):
            wanted = self._wanted(*FILTERS)
            query = audit_query(wanted, sort=self._sort(AUDIT_SORTS), start=offset(self))
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
            put(self, **seen, about=_about(wanted), export=export_address(query), has_times=_has_times(wanted))
            self._show(page, wanted, sorts=AUDIT_SORTS)


class AuditCheckState(rx.State):
    """`can_check` is true until it is known better; the card has no words until then."""

    can_check: bool = True
    card: CheckCard = CheckCard()

    @rx.event(background=True, supersedes=True)
    @requires(Permission.AUDIT_READ)
    async def watch(self) -> None:
        async for _ in beats(self, TOPIC):
            async with self, telling(self):
                actor = await actor_of(self)
                can_check = may(actor, Permission.AUDIT_READ, EVERYWHERE)
                put(self, can_check=can_check, card=check_card(core().audit_check.last(actor) if can_check else None))

    @rx.event
    @requires(Permission.AUDIT_READ)
    async def start(self) -> None:
        async with telling(self):
            begun = await asyncio.to_thread(core().audit_check.start, await actor_of(self))
            self.card = check_card(begun)


def audit_query(wanted: dict[str, str], *, sort: str, start: int) -> AuditQuery:
    """What the address asks for; a time that is none is left out."""
    plain = {name: wanted[name] for name in ("text", "actor", "action", "environment", "target_kind", "target")}
    since = _moment(wanted["since"])
    if wanted["period"] in PERIODS and since is None:
        since = core().clock.now() - PERIODS[wanted["period"]]
    return AuditQuery(**plain, since=since, until=_moment(wanted["until"]), sort=sort, offset=start, limit=PAGE)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def export_address(query: AuditQuery) -> str:
    """Where the same entries can be downloaded; what form they should have is added by the page."""
    times = {name: _text(getattr(query, name)) for name in ("since", "until")}
    plain = {name: getattr(query, name) for name in ("text", "actor", "action", "environment", "target_kind", "target")}
    return address(f"{REST_ROOT}/audit/export", **plain, **times, form="csv").removesuffix("form=csv")


def _text(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _has_times(wanted: dict[str, str]) -> bool:
    return wanted["period"] == CHOSEN or bool(wanted["since"] or wanted["until"])


def _about(wanted: dict[str, str]) -> About:
    return About(kind_words(wanted["target_kind"]), wanted["target"]) if wanted["target"] else About()


def _fetch(actor: Actor, query: AuditQuery) -> tuple[Page[AuditEntry], dict[str, Any]]:
    page = core().audit.page(actor, query)
    environments = [e.name for e in core().catalogue.environments(actor) if may(actor, Permission.AUDIT_READ, e.name)]
    return page, {
        "rows": [audit_line(entry) for entry in page.items],
        "actors": list(core().audit.actors(actor)),
        "environments": environments,
        "families": families(),
        "periods": [Option(name, words(f"period.{name}")) for name in (*PERIODS, CHOSEN)],
    }


def families() -> list[Option]:
    """What the trail speaks of, by the first word of the actions that have a sentence."""
    begun = {key.split(".")[1] for key in catalogue("en") if key.startswith("audit.") and key.count(".") > 1}
    found = [Option(name, kind_words(name)) for name in begun]
    return sorted(found, key=lambda option: option.label.en)
