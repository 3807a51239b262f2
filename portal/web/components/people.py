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


def avatar(initials: rx.Var[str], name: rx.Var[str] | None = None) -> rx.Component:
    """A person as a round mark; with `name` it stands beside it, else nobody hears it."""
    mark = rx.el.span(initials, class_name="who", aria_hidden="true")
    return mark if name is None else rx.el.span(mark, rx.el.span(name), class_name="person")


def _person(decision: rx.Var) -> rx.Component:
    return rx.el.li(
        avatar(decision.initials),
        rx.el.div(
            rx.el.strong(decision.name),
            rx.cond(decision.reason != "", rx.el.q(decision.reason), rx.fragment()),
            rx.el.span(ago(at=decision.at), class_name="small"),
        ),
        badge(decision.badge),
    )
