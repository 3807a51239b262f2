"""Cards, heads, empty places and skeletons: the frame of every page's content."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router import link as router_link

from portal.web.components.browser import reload
from portal.web.components.icons import icon
from portal.web.words import tr

Child = Any
Text = rx.Var[str]


def card(title: Text, *children: Child, aside: Child = None, class_name: str = "") -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2(title), aside if aside is not None else rx.fragment(), class_name="card-head"),
        *children,
        class_name=f"card {class_name}",
    )


def head(title: Child, *below: Child, actions: Child = None) -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.h1(title), rx.el.div(*below, class_name="sub"), class_name="head-words"),
        actions if actions is not None else rx.fragment(),
        class_name="head",
    )


def empty(icon_name: str, title: Text, text: Text, action: Child = None) -> rx.Component:
    """What will be here, and the one thing to do."""
    return rx.el.div(
        icon(icon_name, size=24, class_name="icon faint"),
        rx.el.strong(title),
        rx.el.p(text),
        action if action is not None else rx.fragment(),
        class_name="empty",
    )


def skeleton(*heights: str) -> rx.Component:
    """The shape of what comes, while it is loading; `heights` are s, m or l."""
    return rx.el.div(
        *(rx.el.div(class_name=f"bone {height}") for height in heights),
        class_name="skeleton",
        aria_busy="true",
        aria_label=tr("web.loading"),
        role="status",
    )


def failed(text: Text, action: Child = None) -> rx.Component:
    """What happened instead of the content, and the way out: by default to try it once more."""
    again = reload(icon("refresh-cw"), rx.el.span(tr("web.again")), class_name="button quiet")
    return rx.el.section(
        empty("cloud-off", tr("web.failed"), text, action if action is not None else again),
        class_name="card",
        role="alert",
    )


def missing(text: Text, href: str, label: Text) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            icon("search-x", size=24, class_name="icon faint"),
            rx.el.h1(tr("web.missing")),
            rx.el.p(text),
            link(label, href=href, class_name="button quiet"),
            class_name="empty",
        ),
        class_name="card",
    )


def live_dot(text: Text | None = None) -> rx.Component:
    return rx.el.span(rx.el.i(class_name="pulse"), text if text is not None else tr("web.live"), class_name="live")


def pair(label: Text, *value: Child) -> rx.Component:
    return rx.fragment(rx.el.dt(label), rx.el.dd(*value))


def link(*label: Child, href: rx.Var[str] | str, class_name: str = "link") -> rx.Component:
    """A link inside the portal, followed without a reload."""
    return router_link(*label, to=href, class_name=class_name)
