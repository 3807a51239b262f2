"""The forms about the life of an environment: made, cloned, kept longer, taken away."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.browser import dialog
from portal.web.components.controls import checkbox, select_field, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.icons import icon
from portal.web.components.overlays import confirm, menu_item
from portal.web.components.tables import spoken
from portal.web.states.life import LifeState
from portal.web.words import tr


def create_button() -> rx.Component:
    return rx.el.button(
        icon("plus"),
        rx.el.span(tr("life.create")),
        type="button",
        on_click=LifeState.ask_create,
        class_name="button quiet",
    )


def life_items() -> tuple[rx.Component, ...]:
    """What the menu of an environment offers beside."""
    return (
        menu_item(tr("life.clone"), "copy", on_click=LifeState.ask("clone")),
        menu_item(tr("life.extend"), "clock", on_click=LifeState.ask("extend")),
        menu_item(tr("life.remove"), "trash-2", on_click=LifeState.ask_remove, tone="danger"),
    )


def life_forms() -> rx.Component:
    state = LifeState
    return rx.fragment(
        dialog(
            rx.match(
                state.asked,
                ("create", _form("create", _template(), *_named(), on_submit=state.create)),
                ("clone", _form("clone", *_named(), _data(), on_submit=state.clone)),
                ("extend", _form("extend", _hours(is_required=True), on_submit=state.extend)),
                rx.fragment(),
            ),
            open=state.asked != "",
            labelled_by="life-title",
            on_close=state.close,
        ),
        confirm(
            state,
            state.question,
            reason_field("remove-reason", tr("form.reason")),
            on_submit=state.remove,
            on_close=state.close,
        ),
    )


def _form(key: str, *fields: rx.Component, on_submit: Any) -> rx.Component:
    return rx.el.form(
        rx.el.h2(tr(f"life.{key}"), id="life-title"),
        rx.el.p(tr(f"life.{key}_more"), class_name="note"),
        *fields,
        reason_field(f"{key}-reason", tr("form.reason")),
        trouble(LifeState.trouble),
        rx.el.div(
            submit(tr(f"life.{key}"), tone="solid primary"),
            rx.el.button(tr("form.cancel"), type="button", on_click=LifeState.close, class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=on_submit,
        class_name="form",
    )


def _template() -> rx.Component:
    return select_field(tr("life.template"), "template", options=spoken(LifeState.templates))


def _named() -> tuple[rx.Component, ...]:
    return (
        text_field(tr("environment.name"), "name", hint=tr("environment.name_hint"), required=True, max_length=40),
        text_field(tr("life.owners"), "owners", hint=tr("life.owners_hint"), max_length=300),
        _hours(),
    )


def _hours(*, is_required: bool = False) -> rx.Component:
    return text_field(
        tr("life.hours"), "hours", type="number", min="0", max="8760", hint=tr("life.hours_hint"), required=is_required
    )


def _data() -> rx.Component:
    return checkbox(tr("life.has_data"), "has_data", hint=tr("life.has_data_hint"))
