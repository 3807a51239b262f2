"""What a form is made of: each control with its label, a hint, and room for what is wrong with it.

`flaw` is a `Words` value of the state: what the server says about this very field. It is read out with the field.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.frame import Text
from portal.web.components.icons import icon
from portal.web.words import say


def labelled(
    label: Text, control: rx.Component, *, for_id: str, hint: Text | None = None, flaw: Any = None
) -> rx.Component:
    """Any control with a label above and a hint or its flaw below. The control has the id `for_id`."""
    told = rx.el.p(hint, class_name="hint", id=f"{for_id}-hint") if hint is not None else rx.fragment()
    if flaw is not None:
        wrong = rx.el.p(icon("circle-alert", size=14), say(flaw), class_name="flaw", id=f"{for_id}-hint", role="alert")
        told = rx.cond(flaw.en != "", wrong, told)
    return rx.el.div(rx.el.label(label, html_for=for_id), control, told, class_name="field")


def text_field(label: Text, name: str, *, hint: Text | None = None, flaw: Any = None, **given: Any) -> rx.Component:
    """A line of text; `given` goes to the input: `default_value`, `required`, `max_length`, `type="password"` …

    `type="datetime-local"` asks for a date and a time, `type="number"` for a number.
    """
    control = rx.el.input(name=name, id=name, **_described(name, hint, flaw), **given)
    return labelled(label, control, for_id=name, hint=hint, flaw=flaw)


def text_area(label: Text, name: str, *, hint: Text | None = None, flaw: Any = None, **given: Any) -> rx.Component:
    """Several lines of text."""
    control = rx.el.textarea(name=name, id=name, **_described(name, hint, flaw), **({"rows": "4"} | given))
    return labelled(label, control, for_id=name, hint=hint, flaw=flaw)


def select_field(
    label: Text, name: str, *, options: Any, hint: Text | None = None, flaw: Any = None, **given: Any
) -> rx.Component:
    """One of several; `options` as `tables.names` and `tables.spoken` make them, or `rx.el.option`s."""
    control = rx.el.div(
        rx.el.select(*options, name=name, id=name, **_described(name, hint, flaw), **given),
        icon("chevron-down"),
        class_name="select",
    )
    return labelled(label, control, for_id=name, hint=hint, flaw=flaw)


def date_time_field(
    label: Text, name: str, *, hint: Text | None = None, flaw: Any = None, **given: Any
) -> rx.Component:
    """A date and a time of day, in the zone that the hint should name: the form sends `2026-11-24T09:00`."""
    return text_field(label, name, hint=hint, flaw=flaw, type="datetime-local", **given)


def checkbox(label: Text, name: str, *, hint: Text | None = None, **given: Any) -> rx.Component:
    """Yes or no, sent with the form: `on` or nothing."""
    more = rx.el.span(hint, class_name="hint") if hint is not None else rx.fragment()
    box = rx.el.input(type="checkbox", name=name, **given)
    return rx.el.label(box, rx.el.span(label, more), class_name="check")


def switch(label: Text, *, is_on: Any, on_change: Any, hint: Text | None = None, **given: Any) -> rx.Component:
    """Yes or no, at once: `on_change` is told true or false. Use a checkbox where a form is sent later."""
    more = rx.el.span(hint, class_name="hint") if hint is not None else rx.fragment()
    box = rx.el.input(type="checkbox", role="switch", checked=is_on, on_change=on_change, **given)
    return rx.el.label(rx.el.span(label, more), box, class_name="switch")


def _described(name: str, hint: Text | None, flaw: Any) -> dict[str, Any]:
    """Ties the hint or the flaw to the control for those who hear the page."""
    described = {"aria_describedby": f"{name}-hint"} if hint is not None or flaw is not None else {}
    wrong = {"aria_invalid": rx.cond(flaw.en != "", "true", "false")} if flaw is not None else {}
    return described | wrong
