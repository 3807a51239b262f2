"""All rollouts, newest first."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.flights import split
from portal.web.components.forms import filter_select, pager, search_box, select
from portal.web.components.frame import empty, head, link, live_dot, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import badge, versions
from portal.web.states.rollouts import RolloutsState
from portal.web.template import add_page
from portal.web.words import say, tr


def rollouts() -> rx.Component:
    new = link(icon("play"), rx.el.span(tr("rollouts.new")), href="/rollouts/new", class_name="button primary")
    return rx.fragment(
        head(
            tr("nav.rollouts"),
            rx.el.span(tr("rollouts.sub"), class_name="meta"),
            actions=rx.el.div(new, class_name="actions"),
        ),
        _filters(),
        rx.cond(RolloutsState.is_loaded, _list(), skeleton("l")),
    )


def _filters() -> rx.Component:
    stages = (
        rx.el.option(tr("filter.all"), value=""),
        rx.el.option(tr("filter.active"), value="active"),
        rx.el.option(tr("filter.over"), value="over"),
    )
    return rx.el.div(
        search_box(
            RolloutsState.text,
            RolloutsState.search,
            is_loaded=RolloutsState.is_loaded,
            placeholder=tr("rollouts.search"),
        ),
        filter_select(
            tr("list.service"),
            "service",
            RolloutsState.services,
            value=RolloutsState.service,
            on_change=RolloutsState.choose_service,
        ),
        filter_select(
            tr("list.environment"),
            "environment",
            RolloutsState.environments,
            value=RolloutsState.environment,
            on_change=RolloutsState.choose_environment,
        ),
        rx.el.div(
            rx.el.label(tr("list.state"), html_for="stage"),
            select("stage", stages, RolloutsState.stage, RolloutsState.choose_stage),
            class_name="filter",
        ),
        class_name="filters",
        role="search",
    )


def _list() -> rx.Component:
    names = ("list.rollout", "list.state", "list.traffic", "list.strategy", "list.started")
    table = rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*(rx.el.th(tr(name), scope="col") for name in names))),
            rx.el.tbody(rx.foreach(RolloutsState.rows, _row)),
            class_name="list",
        ),
        class_name="scroll",
    )
    none = empty("git-branch", tr("rollouts.empty"), tr("rollouts.empty_more"))
    return rx.el.section(
        rx.cond(RolloutsState.rows.length() > 0, table, none),
        rx.el.div(pager(RolloutsState.paging), live_dot(), class_name="card-foot"),
        class_name="card flush",
    )


def _row(line: rx.Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            link(
                rx.el.strong(line.service), rx.el.span(" → ", class_name="faint"), say(line.environment), href=line.href
            ),
            rx.el.div(versions(line)),
        ),
        rx.el.td(badge(line.badge), rx.el.div(say(line.note), class_name="small clip")),
        rx.el.td(
            rx.cond(
                line.is_over,
                rx.el.span("\N{EN DASH}", class_name="faint"),
                split(line.percent, line.from_version, line.to_version, size="small"),
            ),
            class_name="wide-only",
        ),
        rx.el.td(say(line.strategy)),
        rx.el.td(
            ago(at=line.created_at),
            rx.el.div(tr("list.by", who=line.requested_by), class_name="small"),
            rx.el.div(line.reason, class_name="small clip"),
        ),
    )


def add_to(app: rx.App) -> None:
    add_page(app, rollouts, Place("/rollouts", "rollouts"), on_load=[RolloutsState.watch])
