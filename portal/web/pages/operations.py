"""Operations: long work such as backups and copies, and one of it with its steps."""

from __future__ import annotations

import reflex as rx

from portal.web.components.asking import Act, opens, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago, filled
from portal.web.components.frame import card, empty, head, live_dot, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import badge
from portal.web.components.steps import step_list
from portal.web.components.tables import Column, Rows, data_table, filter_bar, filter_field, search_field, spoken
from portal.web.states.operations import OperationsState
from portal.web.template import add_page
from portal.web.words import say, tr


def operations() -> rx.Component:
    state = OperationsState
    none = empty("list-checks", tr("operations.empty"), tr("operations.empty_more"))
    return rx.fragment(
        head(tr("nav.operations"), rx.el.span(tr("operations.sub"), class_name="meta")),
        filter_bar(
            state,
            search_field(state, tr("operations.search")),
            filter_field(state, "kind", tr("operations.kind"), options=spoken(state.kinds)),
            filter_field(state, "environment", tr("list.environment"), options=spoken(state.environments)),
            filter_field(state, "state", tr("list.state"), options=spoken(state.states)),
        ),
        data_table(state, _columns(), none=none, rows=Rows(href=lambda line: line.href), aside=live_dot()),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("operations.what"), _what),
        Column(tr("list.environment"), lambda line: say(line.environment)),
        Column(tr("list.state"), lambda line: badge(line.badge)),
        Column(tr("operations.progress"), _progress),
        Column(tr("list.who"), lambda line: line.person),
        Column(tr("list.when"), lambda line: ago(at=line.created_at), sort="created"),
    ]


def _what(line: rx.Var) -> rx.Component:
    return rx.el.div(rx.el.strong(say(line.kind)), rx.el.div(line.target, class_name="small"))


def _progress(line: rx.Var) -> rx.Component:
    bar = rx.el.div(rx.el.span(say(line.progress)), filled(percent=line.percent), class_name="meter-cell")
    return rx.cond(line.percent >= 0, bar, rx.el.span(say(line.progress), class_name="small"))


def operation() -> rx.Component:
    gone = missing(say(OperationsState.missing), "/operations", tr("operations.back"))
    shown = rx.cond(OperationsState.is_open, _one(), skeleton("s", "l"))
    return rx.cond(OperationsState.missing.en != "", gone, shown)


def _one() -> rx.Component:
    line = OperationsState.card.line
    return rx.fragment(
        head(
            rx.fragment(say(line.kind), " · ", line.target),
            badge(line.badge),
            rx.el.span(tr("operations.number", id=line.id), class_name="meta"),
            actions=_actions(),
        ),
        rx.el.div(
            rx.el.div(_trouble(), card(tr("rollout.steps"), step_list(OperationsState.steps)), class_name="stack"),
            rx.el.aside(_facts(), class_name="stack"),
            class_name="two",
        ),
        questions(OperationsState, _acts()),
    )


def _trouble() -> rx.Component:
    trouble = OperationsState.card.trouble
    shown = rx.el.p(icon("triangle-alert"), rx.el.span(say(trouble)), class_name="trouble", role="alert")
    return rx.cond(trouble.en != "", shown, rx.fragment())


def _actions() -> rx.Component:
    given = OperationsState.card
    cancel = _opens("cancel", "x", tr("operations.cancel"))
    again = _opens("retry", "rotate-cw", tr("operations.retry"))
    return rx.el.div(
        rx.cond(given.can_cancel, cancel, rx.fragment()),
        rx.cond(given.can_retry, again, rx.fragment()),
        class_name="actions",
    )


def _opens(act: str, icon_name: str, label: rx.Var[str]) -> rx.Component:
    target = OperationsState.card.line.target
    return opens(OperationsState, act, target, icon(icon_name), rx.el.span(label), class_name="button")


def _facts() -> rx.Component:
    given = OperationsState.card
    line = given.line
    ended = rx.cond(line.ended_at > 0, ago(at=line.ended_at), rx.el.span("–", class_name="faint"))
    reason = rx.cond(given.reason != "", rx.el.q(given.reason), rx.el.span("–", class_name="faint"))
    return card(
        tr("operations.about"),
        rx.el.dl(
            pair(tr("list.environment"), say(line.environment)),
            pair(tr("list.who"), line.person),
            pair(tr("operations.started"), ago(at=line.created_at)),
            pair(tr("operations.ended"), ended),
            pair(tr("form.reason"), reason),
            class_name="pairs",
        ),
    )


def _acts() -> list[Act]:
    state, cancel, again = OperationsState, tr("operations.cancel"), tr("operations.retry")
    return [
        Act("cancel", tr("operations.ask_cancel"), tr("operations.ask_cancel_more"), cancel, state.cancel),
        Act("retry", tr("operations.ask_retry"), tr("operations.ask_retry_more"), again, state.retry, "primary"),
    ]


def add_to(app: rx.App) -> None:
    add_page(app, operations, Place("/operations", "operations"), on_load=[OperationsState.watch])
    one = Place("/operations/[operation_number]", "operations", tr("operations.one"))
    add_page(app, operation, one, on_load=[OperationsState.watch_one])
