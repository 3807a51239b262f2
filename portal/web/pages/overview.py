"""The overview: what runs where, what is on its way, what waits for you."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.services.dora import DEFAULT_DAYS
from portal.web.components.allowed import allowed
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.dora import dora_card
from portal.web.components.flights import flight, moving
from portal.web.components.frame import card, empty, head, link, live_dot, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import badge, status_icon, version, versions
from portal.web.components.timeline import timeline
from portal.web.states.dora import DoraState
from portal.web.states.overview import OverviewState
from portal.web.template import add_page
from portal.web.words import say, tr


def overview() -> rx.Component:
    return rx.fragment(
        head(tr("nav.overview"), _summary(), actions=_actions()),
        rx.cond(OverviewState.is_loaded, _content(), skeleton("l", "m")),
    )


def _summary() -> rx.Component:
    sick = OverviewState.tally.deployed - OverviewState.tally.healthy
    return rx.cond(
        OverviewState.is_loaded,
        rx.fragment(
            rx.cond(
                OverviewState.waiting.length() > 0,
                rx.el.span(
                    icon("user-check"),
                    rx.el.span(tr("overview.waiting", n=OverviewState.waiting.length())),
                    class_name="badge wait",
                ),
                rx.fragment(),
            ),
            rx.cond(
                sick > 0,
                rx.el.span(icon("triangle-alert"), rx.el.span(tr("overview.sick", n=sick)), class_name="badge warn"),
                rx.fragment(),
            ),
            rx.el.span(
                tr("overview.healthy", n=OverviewState.tally.healthy, of=OverviewState.tally.deployed),
                class_name="meta",
            ),
        ),
        rx.el.span(tr("web.loading"), class_name="meta"),
    )


def _actions() -> rx.Component:
    return rx.el.div(
        allowed(
            Permission.ROLLOUT_START,
            link(icon("play"), rx.el.span(tr("rollouts.new")), href="/rollouts/new", class_name="button primary"),
        ),
        class_name="actions",
    )


def _content() -> rx.Component:
    return rx.fragment(
        _waiting(),
        card(
            tr("overview.matrix"),
            rx.cond(OverviewState.rows.length() > 0, _matrix(), _nothing()),
            aside=live_dot(),
        ),
        rx.cond(
            DoraState.figures.length() > 0,
            dora_card(DoraState.figures, tr("dora.title", days=DEFAULT_DAYS)),
            skeleton("m"),
        ),
        rx.el.div(
            rx.el.div(_flights(), class_name="stack"),
            rx.el.aside(_news(), class_name="stack"),
            class_name="two",
        ),
    )


def _nothing() -> rx.Component:
    action = link(tr("releases.new"), href="/releases/new", class_name="button quiet")
    return empty("package", tr("overview.empty"), tr("overview.empty_more"), action)


def _matrix() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(tr("list.service"), scope="col"),
                    rx.foreach(OverviewState.columns, lambda column: rx.el.th(say(column.label), scope="col")),
                )
            ),
            rx.el.tbody(rx.foreach(OverviewState.rows, _row)),
            class_name="matrix",
        ),
        class_name="scroll",
        tab_index=0,
        role="region",
        aria_label=tr("overview.matrix"),
    )


def _row(row: rx.Var) -> rx.Component:
    return rx.el.tr(
        rx.el.th(link(row.service, href=row.href, class_name="strong"), scope="row"),
        rx.foreach(row.cells, _cell),
    )


def _cell(cell: rx.Var) -> rx.Component:
    health = rx.el.span(status_icon(name=cell.health.icon), class_name=f"health {cell.health.tone}")
    words = rx.el.span(say(cell.health.text), " · ", say(cell.replicas), class_name="small")
    runs = rx.el.div(
        health,
        rx.el.div(link(version(cell.version), href=cell.href, class_name="bare"), words, class_name="cell-words"),
        class_name="cell",
    )
    none = rx.el.div(health, rx.el.span(say(cell.health.text), class_name="small"), class_name="cell")
    return rx.el.td(
        rx.el.span(say(cell.environment), class_name="cell-place"),
        rx.cond(cell.version != "", runs, none),
        rx.cond(cell.is_moving, moving(cell), rx.fragment()),
    )


def _flights() -> rx.Component:
    none = empty("git-branch", tr("overview.no_flights"), tr("overview.no_flights_more"))
    return card(
        tr("overview.flights"),
        rx.cond(
            OverviewState.flights.length() > 0,
            rx.el.ul(rx.foreach(OverviewState.flights, flight), class_name="flights"),
            none,
        ),
    )


def _waiting() -> rx.Component:
    item = lambda line: rx.el.li(  # noqa: E731 - one line of a list
        link(rx.el.strong(line.service), " → ", say(line.environment), href=line.href),
        versions(line),
        badge(line.badge),
        rx.el.span(tr("rollout.started_by", who=line.requested_by), " ", ago(at=line.created_at), class_name="small"),
    )
    return rx.cond(
        OverviewState.waiting.length() > 0,
        card(
            tr("overview.for_you"),
            rx.el.ul(rx.foreach(OverviewState.waiting, item), class_name="waiting"),
            class_name="accent",
        ),
        rx.fragment(),
    )


def _news() -> rx.Component:
    return rx.cond(
        OverviewState.news.length() > 0,
        card(tr("overview.news"), timeline(OverviewState.news, has_seconds=False)),
        rx.fragment(),
    )


def add_to(app: rx.App) -> None:
    add_page(app, overview, Place("/", "overview"), on_load=[OverviewState.watch, DoraState.watch])
