"""What waits for this person's approval: the evidence beside each, and the decision right there."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.rollout import Action
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.changes import change_rows
from portal.web.components.flights import flight, split
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import card, empty, head, link, live_dot, skeleton
from portal.web.components.icons import icon
from portal.web.components.notes import short_notes
from portal.web.components.people import approvals as people
from portal.web.components.status import versions
from portal.web.components.verdict import verdict_card
from portal.web.states.approvals import ApprovalsState
from portal.web.template import add_page
from portal.web.words import say, tr


def approvals() -> rx.Component:
    none = rx.el.section(empty("inbox", tr("approvals.empty"), tr("approvals.empty_more")), class_name="card")
    content = rx.el.div(
        rx.cond(
            ApprovalsState.rows.length() > 0,
            rx.el.div(rx.foreach(ApprovalsState.rows, _waiting), class_name="stack"),
            none,
        ),
        rx.cond(
            ApprovalsState.more > 0,
            rx.el.p(tr("approvals.more", n=ApprovalsState.more), class_name="note"),
            rx.fragment(),
        ),
        _mine(),
        class_name="stack",
    )
    return rx.fragment(
        head(tr("nav.approvals"), rx.el.span(tr("approvals.sub"), class_name="meta"), live_dot()),
        rx.cond(ApprovalsState.is_loaded, content, skeleton("l")),
    )


def _waiting(row: Any) -> rx.Component:
    return rx.el.article(
        rx.el.div(
            _head(row),
            _decision(row),
            class_name="card accent decision",
        ),
        rx.el.div(
            rx.el.div(verdict_card(row.verdict, row.facts), class_name="stack"),
            rx.el.div(_changes(row), people(row.decisions, row.given), class_name="stack"),
            class_name="halves",
        ),
        class_name="inbox-item",
        aria_label=row.line.service,
    )


def _head(row: Any) -> rx.Component:
    line = row.line
    return rx.el.div(
        rx.el.div(
            rx.el.h2(line.service, rx.el.span(" → ", class_name="faint"), say(line.environment)),
            versions(line),
            rx.el.span(tr("rollout.started_by", who=line.requested_by), " · ", ago(at=row.since), class_name="meta"),
            class_name="sub",
        ),
        rx.el.q(line.reason),
        split(line.percent, line.from_version, line.to_version, size="small"),
        rx.el.p(icon("arrow-right"), rx.el.span(say(row.next)), class_name="fact"),
        class_name="stack tight",
    )


def _decision(row: Any) -> rx.Component:
    asked = ApprovalsState.asked
    buttons = rx.el.div(
        _button(row, Action.APPROVE, "check", "primary"),
        _button(row, Action.REJECT, "x", "danger"),
        link(icon("eye"), rx.el.span(tr("approvals.open")), href=row.line.href, class_name="button quiet"),
        class_name="actions thumb",
    )
    return rx.cond(asked.rollout == row.id, _form(row), buttons)


def _button(row: Any, action: Action, icon_name: str, tone: str) -> rx.Component:
    return rx.el.button(
        icon(icon_name),
        rx.el.span(tr(f"action.{action}")),
        type="button",
        on_click=ApprovalsState.ask(row.id, str(action)),
        class_name=f"button {tone}",
    )


def _form(row: Any) -> rx.Component:
    is_approval = ApprovalsState.asked.code == str(Action.APPROVE)
    consequence = rx.cond(is_approval, tr("approvals.approving"), tr("approvals.rejecting"))
    evidence = rx.el.p(icon("fingerprint"), tr("ask.evidence"), " ", rx.el.code(row.short), class_name="note wrap")
    return rx.el.form(
        rx.el.p(consequence),
        rx.cond(is_approval, evidence, rx.fragment()),
        reason_field("decision-reason", tr("form.reason"), has_focus=True),
        trouble(ApprovalsState.trouble),
        rx.el.div(
            rx.cond(
                is_approval,
                submit(tr("action.approve"), icon_name="check"),
                submit(tr("action.reject"), tone="solid danger", icon_name="x"),
            ),
            rx.el.button(tr("form.cancel"), type="button", on_click=ApprovalsState.dismiss, class_name="button quiet"),
            class_name="actions thumb",
        ),
        on_submit=ApprovalsState.decide,
        class_name="form",
    )


def _changes(row: Any) -> rx.Component:
    return card(
        tr("rollout.changes"),
        change_rows(row.changes),
        short_notes(row.notes_html),
        rx.cond(
            row.dependants != "",
            rx.el.p(icon("workflow"), rx.el.span(tr("change.dependants", names=row.dependants)), class_name="fact"),
            rx.fragment(),
        ),
        aside=rx.cond(
            row.line.from_version != "",
            link(
                tr("compare.open"),
                href=f"/releases/{row.line.service}/compare?from={row.line.from_version}&to={row.line.to_version}",
            ),
            rx.fragment(),
        ),
    )


def _mine() -> rx.Component:
    return rx.cond(
        ApprovalsState.mine.length() > 0,
        card(
            tr("approvals.mine"),
            rx.el.ul(rx.foreach(ApprovalsState.mine, flight), class_name="flights"),
            rx.el.p(tr("approvals.mine_more"), class_name="note"),
        ),
        rx.fragment(),
    )


def add_to(app: rx.App) -> None:
    add_page(app, approvals, Place("/approvals", "approvals"), on_load=[ApprovalsState.watch])
