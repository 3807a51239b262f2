"""The parts that are written in JavaScript (assets/portal), as components."""

from __future__ import annotations

from typing import Any

import reflex as rx

_FOLDER = "$/public/portal"


class Ago(rx.Component):
    """How long ago, in words; `at` in seconds since the epoch. All four show the exact time on hover."""

    library = f"{_FOLDER}/time.jsx"
    tag = "Ago"
    at: rx.Var[float]


class Clock(rx.Component):
    """The time of day, with the date if it is not today."""

    library = f"{_FOLDER}/time.jsx"
    tag = "Clock"
    at: rx.Var[float]
    has_seconds: rx.Var[bool]


class Elapsed(rx.Component):
    """The time from `since` to `until`, or to now if that is 0."""

    library = f"{_FOLDER}/time.jsx"
    tag = "Elapsed"
    since: rx.Var[float]
    until: rx.Var[float]


class Left(rx.Component):
    """The label and the time from now to `until`; nothing once that is past."""

    library = f"{_FOLDER}/time.jsx"
    tag = "Left"
    until: rx.Var[float]
    label: rx.Var[str]


class Share(rx.Component):
    """A part of a bar as wide as its share."""

    library = f"{_FOLDER}/parts.jsx"
    tag = "Share"
    percent: rx.Var[int]


class Filled(rx.Component):
    """A bar filled to a per cent."""

    library = f"{_FOLDER}/parts.jsx"
    tag = "Filled"
    percent: rx.Var[float]


class LanguageSwitch(rx.Component):
    library = f"{_FOLDER}/parts.jsx"
    tag = "LanguageSwitch"


class ThemeSwitch(rx.Component):
    library = f"{_FOLDER}/parts.jsx"
    tag = "ThemeSwitch"
    labels: rx.Var[dict[str, str]]


class Ready(rx.Component):
    """Tells the style sheet that the page speaks the reader's language, and closes the drawer after a step."""

    library = f"{_FOLDER}/parts.jsx"
    tag = "Ready"


class Drawer(rx.Component):
    library = f"{_FOLDER}/parts.jsx"
    tag = "Drawer"
    label: rx.Var[str]


class Shortcuts(rx.Component):
    library = f"{_FOLDER}/keys.jsx"
    tag = "Shortcuts"
    places: rx.Var[dict[str, str]]
    help_id: rx.Var[str]


class Opens(rx.Component):
    """A button that opens the dialog with the id `target`, without asking the server."""

    library = f"{_FOLDER}/keys.jsx"
    tag = "Opens"
    target: rx.Var[str]
    label: rx.Var[str]


class Dialog(rx.Component):
    """A modal dialog, open as long as `open` is true; `on_close` when it is dismissed."""

    library = f"{_FOLDER}/dialog.jsx"
    tag = "Dialog"
    open: rx.Var[bool]
    labelled_by: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class Chart(rx.Component):
    """Stable and canary over time; see `portal.web.presenters.charts.ChartView` for what it is given."""

    library = f"{_FOLDER}/chart.jsx"
    tag = "Chart"
    chart: rx.Var[Any]
    label: rx.Var[str]
    stable_name: rx.Var[str]
    canary_name: rx.Var[str]
    empty_text: rx.Var[str]


ago, clock, elapsed, left = Ago.create, Clock.create, Elapsed.create, Left.create
share, filled = Share.create, Filled.create
language_switch, theme_switch, ready, drawer = LanguageSwitch.create, ThemeSwitch.create, Ready.create, Drawer.create
shortcuts, opens = Shortcuts.create, Opens.create
dialog, chart = Dialog.create, Chart.create
