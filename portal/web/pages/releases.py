"""All releases, newest first."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.forms import filter_select, pager, search_box
from portal.web.components.frame import empty, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import version
from portal.web.states.releases import ReleasesState
from portal.web.template import add_page
from portal.web.words import say, tr


def releases() -> rx.Component:
    new = link(icon("plus"), rx.el.span(tr("releases.new")), href="/releases/new", class_name="button primary")
    return rx.fragment(
        head(
            tr("nav.releases"),
            rx.el.span(tr("releases.sub"), class_name="meta"),
            actions=rx.el.div(new, class_name="actions"),
        ),
        _filters(),
        rx.cond(ReleasesState.is_loaded, _list(), skeleton("l")),
    )


def _filters() -> rx.Component:
    return rx.el.div(
        search_box(
            ReleasesState.text,
            ReleasesState.search,
            is_loaded=ReleasesState.is_loaded,
            placeholder=tr("releases.search"),
        ),
        filter_select(
            tr("list.service"),
            "service",
            ReleasesState.services,
            value=ReleasesState.service,
            on_change=ReleasesState.choose_service,
        ),
        class_name="filters",
        role="search",
    )


def _list() -> rx.Component:
    names = ("list.release", "list.where", "list.image", "list.made")
    table = rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*(rx.el.th(tr(name), scope="col") for name in names))),
            rx.el.tbody(rx.foreach(ReleasesState.rows, _row)),
            class_name="list",
        ),
        class_name="scroll",
    )
    action = link(tr("releases.new"), href="/releases/new", class_name="button quiet")
    none = empty("package", tr("releases.empty"), tr("releases.empty_more"), action)
    return rx.el.section(
        rx.cond(ReleasesState.rows.length() > 0, table, none),
        rx.el.div(pager(ReleasesState.paging), class_name="card-foot"),
        class_name="card flush",
    )


def _row(line: rx.Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            link(rx.el.strong(line.service), " ", version(line.version), href=line.href),
            rx.cond(line.is_pre_release, rx.el.span(tr("release.pre_release"), class_name="tag"), rx.fragment()),
            rx.el.div(line.summary, class_name="small clip"),
        ),
        rx.el.td(
            rx.cond(
                line.where.length() > 0,
                rx.el.div(
                    rx.foreach(line.where, lambda place: rx.el.span(say(place), class_name="tag")), class_name="tags"
                ),
                rx.el.span(tr("release.nowhere"), class_name="small"),
            )
        ),
        rx.el.td(
            rx.el.code(line.image),
            rx.cond(line.commit != "", rx.el.div(rx.el.code(line.commit), class_name="small"), rx.fragment()),
        ),
        rx.el.td(ago(at=line.created_at), rx.el.div(tr("list.by", who=line.created_by), class_name="small")),
    )


def add_to(app: rx.App) -> None:
    add_page(app, releases, Place("/releases", "releases"), on_load=[ReleasesState.load])
