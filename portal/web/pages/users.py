"""All users with their roles."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.frame import empty, head, link
from portal.web.components.icons import icon
from portal.web.components.status import badge
from portal.web.components.tables import Column, Rows, data_table, filter_bar, filter_field, search_field, spoken
from portal.web.states.users import UsersState
from portal.web.template import add_page
from portal.web.words import say, tr


def users() -> rx.Component:
    invite = link(icon("user-plus"), rx.el.span(tr("users.invite")), href="/users/new", class_name="button primary")
    access = link(icon("key-round"), rx.el.span(tr("nav.access")), href="/access", class_name="button quiet")
    return rx.fragment(
        head(
            tr("nav.users"),
            rx.el.span(tr("users.sub"), class_name="meta"),
            actions=rx.el.div(access, allowed(Permission.USER_EDIT, invite), class_name="actions"),
        ),
        filter_bar(
            UsersState,
            search_field(UsersState, tr("users.search")),
            filter_field(UsersState, "role", tr("users.role"), options=spoken(UsersState.roles)),
            filter_field(UsersState, "environment", tr("list.environment"), options=spoken(UsersState.places)),
            filter_field(UsersState, "state", tr("list.state"), options=spoken(UsersState.states)),
        ),
        data_table(
            UsersState,
            _columns(),
            none=empty("users", tr("users.empty"), tr("users.empty_more")),
            rows=Rows(href=lambda line: line.href),
        ),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("users.person"), _person, sort="name"),
        Column(tr("users.roles"), lambda line: grants(line.grants)),
        Column(tr("list.state"), _badges),
        Column(tr("users.signed_in"), _signed_in, sort="signed_in_at"),
        Column(tr("users.since"), lambda line: ago(at=line.created_at), sort="created_at"),
    ]


def _person(line: rx.Var) -> rx.Component:
    return rx.el.div(rx.el.strong(line.name), rx.el.div(line.display_name, class_name="small"))


def grants(lines: rx.Var) -> rx.Component:
    """Roles, each with the environment where it holds."""
    one = rx.el.div(rx.foreach(lines, _grant), class_name="tags")
    return rx.cond(lines.length() > 0, one, rx.el.span(tr("users.no_role"), class_name="small"))


def _grant(line: rx.Var) -> rx.Component:
    place = rx.cond(line.is_everywhere, rx.fragment(), rx.el.span(" · ", say(line.place)))
    return rx.el.span(say(line.role), place, class_name="tag")


def _badges(line: rx.Var) -> rx.Component:
    return rx.el.div(rx.foreach(line.badges, badge), class_name="tags")


def _signed_in(line: rx.Var) -> rx.Component:
    never = rx.el.span(tr("users.never"), class_name="faint")
    return rx.cond(line.signed_in_at > 0, ago(at=line.signed_in_at), never)


def add_to(app: rx.App) -> None:
    add_page(app, users, Place("/users", "users"), on_load=[UsersState.load])
