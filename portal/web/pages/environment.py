"""One environment: services, protection, freezes, history."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.archiving import archive_question, edit_or_archive
from portal.web.components.bar import Place
from portal.web.components.browser import left
from portal.web.components.data_stores import data_tab
from portal.web.components.flights import moving
from portal.web.components.frame import card, empty, head, link, live_dot, missing, skeleton
from portal.web.components.freezes import calendar, freeze_forms, freeze_list
from portal.web.components.icons import icon
from portal.web.components.life import life_forms, life_items
from portal.web.components.status import badge, version
from portal.web.components.tabs import Tab, tabs
from portal.web.components.timeline import timeline
from portal.web.states.data_stores import DataState
from portal.web.states.environment import EnvironmentState
from portal.web.states.freezes import FreezesState
from portal.web.template import add_page
from portal.web.words import say, tr


def environment() -> rx.Component:
    state = EnvironmentState
    base = state.card.href
    content = rx.fragment(
        _head(),
        tabs(
            state.tab,
            Tab("services", tr("nav.services"), base),
            Tab("rules", tr("environment.rules"), f"{base}?tab=rules"),
            Tab("freezes", tr("freeze.title"), f"{base}?tab=freezes", count=state.freezes.length()),
            Tab("data", tr("data.title"), f"{base}?tab=data"),
            Tab("history", tr("environment.history"), f"{base}?tab=history"),
        ),
        rx.match(
            state.tab,
            ("data", data_tab()),
            ("rules", _rules()),
            ("freezes", _freezes()),
            ("history", _history()),
            _services(),
        ),
        archive_question(state),
        life_forms(),
    )
    return rx.match(
        (state.missing.en != "").to_string(),
        ("true", missing(say(state.missing), "/environments", tr("nav.environments"))),
        rx.cond(state.is_loaded, content, skeleton("s", "l")),
    )


def _head() -> rx.Component:
    given = EnvironmentState.card
    start = link(
        icon("play"),
        rx.el.span(tr("rollouts.new")),
        href=f"/rollouts/new?environment={given.name}",
        class_name="button primary",
    )
    return head(
        say(given.label),
        badge(given.health),
        rx.cond(given.stage.en != given.label.en, rx.el.span(say(given.stage), class_name="tag"), rx.fragment()),
        rx.cond(given.is_archived, rx.el.span(tr("web.archived"), class_name="badge warn"), rx.fragment()),
        rx.cond(
            given.frozen_by != "",
            rx.el.span(icon("snowflake"), rx.el.span(given.frozen_by), class_name="badge warn"),
            rx.fragment(),
        ),
        rx.cond(
            given.expires_at > 0,
            rx.el.span(icon("clock"), left(until=given.expires_at, label=tr("life.left")), class_name="badge warn"),
            rx.fragment(),
        ),
        rx.cond(
            given.owners != "",
            rx.el.span(icon("users"), rx.el.span(given.owners), class_name="meta fact"),
            rx.fragment(),
        ),
        rx.el.span(given.description, class_name="why"),
        actions=rx.el.div(
            rx.cond(given.is_archived, rx.fragment(), allowed(Permission.ROLLOUT_START, start)),
            rx.cond(EnvironmentState.can_edit, edit_or_archive(EnvironmentState, *life_items()), rx.fragment()),
            class_name="actions",
        ),
    )


def _services() -> rx.Component:
    titles = ("list.service", "list.version", "list.state", "list.traffic")
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(tr(title), scope="col") for title in titles))),
        rx.el.tbody(rx.foreach(EnvironmentState.rows, _service)),
        class_name="list",
    )
    none = empty("boxes", tr("services.empty"), tr("services.empty_more"))
    return rx.el.section(
        rx.cond(EnvironmentState.rows.length() > 0, rx.el.div(table, class_name="table-frame"), none),
        rx.el.div(rx.el.span(), live_dot(), class_name="card-foot"),
        class_name="card flush",
    )


def _service(row: Any) -> rx.Component:
    cell = row.cell
    runs = link(version(cell.version), href=cell.href, class_name="bare")
    label = lambda key: {"data-label": tr(key)}  # noqa: E731 - one line, used three times
    return rx.el.tr(
        rx.el.td(link(rx.el.strong(row.service), href=row.href), class_name="lead"),
        rx.el.td(
            rx.cond(cell.version != "", runs, rx.el.span("\N{EN DASH}", class_name="faint")),
            custom_attrs=label("list.version"),
        ),
        rx.el.td(
            badge(cell.health), rx.el.div(say(cell.replicas), class_name="small"), custom_attrs=label("list.state")
        ),
        rx.el.td(
            rx.cond(
                cell.is_moving,
                moving(cell),
                link(tr("environment.rollouts"), href=row.history, class_name="link small"),
            ),
            custom_attrs=label("list.traffic"),
        ),
    )


def _rules() -> rx.Component:
    rule = lambda fact: rx.el.li(  # noqa: E731 - one line of a list
        rx.cond(fact.tone == "ok", icon("shield-check"), icon("circle", class_name="icon faint")),
        rx.el.span(say(fact.text)),
        class_name=f"fact {fact.tone}",
    )
    plan = EnvironmentState.plan
    return rx.el.div(
        card(
            tr("environment.before"),
            rx.el.ul(rx.foreach(EnvironmentState.rules, rule), class_name="facts upright"),
            rx.el.p(tr("environment.before_more"), class_name="note"),
        ),
        card(
            tr("environment.plan"),
            rx.cond(
                plan != "",
                rx.el.pre(rx.el.code(plan), class_name="code-block"),
                rx.el.p(tr("environment.standard_plan"), class_name="note"),
            ),
        ),
        class_name="halves",
    )


def _freezes() -> rx.Component:
    state = EnvironmentState
    new = rx.cond(
        state.can_freeze,
        rx.el.button(
            icon("plus"),
            rx.el.span(tr("freeze.new")),
            type="button",
            on_click=FreezesState.open_new(state.card.name, state.month.zone),
            class_name="button quiet",
        ),
        rx.fragment(),
    )
    places = (
        rx.el.option(say(state.card.label), value=state.card.name),
        rx.el.option(tr("environment.all"), value="*"),
    )
    base = f"{state.card.href}?tab=freezes"
    go = lambda zone: rx.redirect(f"{base}&month={state.month.here}&zone={zone}", replace=True)  # noqa: E731
    return rx.el.div(
        freeze_list(state.freezes, new),
        calendar(state.month, base, state.zones, on_zone=go),
        freeze_forms(state.zones, places),
        class_name="stack",
    )


def _history() -> rx.Component:
    none = empty("clock", tr("environment.no_history"), tr("environment.no_history_more"))
    shown = rx.cond(EnvironmentState.lines.length() > 0, timeline(EnvironmentState.lines), none)
    unseen = empty("lock", tr("environment.unseen"), tr("environment.unseen_more"))
    return card(tr("environment.history"), rx.cond(EnvironmentState.can_read, shown, unseen))


def add_to(app: rx.App) -> None:
    given = EnvironmentState.card
    title = rx.cond(given.name == "", tr("web.loading"), say(given.label))
    place = Place("/environments/[environment_name]", "environments", title)
    add_page(app, environment, place, on_load=[EnvironmentState.watch, DataState.watch])
