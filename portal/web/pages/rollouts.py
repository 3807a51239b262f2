"""All rollouts, newest first."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.flights import split
from portal.web.components.frame import empty, head, link, live_dot
from portal.web.components.icons import icon
from portal.web.components.status import badge, versions
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
from portal.web.states.rollouts import RolloutsState
from portal.web.template import add_page
from portal.web.words import say, tr


def rollouts() -> rx.Component:
    new = link(icon("play"), rx.el.span(tr("rollouts.new")), href="/rollouts/new", class_name="button primary")
    none = empty("git-branch", tr("rollouts.empty"), tr("rollouts.empty_more"))
    return rx.fragment(
        head(
            tr("nav.rollouts"),
            rx.el.span(tr("rollouts.sub"), class_name="meta"),
            actions=rx.el.div(new, class_name="actions"),
        ),
        _filters(),
        data_table(RolloutsState, _columns(), none=none, rows=Rows(href=lambda line: line.href), aside=live_dot()),
    )


def _filters() -> rx.Component:
    stages = (rx.el.option(tr("filter.active"), value="active"), rx.el.option(tr("filter.over"), value="over"))
    return filter_bar(
        RolloutsState,
        search_field(RolloutsState, tr("rollouts.search")),
        filter_field(RolloutsState, "service", tr("list.service"), options=names(RolloutsState.services)),
        filter_field(RolloutsState, "environment", tr("list.environment"), options=spoken(RolloutsState.environments)),
        filter_field(RolloutsState, "state", tr("list.state"), options=stages),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("list.rollout"), _subject, sort="service"),
        Column(tr("list.state"), _state, sort="state"),
        Column(tr("list.traffic"), _traffic, class_name="wide-only split-column"),
        Column(tr("list.strategy"), lambda line: say(line.strategy)),
        Column(tr("list.started"), _started, sort="created"),
    ]


def _subject(line: rx.Var) -> rx.Component:
    return rx.fragment(
        rx.el.strong(line.service),
        rx.el.span(" → ", class_name="faint"),
        say(line.environment),
        rx.el.div(versions(line)),
    )


def _state(line: rx.Var) -> rx.Component:
    return rx.el.div(badge(line.badge), rx.el.div(say(line.note), class_name="small clip"))


def _traffic(line: rx.Var) -> rx.Component:
    return rx.cond(
        line.is_over,
        rx.el.span("\N{EN DASH}", class_name="faint"),
        split(line.percent, line.from_version, line.to_version, size="small"),
    )


def _started(line: rx.Var) -> rx.Component:
    return rx.el.div(
        ago(at=line.created_at),
        rx.el.div(tr("list.by", who=line.requested_by), class_name="small"),
        rx.el.div(line.reason, class_name="small clip"),
    )


def add_to(app: rx.App) -> None:
    add_page(app, rollouts, Place("/rollouts", "rollouts"), on_load=[RolloutsState.watch])
