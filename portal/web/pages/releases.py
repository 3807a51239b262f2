"""All releases, newest first."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.frame import empty, head, link
from portal.web.components.icons import icon
from portal.web.components.saved_views import saved_views
from portal.web.components.status import version
from portal.web.components.tables import (
    Column,
    Rows,
    data_table,
    filter_bar,
    filter_field,
    filter_text,
    more_filters,
    names,
    search_field,
)
from portal.web.states.releases import ReleasesState
from portal.web.states.saved_views import SavedViewsState
from portal.web.template import add_page
from portal.web.words import say, tr


def releases() -> rx.Component:
    new = link(icon("plus"), rx.el.span(tr("releases.new")), href="/releases/new", class_name="button primary")
    return rx.fragment(
        head(
            tr("nav.releases"),
            rx.el.span(tr("releases.sub"), class_name="meta"),
            actions=rx.el.div(allowed(Permission.RELEASE_CREATE, new), class_name="actions"),
        ),
        filter_bar(
            ReleasesState,
            search_field(ReleasesState, tr("releases.search")),
            filter_field(ReleasesState, "service", tr("list.service"), options=names(ReleasesState.services)),
            saved_views(),
            more_filters(
                ReleasesState,
                ("person", "since", "until"),
                filter_text(ReleasesState, "person", tr("list.person")),
                filter_text(ReleasesState, "since", tr("list.since"), kind="date"),
                filter_text(ReleasesState, "until", tr("list.until"), kind="date"),
            ),
        ),
        data_table(ReleasesState, _columns(), none=_none(), rows=Rows(href=lambda line: line.href)),
    )


def _none() -> rx.Component:
    action = link(tr("releases.new"), href="/releases/new", class_name="button quiet")
    return empty("package", tr("releases.empty"), tr("releases.empty_more"), action)


def _columns() -> list[Column]:
    return [
        Column(tr("list.release"), _release, sort="version"),
        Column(tr("list.where"), _where),
        Column(tr("list.image"), _image),
        Column(tr("list.made"), _made, sort="created"),
    ]


def _release(line: rx.Var) -> rx.Component:
    return rx.fragment(
        rx.el.strong(line.service),
        " ",
        version(line.version),
        rx.cond(line.is_pre_release, rx.el.span(tr("release.pre_release"), class_name="tag"), rx.fragment()),
        rx.el.div(line.summary, class_name="small clip"),
    )


def _where(line: rx.Var) -> rx.Component:
    return rx.cond(
        line.where.length() > 0,
        rx.el.div(rx.foreach(line.where, lambda place: rx.el.span(say(place), class_name="tag")), class_name="tags"),
        rx.el.span(tr("release.nowhere"), class_name="small"),
    )


def _image(line: rx.Var) -> rx.Component:
    commit = rx.cond(line.commit != "", rx.el.div(rx.el.code(line.commit), class_name="small"), rx.fragment())
    return rx.el.div(rx.el.code(line.image), commit)


def _made(line: rx.Var) -> rx.Component:
    return rx.el.div(ago(at=line.created_at), rx.el.div(tr("list.by", who=line.created_by), class_name="small"))


def add_to(app: rx.App) -> None:
    add_page(app, releases, Place("/releases", "releases"), on_load=[ReleasesState.load, SavedViewsState.load])
