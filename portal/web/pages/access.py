"""Who may do what, and why: a question with its answer, and the whole table."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Role
from portal.services.access import Line, table
from portal.web.components.bar import Place
from portal.web.components.forms import submit
from portal.web.components.frame import card, head, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import badge
from portal.web.pages.users import grants
from portal.web.states.access import AccessState
from portal.web.template import add_page
from portal.web.words import say, tr


def access() -> rx.Component:
    return rx.fragment(
        head(tr("access.title"), rx.el.span(tr("access.sub"), class_name="meta")),
        rx.cond(AccessState.is_loaded, rx.fragment(_question(), _answer()), skeleton("s")),
        _table(),
    )


def _question() -> rx.Component:
    return rx.el.form(
        _choice("person", tr("sessions.person"), _names(), AccessState.person),
        _choice("permission", tr("access.permission"), _options(AccessState.permissions), AccessState.permission),
        _choice("environment", tr("user.place"), _options(AccessState.places), AccessState.environment),
        submit(tr("access.ask")),
        on_submit=AccessState.ask,
        class_name="card filters",
    )


def _names() -> rx.Component:
    return rx.foreach(AccessState.people, lambda name: rx.el.option(name, value=name))


def _options(options: rx.Var) -> rx.Component:
    return rx.foreach(options, lambda option: rx.el.option(say(option.label), value=option.value))


def _choice(name: str, label: rx.Var[str], options: rx.Component, value: rx.Var[str]) -> rx.Component:
    control = rx.el.div(
        rx.el.select(options, name=name, id=name, default_value=value, key=f"{name}-{value}"),
        icon("chevron-down"),
        class_name="select",
    )
    return rx.el.div(rx.el.label(label, html_for=name), control, class_name="filter")


def _answer() -> rx.Component:
    given = AccessState.reason
    because = rx.el.div(rx.el.span(tr("access.because"), class_name="small"), grants(given.grants), class_name="links")
    return rx.cond(
        AccessState.is_answered,
        rx.el.section(
            rx.el.p(badge(given.badge), rx.el.strong(say(given.question)), class_name="links"),
            rx.cond(given.grants.length() > 0, because, rx.fragment()),
            rx.el.p(say(given.way_out)),
            rx.el.p(tr("access.granters", people=given.granters), class_name="note"),
            class_name="card accent",
            role="status",
        ),
        rx.fragment(),
    )


def _table() -> rx.Component:
    heads = (tr("access.permission"), tr("access.reach"), *(tr(f"role.{role}") for role in Role))
    return card(
        tr("access.table"),
        rx.el.div(
            rx.el.table(
                rx.el.thead(rx.el.tr(*(rx.el.th(text, scope="col") for text in heads))),
                rx.el.tbody(*(_line(line) for line in table())),
                class_name="rights",
            ),
            class_name="scroll",
        ),
    )


def _line(line: Line) -> rx.Component:
    name = rx.el.th(
        rx.el.span(tr(f"permission.{line.permission}")),
        rx.el.code(str(line.permission), class_name="faint"),
        scope="row",
    )
    marks = (_mark(role, has_it=role in line.roles) for role in Role)
    return rx.el.tr(name, rx.el.td(tr(f"reach.{line.reach}"), class_name="small"), *marks)


def _mark(role: Role, *, has_it: bool) -> rx.Component:
    """On a phone the heads are not there, so each mark carries the name of its role."""
    if not has_it:
        return rx.el.td(rx.el.span(tr("access.no"), class_name="hidden"), class_name="without")
    return rx.el.td(icon("check"), rx.el.span(tr(f"role.{role}"), class_name="role"))


def add_to(app: rx.App) -> None:
    add_page(app, access, Place("/access", "access"), on_load=[AccessState.load])
