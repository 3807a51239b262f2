"""Who is signed in, from where, and ending it."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.asking import Act, opens, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago, left
from portal.web.components.frame import empty, head
from portal.web.components.icons import icon
from portal.web.components.tables import Column, data_table, filter_bar, filter_field, search_field
from portal.web.states.session import SessionState
from portal.web.states.sessions import MINE, SessionsState
from portal.web.template import add_page
from portal.web.words import say, tr


def sessions() -> rx.Component:
    others = opens(
        SessionsState, "others", "", icon("log-out"), rx.el.span(tr("sessions.end_others")), class_name="button quiet"
    )
    return rx.fragment(
        head(
            tr("nav.sessions"),
            rx.el.span(tr("sessions.sub"), class_name="meta"),
            actions=rx.el.div(others, class_name="actions"),
        ),
        _filters(),
        data_table(SessionsState, _columns(), none=empty("monitor", tr("sessions.empty"), tr("sessions.empty_more"))),
        questions(SessionsState, _acts()),
    )


def _filters() -> rx.Component:
    whose = filter_field(
        SessionsState, "of", tr("sessions.of"), options=(rx.el.option(tr("sessions.mine"), value=MINE),)
    )
    return filter_bar(
        SessionsState,
        search_field(SessionsState, tr("sessions.search")),
        rx.cond(SessionState.permissions.contains(str(Permission.USER_EDIT)), whose, rx.fragment()),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("sessions.person"), _person),
        Column(tr("sessions.browser"), _browser),
        Column(tr("sessions.way"), lambda line: say(line.way)),
        Column(tr("sessions.seen"), lambda line: ago(at=line.seen_at)),
        Column(tr("sessions.signed_in"), _times),
        Column(tr("sessions.action"), _action, class_name="number"),
    ]


def _person(line: rx.Var) -> rx.Component:
    this = rx.cond(line.is_own, rx.el.span(tr("sessions.this_one"), class_name="tag"), rx.fragment())
    return rx.el.div(rx.el.strong(line.user), this)


def _browser(line: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.span(say(line.browser), title=line.agent), rx.el.div(rx.el.code(line.address), class_name="small")
    )


def _times(line: rx.Var) -> rx.Component:
    return rx.el.div(ago(at=line.created_at), rx.el.div(left(until=line.expires_at, label=tr("sessions.ends_in"))))


def _action(line: rx.Var) -> rx.Component:
    return rx.cond(
        line.is_own,
        rx.fragment(),
        opens(SessionsState, "end", line.id, tr("sessions.end"), class_name="button quiet danger compact"),
    )


def _acts() -> list[Act]:
    end, others = SessionsState.end, SessionsState.end_others
    return [
        Act("end", tr("sessions.ask_end"), tr("sessions.ask_end_more"), tr("sessions.end"), end),
        Act(
            "others", tr("sessions.end_others"), tr("sessions.ask_others"), tr("sessions.end"), others, has_reason=False
        ),
    ]


def add_to(app: rx.App) -> None:
    add_page(app, sessions, Place("/sessions", "sessions"), on_load=[SessionsState.load])
