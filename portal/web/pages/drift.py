"""Drift: how far each environment is as it should be, what differs, and what can be done about it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.healing import HealingMode
from portal.web.components.asking import Act, opens, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.frame import empty, head, link, live_dot
from portal.web.components.icons import icon
from portal.web.components.status import badge
from portal.web.components.tables import Column, data_table, filter_bar, filter_field, names, search_field, spoken
from portal.web.states.drift import DriftState
from portal.web.template import add_page
from portal.web.words import say, tr


def drift() -> rx.Component:
    state = DriftState
    none = empty("check", tr("drift.empty"), tr("drift.empty_more"))
    return rx.fragment(
        head(tr("nav.drift"), rx.el.span(tr("drift.sub"), class_name="meta")),
        rx.el.ul(rx.foreach(state.cards, _card), class_name="plain tiles"),
        filter_bar(
            state,
            search_field(state, tr("drift.search")),
            filter_field(state, "environment", tr("list.environment"), options=spoken(state.environments)),
            filter_field(state, "service", tr("list.service"), options=names(state.services)),
            filter_field(state, "severity", tr("drift.severity"), options=spoken(state.severities)),
            filter_field(state, "look", tr("list.state"), options=spoken(state.looks)),
        ),
        data_table(state, _columns(), none=none, aside=live_dot()),
        questions(state, _acts()),
    )


def _card(card: Any) -> rx.Component:
    ill = rx.el.p(icon("heart-pulse"), rx.el.span(tr("drift.ill", n=card.ill)), class_name="fact")
    return rx.el.li(
        rx.el.article(
            rx.el.div(
                link(rx.el.strong(say(card.label)), href=f"/drift?environment={card.name}", class_name="row-link"),
                badge(card.badge),
                class_name="card-head",
            ),
            rx.el.p(rx.el.strong(card.percent), " ", rx.el.span(say(card.more), class_name="small")),
            rx.el.p(icon("heart-pulse"), rx.el.span(say(card.healing)), class_name="fact"),
            rx.cond(card.ill > 0, ill, rx.fragment()),
            rx.cond(card.can_set, _modes(card), rx.fragment()),
            class_name="card environment",
        )
    )


def _modes(card: Any) -> rx.Component:
    """The two that are not chosen."""
    button = lambda mode: rx.cond(  # noqa: E731 - one button of three
        card.mode == str(mode),
        rx.fragment(),
        opens(DriftState, str(mode), card.name, rx.el.span(tr(f"drift.choose.{mode}"))),
    )
    return rx.el.div(*(button(mode) for mode in HealingMode), class_name="actions")


def _columns() -> list[Column]:
    return [
        Column(tr("drift.what"), _what),
        Column(tr("drift.severity"), lambda line: badge(line.badge), sort="severity"),
        Column(tr("list.environment"), lambda line: say(line.environment), sort="environment"),
        Column(tr("drift.desired"), lambda line: rx.el.code(say(line.desired))),
        Column(tr("drift.actual"), lambda line: rx.el.code(say(line.actual))),
        Column(tr("drift.since"), lambda line: ago(at=line.since), sort="first_seen"),
        Column(tr("sessions.action"), _actions, class_name="number"),
    ]


def _what(line: Any) -> rx.Component:
    named = rx.cond(line.href != "", link(line.name, href=line.href), rx.el.span(line.name))
    return rx.el.div(
        rx.el.strong(say(line.text)),
        rx.el.div(named, class_name="small"),
        rx.el.div(say(line.origin), class_name="small"),
        rx.cond(line.state.en != "", rx.el.div(say(line.state), class_name="small"), rx.fragment()),
    )


def _actions(line: Any) -> rx.Component:
    button = lambda act, can: rx.cond(  # noqa: E731 - one button of three
        can, opens(DriftState, act, line.key, rx.el.span(tr(f"drift.{act}"))), rx.fragment()
    )
    return rx.el.div(
        button("repair", line.can_repair),
        button("adopt", line.can_adopt),
        button("ignore", line.can_ignore),
        class_name="actions",
    )


def _acts() -> list[Act]:
    state = DriftState
    asked = lambda name, handler: Act(  # noqa: E731 - one line each
        name, tr(f"drift.ask_{name}"), tr(f"drift.ask_{name}_more"), tr(f"drift.{name}"), handler, tone="primary"
    )
    modes = [
        Act(
            str(mode),
            tr("drift.ask_healing"),
            tr(f"drift.healing.{mode}"),
            tr(f"drift.choose.{mode}"),
            state.set_healing,
            tone="primary",
        )
        for mode in HealingMode
    ]
    return [asked("repair", state.repair), asked("adopt", state.adopt), asked("ignore", state.ignore), *modes]


def add_to(app: rx.App) -> None:
    add_page(app, drift, Place("/drift", "drift"), on_load=[DriftState.watch])
