"""Icons of one family and one weight, and the mark of the product."""

from __future__ import annotations

import reflex as rx


def icon(name: str, *, size: int = 16, class_name: str = "icon") -> rx.Component:
    """A Lucide icon. It says nothing to a screen reader: the word beside it does."""
    return rx.icon(name, size=size, class_name=class_name, aria_hidden="true")


def mark() -> rx.Component:
    return rx.el.img(src="/portal/mark.svg", alt="", class_name="mark-image")
