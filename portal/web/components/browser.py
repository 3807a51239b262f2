"""The parts that are written in JavaScript (assets/portal), as components: each line is a part and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

Part = Callable[..., rx.Component]
_CLOSED = rx.EventHandler[rx.event.no_args_event_spec]
_TOLD = rx.EventHandler[rx.event.passthrough_event_spec(str)]


def _part(module: str, tag: str, **given: Any) -> Part:
    """The component `tag` of assets/portal/<module>.jsx. `given` are its props: a type each, or an event handler."""
    fields = {name: kind if kind in (_CLOSED, _TOLD) else rx.Var[kind] for name, kind in given.items()}
    parts: dict[str, Any] = {
        "__module__": __name__,
        "__annotations__": fields,
        "library": f"$/public/portal/{module}.jsx",
        "tag": tag,
    }
    return type(rx.Component)(tag, (rx.Component,), parts).create


# Times in seconds since the epoch. All four show the exact time and its zone on hover.
ago = _part("time", "Ago", at=float)  # how long ago, in words
exact = _part("time", "Exact", at=float)  # date, time and zone
clock = _part("time", "Clock", at=float, has_seconds=bool)  # the time of day, with the date if it is not today
elapsed = _part("time", "Elapsed", since=float, until=float)  # up to now if `until` is 0
left = _part("time", "Left", until=float, label=str)  # the label and the time until then; nothing once that is past

moment = _part("moment", "Moment", id=str, value=str, on_pick=_TOLD)  # picks a time by the reader's clock, as UTC

share = _part("parts", "Share", percent=int)  # a part of a bar, as wide as its share
filled = _part("parts", "Filled", percent=float)  # a bar filled to a per cent
language_switch = _part("parts", "LanguageSwitch")
theme_switch = _part("parts", "ThemeSwitch", labels=dict[str, str])
ready = _part("parts", "Ready")  # tells the style sheet that the page speaks the reader's language
reload = _part("parts", "Reload")  # the button that loads the page anew
fold = _part("parts", "Fold", name=str, title=str, is_current=bool)  # a group of the navigation
drawer = _part("parts", "Drawer", label=str)  # the button that opens the navigation on a phone

shortcuts = _part("keys", "Shortcuts", places=dict[str, str], help_id=str)
opens = _part("keys", "Opens", target=str, label=str)  # opens the dialog with the id `target` without asking the server
dialog = _part("dialog", "Dialog", open=bool, labelled_by=str, kind=str, on_close=_CLOSED)  # modal while `open` is true

copy = _part("kit", "Copy", text=str, label=str, done=str)
typed = _part("kit", "Typed", id=str, name=str, expected=str, hint=str)  # holds its form back until `expected` is typed
more = _part("kit", "More", label=str, is_set=bool)  # folds what it holds on a phone, while nothing is set
menu = _part("kit", "Menu", label=str, text=str)
editor = _part(
    "kit", "Editor", id=str, name=str, value=str, label=str, flaws=list, rows=int, is_read_only=bool, on_edit=_TOLD
)
connection = _part("kit", "Connection", is_lost=bool, lost=str, lost_more=str, regained=str)
palette = _part(
    "palette",
    "Palette",
    id=str,
    label=str,
    close_label=str,
    placeholder=str,
    nothing=str,
    kinds=dict[str, str],
    rows=list,
    asked=str,
    on_search=_TOLD,
)

# Stable and canary over time; `portal.web.presenters.charts.ChartView` says what it is given.
chart = _part("chart", "Chart", chart=Any, label=str, stable_name=str, canary_name=str, empty_text=str)
