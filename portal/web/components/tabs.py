"""Tabs: parts of one page, each with an address of its own, so that a colleague can be sent to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal.web.components.frame import Text, link
from portal.web.words import tr


@dataclass(frozen=True, slots=True)
class Tab:
    """`code` is what the state calls it; `count`, if given, stands beside the label."""

    code: str
    label: Text
    href: rx.Var[str] | str
    count: rx.Var[int] | None = None


def tabs(current: Any, *given: Tab) -> rx.Component:
    """A row of tabs of which `current` (a code) is shown. On a phone it scrolls sideways."""
    return rx.el.nav(*(_tab(current, tab) for tab in given), class_name="tabs", aria_label=tr("web.tabs"))


def _tab(current: Any, tab: Tab) -> rx.Component:
    count = rx.el.span(tab.count, class_name="tag") if tab.count is not None else rx.fragment()
    is_current = current == tab.code
    return rx.el.span(
        link(rx.el.span(tab.label), count, href=tab.href, class_name="tab"),
        class_name=rx.cond(is_current, "current", ""),
        aria_current=rx.cond(is_current, "page", "false"),
    )
