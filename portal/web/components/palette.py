"""The command palette of every page: Ctrl-K, type, Enter."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import opens
from portal.web.components.browser import palette as palette_part
from portal.web.components.icons import icon
from portal.web.states.palette import PaletteState
from portal.web.words import tr

PALETTE_ID = "palette"
KINDS = ("page", "service", "environment", "release", "rollout", "person", "document", "action")


@rx.memo
def palette() -> rx.Component:
    return palette_part(
        id=PALETTE_ID,
        label=tr("palette.label"),
        close_label=tr("web.close"),
        placeholder=tr("palette.placeholder"),
        nothing=tr("palette.nothing"),
        kinds={kind: tr(f"palette.{kind}") for kind in KINDS},
        rows=PaletteState.rows,
        asked=PaletteState.asked,
        on_search=PaletteState.search,
    )


def palette_button() -> rx.Component:
    """In the bar: a field's look where there is room, a magnifying glass on a phone."""
    return opens(
        icon("search"),
        rx.el.span(tr("palette.open")),
        rx.el.kbd(aria_hidden="true", custom_attrs={"data-keys": "Ctrl K"}),
        target=PALETTE_ID,
        label=tr("palette.open"),
        class_name="palette-button",
    )
