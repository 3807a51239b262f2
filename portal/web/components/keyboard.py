"""The list of keys, opened by `?`."""

from __future__ import annotations

import reflex as rx

from portal.web.components.icons import icon
from portal.web.components.native import native_form
from portal.web.navigation import nouns
from portal.web.words import tr

HELP_ID = "keys"


def keyboard_help() -> rx.Component:
    rows = (
        (("/",), tr("keys.search")),
        (("Ctrl", "K"), tr("keys.palette")),
        (("?",), tr("keys.help")),
        *((("g", noun.key), tr("keys.go", page=tr(f"nav.{noun.name}"))) for noun in nouns()),
    )
    return rx.el.dialog(
        rx.el.div(
            rx.el.div(
                rx.el.h2(tr("keys.title"), id="keys-title"),
                native_form(
                    rx.el.button(icon("x"), type="submit", class_name="tool", aria_label=tr("web.close")),
                    method="dialog",
                ),
                class_name="card-head",
            ),
            rx.el.dl(*(_row(keys, text) for keys, text in rows), class_name="keys"),
            class_name="dialog-body",
        ),
        id=HELP_ID,
        class_name="dialog",
        aria_labelledby="keys-title",
    )


def _row(keys: tuple[str, ...], text: rx.Var[str]) -> rx.Component:
    return rx.fragment(rx.el.dt(*(rx.el.kbd(key) for key in keys)), rx.el.dd(text))
