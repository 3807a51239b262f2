"""All containers of the portal, live."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago, filled
from portal.web.components.container_parts import container_tabs, notes
from portal.web.components.frame import empty, head, live_dot
from portal.web.components.status import badge, version
from portal.web.components.tables import (
    Column,
    Rows,
    data_table,
    filter_bar,
    filter_field,
    names,
    search_field,
    spoken,
)
from portal.web.states.containers import ContainersState
from portal.web.template import add_page
from portal.web.words import say, tr


def containers() -> rx.Component:
    state = ContainersState
    return rx.fragment(
        head(tr("nav.containers"), rx.el.span(tr("containers.sub"), class_name="meta")),
        container_tabs("containers"),
        filter_bar(
            state,
            search_field(state, tr("containers.search")),
            filter_field(state, "service", tr("list.service"), options=names(state.services)),
            filter_field(state, "environment", tr("list.environment"), options=spoken(state.environments)),
            filter_field(state, "version", tr("list.version"), options=names(state.versions)),
            filter_field(state, "state", tr("list.state"), options=spoken(state.states)),
            rx.cond(
                state.hosts.length() > 1,
                filter_field(state, "host", tr("container.fact.host"), options=names(state.hosts)),
                rx.fragment(),
            ),
        ),
        data_table(
            state,
            _columns(),
            none=empty("box", tr("containers.empty"), tr("containers.empty_more")),
            rows=Rows(href=lambda line: line.href),
            aside=live_dot(),
        ),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("list.container"), _name, sort="name"),
        Column(tr("list.service"), _service, sort="service"),
        Column(tr("list.state"), lambda line: badge(line.state), sort="state"),
        Column(tr("containers.health"), lambda line: badge(line.health)),
        Column(tr("containers.cpu"), lambda line: _figure(line.cpu), sort="cpu", class_name="number"),
        Column(tr("containers.memory"), _memory, sort="memory", class_name="number"),
        Column(tr("containers.up"), _uptime, sort="started"),
        Column(tr("containers.restarts"), lambda line: line.restarts, sort="restarts", class_name="number"),
    ]


def _name(line: rx.Var) -> rx.Component:
    return rx.fragment(rx.el.strong(line.name), notes(line))


def _service(line: rx.Var) -> rx.Component:
    where = rx.cond(
        line.service != "",
        rx.fragment(line.service, rx.cond(line.version != "", rx.fragment(" ", version(line.version)), rx.fragment())),
        rx.el.span("–", class_name="faint"),
    )
    return rx.el.div(where, rx.el.div(say(line.environment), class_name="small"))


def _figure(text: rx.Var[str]) -> rx.Component:
    return rx.cond(text != "", rx.el.span(text), rx.el.span("–", class_name="faint"))


def _memory(line: rx.Var) -> rx.Component:
    return rx.cond(
        line.memory != "",
        rx.el.div(rx.el.span(line.memory), filled(percent=line.memory_percent), class_name="meter-cell"),
        rx.el.span("–", class_name="faint"),
    )


def _uptime(line: rx.Var) -> rx.Component:
    return rx.cond(line.started_at > 0, ago(at=line.started_at), rx.el.span("–", class_name="faint"))


def add_to(app: rx.App) -> None:
    add_page(app, containers, Place("/containers", "containers"), on_load=[ContainersState.watch])
