"""Release notes: HTML that `portal.web.notes` made of what somebody wrote."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.words import tr


def notes(html: Any, none: rx.Component) -> rx.Component:
    """All of them, or `none` if there are no notes."""
    return rx.cond(html != "", rx.html(html, class_name="notes"), none)


def short_notes(html: Any) -> rx.Component:
    """In a box that scrolls; nothing if there are no notes."""
    box = rx.el.div(
        rx.html(html, class_name="notes"),
        class_name="notes-box",
        tab_index=0,
        role="group",
        aria_label=tr("release.notes"),
    )
    return rx.cond(html != "", box, rx.fragment())
