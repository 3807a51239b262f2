"""The catalogue of services."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.frame import empty, head, link, live_dot
from portal.web.components.icons import icon
from portal.web.components.status import badge, status_icon, version
from portal.web.components.tables import Column, Rows, data_table, filter_bar, filter_field, names, search_field
from portal.web.states.services import ServicesState
from portal.web.template import add_page
from portal.web.words import say, tr


def services() -> rx.Component:
    new = rx.cond(
        ServicesState.can_edit,
        link(icon("plus"), rx.el.span(tr("services.new")), href="/services/new", class_name="button quiet"),
        rx.fragment(),
    )
    return rx.fragment(
        head(
            tr("nav.services"),
            rx.el.span(tr("services.sub"), class_name="meta"),
            actions=rx.el.div(new, class_name="actions"),
        ),
        filter_bar(
            ServicesState,
            search_field(ServicesState, tr("services.search")),
            filter_field(ServicesState, "owner", tr("service.owners"), options=names(ServicesState.owners)),
            filter_field(ServicesState, "tag", tr("service.tags"), options=names(ServicesState.tags)),
            filter_field(
                ServicesState,
                "archived",
                tr("services.kept"),
                options=(
                    rx.el.option(tr("services.in_use"), value="no"),
                    rx.el.option(tr("web.archived"), value="yes"),
                ),
            ),
        ),
        data_table(
            ServicesState,
            _columns(),
            none=empty("boxes", tr("services.empty"), tr("services.empty_more"), new),
            rows=Rows(href=lambda line: line.href),
            aside=live_dot(),
        ),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("list.service"), _name, sort="name"),
        Column(tr("list.state"), lambda line: badge(line.health)),
        Column(tr("list.where"), _spots),
        Column(tr("service.owners"), lambda line: rx.el.div(rx.foreach(line.owners, _tag), class_name="tags")),
        Column(tr("service.tags"), lambda line: rx.el.div(rx.foreach(line.tags, _tag), class_name="tags")),
    ]


def _name(line: Any) -> rx.Component:
    return rx.fragment(
        rx.el.strong(line.name),
        rx.cond(line.is_archived, rx.el.span(tr("web.archived"), class_name="tag"), rx.fragment()),
        rx.el.div(line.description, class_name="small clip"),
    )


def _spots(line: Any) -> rx.Component:
    spot = lambda given: rx.el.span(  # noqa: E731 - one version in one place
        rx.el.span(status_icon(name=given.health.icon), class_name=f"health {given.health.tone}"),
        rx.el.span(say(given.environment), class_name="small"),
        version(given.version),
        class_name="spot",
    )
    none = rx.el.span(tr("release.nowhere"), class_name="small")
    return rx.cond(line.spots.length() > 0, rx.el.div(rx.foreach(line.spots, spot), class_name="spots"), none)


def _tag(text: rx.Var[str]) -> rx.Component:
    return rx.el.span(text, class_name="tag")


def add_to(app: rx.App) -> None:
    add_page(app, services, Place("/services", "services"), on_load=[ServicesState.watch])
