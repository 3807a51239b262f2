"""All rollouts, newest first."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.domain.rollout import State
from portal.services.dora import DEFAULT_DAYS
from portal.web.components.allowed import allowed
from portal.web.components.bar import Place
from portal.web.components.browser import ago, dialog
from portal.web.components.dora import dora_card
from portal.web.components.flights import split
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import empty, head, link, live_dot
from portal.web.components.icons import icon
from portal.web.components.saved_views import saved_views
from portal.web.components.status import badge, versions
from portal.web.components.tables import (
    Column,
    Rows,
    chosen_bar,
    data_table,
    filter_bar,
    filter_field,
    filter_text,
    more_filters,
    names,
    search_field,
    spoken,
)
from portal.web.states.dora import DoraState
from portal.web.states.rollouts import RolloutsState
from portal.web.states.saved_views import SavedViewsState
from portal.web.template import add_page
from portal.web.words import say, tr

MORE = ("strategy", "person", "version", "since", "until")
SHOWN_STATES = (
    State.AWAITING_APPROVAL,
    State.PAUSED,
    State.HALTED,
    State.BAKING,
    State.SUCCEEDED,
    State.ABORTED,
    State.SUPERSEDED,
)


def rollouts() -> rx.Component:
    new = link(icon("play"), rx.el.span(tr("rollouts.new")), href="/rollouts/new", class_name="button primary")
    none = empty("git-branch", tr("rollouts.empty"), tr("rollouts.empty_more"))
    return rx.fragment(
        head(
            tr("nav.rollouts"),
            rx.el.span(tr("rollouts.sub"), class_name="meta"),
            actions=rx.el.div(allowed(Permission.ROLLOUT_START, new), class_name="actions"),
        ),
        rx.cond(
            DoraState.figures.length() > 0,
            dora_card(DoraState.figures, tr("dora.title", days=DEFAULT_DAYS)),
            rx.fragment(),
        ),
        _filters(),
        data_table(
            RolloutsState,
            _columns(),
            none=none,
            rows=Rows(href=lambda line: line.href, key=lambda line: line.id.to_string()),
            aside=live_dot(),
        ),
        chosen_bar(RolloutsState, _act("pause", "pause"), _act("resume", "play"), _act("abort", "undo")),
        _question(),
    )


def _act(code: str, icon_name: str) -> rx.Component:
    tone = "danger" if code == "abort" else "quiet"
    button = rx.el.button(
        icon(icon_name),
        rx.el.span(tr(f"action.{code}")),
        type="button",
        on_click=RolloutsState.ask(code),
        class_name=f"button {tone} compact",
    )
    allowed = RolloutsState.can_abort if code == "abort" else RolloutsState.can_control
    return rx.cond(allowed, button, rx.fragment())


def _question() -> rx.Component:
    """One form a permission, so that each handler does only what its own permission allows."""
    asked = RolloutsState.asked
    return dialog(
        rx.cond(
            asked == "abort",
            _bulk_form(RolloutsState.abort_each, tr("action.abort"), tr("bulk.abort"), tone="solid danger"),
            rx.cond(
                asked == "pause",
                _bulk_form(RolloutsState.control_each, tr("action.pause"), tr("bulk.pause"), tone="primary"),
                _bulk_form(RolloutsState.control_each, tr("action.resume"), tr("bulk.resume"), tone="primary"),
            ),
        ),
        open=asked != "",
        labelled_by="bulk-title",
        on_close=RolloutsState.dismiss,
    )


def _bulk_form(handler: Any, title: rx.Var[str], consequence: rx.Var[str], *, tone: str) -> rx.Component:
    state = RolloutsState
    refused = rx.el.ul(rx.foreach(state.refused, lambda line: rx.el.li(say(line))), class_name="plain")
    cancel = rx.el.button(tr("form.cancel"), type="button", on_click=state.dismiss, class_name="button quiet")
    return rx.el.form(
        rx.el.h2(title, id="bulk-title"),
        rx.el.p(consequence),
        rx.el.p(tr("list.chosen", n=state.chosen.length()), class_name="note"),
        rx.cond(state.refused.length() > 0, refused, rx.fragment()),
        reason_field("bulk-reason", tr("form.reason"), has_focus=True),
        trouble(state.wrong),
        rx.el.div(submit(title, tone=tone), cancel, class_name="actions"),
        on_submit=handler,
        class_name="form",
    )


def _filters() -> rx.Component:
    stages = (
        rx.el.option(tr("filter.active"), value="active"),
        rx.el.option(tr("filter.over"), value="over"),
        *(rx.el.option(tr(f"state.{state}"), value=str(state)) for state in SHOWN_STATES),
    )
    return filter_bar(
        RolloutsState,
        search_field(RolloutsState, tr("rollouts.search")),
        filter_field(RolloutsState, "service", tr("list.service"), options=names(RolloutsState.services)),
        filter_field(RolloutsState, "environment", tr("list.environment"), options=spoken(RolloutsState.environments)),
        filter_field(RolloutsState, "state", tr("list.state"), options=stages),
        saved_views(),
        more_filters(
            RolloutsState,
            MORE,
            filter_field(RolloutsState, "strategy", tr("list.strategy"), options=spoken(RolloutsState.strategies)),
            filter_text(RolloutsState, "person", tr("list.person")),
            filter_text(RolloutsState, "version", tr("list.version")),
            filter_text(RolloutsState, "since", tr("list.since"), kind="date"),
            filter_text(RolloutsState, "until", tr("list.until"), kind="date"),
        ),
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
    add_page(
        app,
        rollouts,
        Place("/rollouts", "rollouts"),
        on_load=[RolloutsState.watch, DoraState.watch, SavedViewsState.load],
    )
