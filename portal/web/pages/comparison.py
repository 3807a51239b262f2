"""Any two releases of a service side by side."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.changes import change_rows
from portal.web.components.diffs import diff_view
from portal.web.components.forms import select
from portal.web.components.frame import card, empty, head, link, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.overlays import copyable
from portal.web.components.status import version
from portal.web.components.tables import names
from portal.web.states.comparison import ComparisonState
from portal.web.template import add_page
from portal.web.words import say, tr


def comparison() -> rx.Component:
    state = ComparisonState
    none = rx.el.section(empty("package", tr("compare.nothing"), tr("compare.nothing_more")), class_name="card")
    content = rx.fragment(
        head(
            rx.fragment(state.service, " ", tr("compare.title")),
            rx.el.span(say(state.shown.summary), class_name="why"),
            actions=_pickers(),
        ),
        rx.cond(state.new != "", _content(), none),
    )
    return rx.match(
        (state.missing.en != "").to_string(),
        ("true", missing(say(state.missing), "/releases", tr("nav.releases"))),
        rx.cond(state.is_loaded, content, skeleton("s", "l")),
    )


def _pickers() -> rx.Component:
    state = ComparisonState
    swap = rx.el.button(
        icon("arrow-left-right"),
        type="button",
        on_click=state.swap,
        class_name="button quiet square",
        aria_label=tr("compare.swap"),
    )
    return rx.el.div(
        rx.el.div(
            rx.el.label(tr("compare.from"), html_for="from"),
            select("from", names(state.versions), state.old, state.choose_old),
            class_name="filter",
        ),
        swap,
        rx.el.div(
            rx.el.label(tr("compare.to"), html_for="to"),
            select("to", names(state.versions), state.new, state.choose_new),
            class_name="filter",
        ),
        class_name="actions pickers",
    )


def _content() -> rx.Component:
    shown = ComparisonState.shown
    return rx.el.div(
        rx.el.div(_side(shown.old, "stable"), _side(shown.new, "canary"), class_name="halves"),
        _differences(),
        card(
            tr("compare.settings"),
            diff_view(shown.settings, label=tr("compare.settings")),
            rx.el.p(tr("compare.settings_more"), class_name="note"),
        ),
        card(
            tr("compare.plan"),
            rx.cond(
                shown.has_plans,
                diff_view(shown.plan, label=tr("compare.plan")),
                rx.el.p(tr("compare.no_plans"), class_name="note"),
            ),
        ),
        card(tr("release.notes"), diff_view(shown.notes, label=tr("release.notes"))),
        class_name="stack",
    )


def _side(side: Any, tone: str) -> rx.Component:
    brought = rx.cond(
        side.rolled_out_at > 0,
        rx.fragment(say(side.rolled_out_to), " · ", ago(at=side.rolled_out_at)),
        tr("compare.never"),
    )
    places = rx.cond(
        side.places.length() > 0,
        rx.el.div(rx.foreach(side.places, lambda place: rx.el.span(say(place), class_name="tag")), class_name="tags"),
        rx.el.span(tr("release.nowhere"), class_name="small"),
    )
    return rx.el.section(
        rx.el.div(link(version(side.version, tone), href=side.href, class_name="bare"), class_name="card-head"),
        rx.el.dl(
            pair(tr("release.where"), places),
            pair(tr("list.made"), tr("list.by", who=side.made_by), " · ", ago(at=side.made_at)),
            pair(tr("compare.brought"), brought),
            pair(tr("list.image"), copyable(side.image)),
            rx.cond(side.commit != "", pair(tr("list.commit"), copyable(side.commit)), rx.fragment()),
            class_name="pairs",
        ),
        class_name="card",
    )


def _differences() -> rx.Component:
    shown = ComparisonState.shown
    commits = rx.el.a(
        rx.el.span(tr("compare.commits")),
        icon("external-link", size=12),
        href=shown.commits_url,
        target="_blank",
        rel="noreferrer",
        class_name="link out",
    )
    between = rx.el.ul(
        rx.foreach(
            shown.between,
            lambda one: rx.el.li(
                link(version(one.version), href=one.href, class_name="bare"),
                rx.el.span(one.summary, class_name="small clip"),
            ),
        ),
        class_name="plain columns",
    )
    return rx.el.div(
        card(
            tr("compare.differences"),
            rx.cond(
                shown.changes.length() > 0, change_rows(shown.changes), rx.el.p(tr("release.same"), class_name="note")
            ),
            aside=rx.cond(shown.commits_url != "", commits, rx.fragment()),
        ),
        card(
            tr("compare.between"),
            rx.cond(shown.between.length() > 0, between, rx.el.p(tr("compare.no_between"), class_name="note")),
        ),
        class_name="halves",
    )


def add_to(app: rx.App) -> None:
    state = ComparisonState
    title = rx.cond(state.service == "", tr("web.loading"), state.service + " " + state.old + " … " + state.new)
    place = Place("/releases/[of_service]/compare", "releases", title)
    add_page(app, comparison, place, on_load=[ComparisonState.load])
