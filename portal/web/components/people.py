"""Who asked for a rollout and who has decided about it."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import ago
from portal.web.components.frame import card
from portal.web.components.status import badge
from portal.web.words import say, tr


def approvals(decisions: rx.Var, note: rx.Var) -> rx.Component:
    return card(
        tr("approval.title"),
        rx.el.ul(rx.foreach(decisions, _person), class_name="people"),
        rx.el.p(say(note), class_name="note"),
    )


def _person(decision: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(decision.initials, class_name="who", aria_hidden="true"),
        rx.el.div(
            rx.el.strong(decision.name),
            rx.cond(decision.reason != "", rx.el.q(decision.reason), rx.fragment()),
            rx.el.span(ago(at=decision.at), class_name="small"),
        ),
        badge(decision.badge),
    )
