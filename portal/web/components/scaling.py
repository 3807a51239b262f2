"""The sheet beside a service's places: number and bounds of its containers, the policy, and what was decided."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.browser import ago
from portal.web.components.controls import checkbox, select_field, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import link
from portal.web.components.icons import icon
from portal.web.components.overlays import sheet
from portal.web.components.status import badge
from portal.web.states.scaling import ScalingState
from portal.web.words import say, tr


def scaling_button(environment: Any) -> rx.Component:
    return rx.el.button(
        icon("sliders-horizontal"),
        rx.el.span(tr("scaling.open")),
        type="button",
        on_click=ScalingState.open(environment),
        class_name="button quiet compact",
    )


def scaling_sheet() -> rx.Component:
    given = ScalingState.card
    return sheet(
        say(given.title),
        rx.cond(given.is_moving, rx.el.p(icon("loader"), tr("scaling.moving_note"), class_name="note"), rx.fragment()),
        allowed(Permission.DEPLOYMENT_SCALE, rx.el.div(_by_hand(given), _policy(given), class_name="stack")),
        rx.el.h3(tr("scaling.history")),
        rx.cond(
            given.lines.length() > 0,
            rx.el.ul(rx.foreach(given.lines, _line), class_name="plain"),
            rx.el.p(tr("scaling.none"), class_name="note"),
        ),
        is_open=given.service != "",
        on_close=ScalingState.close,
    )


def _number(key: str, name: str, value: Any, **more: Any) -> rx.Component:
    return text_field(tr(key), name, type="number", default_value=value.to_string(), required=True, **more)


def _by_hand(given: Any) -> rx.Component:
    cpu = text_field(
        tr("scaling.cpu"), "cpu", type="number", default_value=given.cpu, required=True, min="0.01", step="any"
    )
    return rx.el.form(
        rx.el.p(tr("scaling.more"), class_name="note"),
        rx.el.div(_number("scaling.replicas", "replicas", given.replicas, min="1", max="50"), cpu, class_name="halves"),
        _number("scaling.memory", "memory", given.memory, min="6"),
        reason_field("scale-reason", tr("form.reason")),
        trouble(ScalingState.trouble),
        rx.el.div(submit(tr("scaling.apply")), class_name="actions"),
        on_submit=ScalingState.scale,
        class_name="form",
        key=given.service + given.environment,
    )


def _policy(given: Any) -> rx.Component:
    metrics = (
        rx.el.option(tr("scaling.metric_cpu"), value="cpu"),
        rx.el.option(tr("scaling.metric_requests"), value="requests"),
    )
    target = text_field(
        tr("scaling.target"), "target", type="number", default_value=given.target, required=True, min="0.1", step="any"
    )
    form = rx.el.form(
        rx.el.p(tr("scaling.policy_more"), class_name="note"),
        checkbox(tr("scaling.is_on"), "is_on", default_checked=given.is_on),
        rx.el.div(
            _number("scaling.least", "least", given.least, min="1", max="50"),
            _number("scaling.most", "most", given.most, min="1", max="50"),
            class_name="halves",
        ),
        rx.el.div(
            select_field(tr("scaling.metric"), "metric", options=metrics, default_value=given.metric),
            target,
            class_name="halves",
        ),
        rx.el.div(
            _number("scaling.up_rest", "up_rest", given.up_rest, min="10"),
            _number("scaling.down_rest", "down_rest", given.down_rest, min="10"),
            class_name="halves",
        ),
        reason_field("policy-reason", tr("form.reason")),
        trouble(ScalingState.objection),
        rx.el.div(submit(tr("scaling.save"), tone="quiet"), class_name="actions"),
        on_submit=ScalingState.save_policy,
        class_name="form",
        key=given.service + given.environment,
    )
    return rx.el.details(rx.el.summary(tr("scaling.policy")), form, open=given.is_on, class_name="details")


def _line(line: Any) -> rx.Component:
    shown = badge(line.badge)
    return rx.el.li(
        rx.el.div(
            rx.cond(line.href != "", link(shown, href=line.href, class_name="bare"), shown),
            rx.el.div(say(line.why), class_name="small"),
            rx.cond(line.reason != "", rx.el.div(line.reason, class_name="small"), rx.fragment()),
        ),
        rx.el.span(tr("list.by", who=line.by), " · ", ago(at=line.at), class_name="small"),
    )
