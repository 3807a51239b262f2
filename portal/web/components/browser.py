"""The parts that are written in JavaScript (assets/portal), as components: each line is a part and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

Part = Callable[..., rx.Component]
_CLOSED = rx.EventHandler[rx.event.no_args_event_spec]


def _part(module: str, tag: str, **given: Any) -> Part:
    """The component `tag` of assets/portal/<module>.jsx. `given` are its props: a type each, or an event handler."""
    fields = {name: kind if kind is _CLOSED else rx.Var[kind] for name, kind in given.items()}
    parts: dict[str, Any] = {
        "__module__": __name__,
        "__annotations__": fields,
        "library": f"$/public/portal/{module}.jsx",
        "tag": tag,
    }
    return type(rx.Component)(tag, (rx.Component,), parts).create


# Times in seconds since the epoch. All four show the exact time and its zone on hover.
ago = _part("time", "Ago", at=float)  # how long ago, in words
clock = _part("time", "Clock", at=float, has_seconds=bool)  # the time of day, with the date if it is not today
elapsed = _part("time", "Elapsed", since=float, until=float)  # up to now if `until` is 0
left = _part("time", "Left", until=float, label=str)  # the label and the time until then; nothing once that is past

share = _part("parts", "Share", percent=int)  # a part of a bar, as wide as its share
filled = _part("parts", "Filled", percent=float)  # a bar filled to a per cent
language_switch = _part("parts", "LanguageSwitch")
theme_switch = _part("parts", "ThemeSwitch", labels=dict[str, str])
ready = _part("parts", "Ready")  # tells the style sheet that the page speaks the reader's language
drawer = _part("parts", "Drawer", label=str)  # the button that opens the navigation on a phone

shortcuts = _part("keys", "Shortcuts", places=dict[str, str], help_id=str)
opens = _part("keys", "Opens", target=str, label=str)  # opens the dialog with the id `target` without asking the server
dialog = _part("dialog", "Dialog", open=bool, labelled_by=str, on_close=_CLOSED)  # modal, as long as `open` is true

# Stable and canary over time; `portal.web.presenters.charts.ChartView` says what it is given.
chart = _part("chart", "Chart", chart=Any, label=str, stable_name=str, canary_name=str, empty_text=str)
