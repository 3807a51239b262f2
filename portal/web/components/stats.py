"""Figures: a label, the number with its unit, and what it means."""

from __future__ import annotations

import reflex as rx

from portal.web.components.frame import Child, Text, card


def stats(*given: rx.Component) -> rx.Component:
    """Several `stat`s in a row that wraps."""
    return rx.el.dl(*given, class_name="stats")


def stat(
    label: Text, value: Child, *, unit: Child = None, note: Child = None, tone: rx.Var[str] | str = ""
) -> rx.Component:
    """`tone` is ok, warn, bad or nothing; a colour never stands alone, so let `note` say the same in words."""
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(
            rx.el.span(value, class_name="figure"),
            rx.el.span(unit, class_name="unit") if unit is not None else rx.fragment(),
        ),
        rx.el.dd(note, class_name="small") if note is not None else rx.fragment(),
        class_name=f"stat {tone}",
    )


def chart_frame(title: Text, drawing: rx.Component, *legend: Child, note: Child = None) -> rx.Component:
    """A chart (`browser.chart`) in its card: the title says what is measured, the legend which line is whose.

    Lines of a legend are pairs of `key("stable")` and a name.
    """
    words = rx.el.p(*legend, class_name="legend")
    below = rx.el.p(note, class_name="note") if note is not None else rx.fragment()
    return card(title, drawing, below, aside=words)


def key(name: str) -> rx.Component:
    """The mark of a line in a legend: stable, canary or tolerance."""
    return rx.el.span(class_name=f"key {name}", aria_hidden="true")
