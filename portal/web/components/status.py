"""Status by shape, colour and word; versions in the two colours they have everywhere."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import share
from portal.web.components.icons import icon
from portal.web.words import say

ICONS = (
    "arrow-left-right",
    "check",
    "chevrons-right",
    "circle",
    "clock",
    "dot",
    "eye",
    "flame",
    "heart-pulse",
    "loader",
    "octagon-alert",
    "package",
    "pause",
    "play",
    "refresh-cw",
    "repeat",
    "shield-check",
    "skip-forward",
    "snowflake",
    "triangle-alert",
    "undo",
    "user-check",
    "x",
)


@rx.memo
def status_icon(name: rx.Var[str]) -> rx.Component:
    """One of ICONS, chosen by the server."""
    return rx.match(name, *((known, icon(known)) for known in ICONS), icon("circle"))


def badge(given: rx.Var) -> rx.Component:
    return rx.el.span(
        status_icon(name=given.icon),
        rx.el.span(say(given.text)),
        class_name=f"badge {given.tone}",
    )


def version(text: rx.Var[str] | str, side: str = "neutral") -> rx.Component:
    """`side` is stable, canary or neutral."""
    return rx.el.code(text, class_name=f"version {side}")


def versions(line: rx.Var) -> rx.Component:
    """From the old version to the new one."""
    return rx.el.span(
        rx.cond(
            line.from_version != "",
            rx.fragment(version(line.from_version, "stable"), icon("arrow-right", class_name="icon faint")),
            rx.fragment(),
        ),
        rx.cond(line.is_over, version(line.to_version), version(line.to_version, "canary")),
        class_name="versions",
    )


def mini_split(percent: rx.Var[int]) -> rx.Component:
    """How much of the traffic is on its way, as a small bar. The number stands beside it."""
    return rx.el.span(
        share(percent=100 - percent, class_name="stable"),
        share(percent=percent, class_name="canary"),
        class_name="mini-split",
        aria_hidden="true",
    )
