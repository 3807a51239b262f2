"""What is different: old and new side by side."""

from __future__ import annotations

import reflex as rx

from portal.web.components.icons import icon
from portal.web.words import say


def change_rows(changes: rx.Var) -> rx.Component:
    def row(change: rx.Var) -> rx.Component:
        return rx.fragment(
            rx.el.dt(say(change.label)),
            rx.el.dd(
                rx.cond(
                    change.old != "",
                    rx.fragment(rx.el.code(change.old), icon("arrow-right", class_name="icon faint")),
                    rx.fragment(),
                ),
                rx.el.code(change.new, class_name="new"),
            ),
        )

    return rx.el.dl(rx.foreach(changes, row), class_name="pairs")
