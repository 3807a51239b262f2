"""The verdict: the sentence first, then a picture of each interval, then how strong the evidence is."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import filled
from portal.web.components.status import status_icon
from portal.web.words import say, tr


def verdict_card(given: rx.Var, facts: rx.Var) -> rx.Component:
    return rx.el.section(
        rx.el.h2(status_icon(name=given.icon), rx.el.span(say(given.title)), class_name="verdict-title"),
        rx.el.p(say(given.text)),
        rx.cond(
            given.intervals.length() > 0,
            rx.fragment(
                rx.foreach(given.intervals, _interval),
                rx.el.p(
                    rx.el.span(class_name="key zero"),
                    tr("verdict.key_zero"),
                    rx.el.span(class_name="key tolerance"),
                    tr("verdict.key_tolerance"),
                    class_name="legend",
                ),
                rx.el.p(tr("verdict.limit", n=given.limit), class_name="note"),
            ),
            rx.fragment(),
        ),
        rx.el.ul(rx.foreach(facts, _fact), class_name="facts"),
        class_name=f"card verdict {given.tone}",
    )


def _interval(given: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.span(say(given.name)), rx.el.b(given.value), class_name="interval-head"),
        _picture(given),
        rx.el.div(say(given.bounds), class_name="small"),
        rx.el.div(
            rx.el.span(tr("verdict.evidence"), class_name="small"),
            filled(percent=given.evidence_percent),
            rx.el.b(given.evidence, class_name="small"),
            class_name="evidence",
        ),
        class_name=f"interval {given.tone}",
    )


def _picture(given: rx.Var) -> rx.Component:
    return rx.el.svg(
        rx.el.line(x1="8", x2="232", y1="14", y2="14", class_name="axis"),
        rx.el.line(x1=given.zero_x, x2=given.zero_x, y1="6", y2="22", class_name="zero"),
        rx.el.line(x1=given.tolerance_x, x2=given.tolerance_x, y1="2", y2="26", class_name="tolerance"),
        rx.el.rect(x=given.low_x, width=given.width, y="10", height="8", rx="4", class_name="range"),
        rx.el.circle(cx=given.estimate_x, cy="14", r="4.5", class_name="estimate"),
        view_box="0 0 240 28",
        class_name="picture",
        role="img",
        aria_label=tr("verdict.picture", bounds=say(given.bounds), value=given.value),
    )


def _fact(fact: rx.Var) -> rx.Component:
    return rx.el.li(status_icon(name=fact.icon), rx.el.span(say(fact.text)), class_name=fact.tone)
