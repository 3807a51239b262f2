"""The steps of a rollout: where it has been, where it is, what comes."""

from __future__ import annotations

import reflex as rx

from portal.web.components.icons import icon
from portal.web.words import say, tr


def step_list(strides: rx.Var, *, class_name: str = "") -> rx.Component:
    return rx.el.ol(rx.foreach(strides, _step), class_name=f"steps {class_name}", aria_label=tr("rollout.steps"))


def _step(stride: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(_shape(stride.status), class_name="step-mark"),
        rx.el.div(
            rx.el.strong(say(stride.title)),
            rx.el.span(say(stride.detail), class_name="small"),
            rx.el.span(_word(stride.status), class_name="hidden"),
        ),
        class_name=f"step {stride.status}",
        aria_current=rx.cond(stride.status == "now", "step", "false"),
    )


def _shape(status: rx.Var[str]) -> rx.Component:
    return rx.match(
        status,
        ("done", icon("check", size=14)),
        ("now", icon("loader", size=14)),
        ("skipped", icon("skip-forward", size=14)),
        ("failed", icon("x", size=14)),
        icon("circle", size=14),
    )


def _word(status: rx.Var[str]) -> rx.Var:
    words = [(name, tr(f"stride_status.{name}")) for name in ("done", "now", "skipped", "failed")]
    return rx.match(status, *words, tr("stride_status.next"))
