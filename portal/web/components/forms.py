"""Fields with a label, a hint and room for what is wrong. Lists have theirs in `tables`."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.frame import link
from portal.web.components.icons import icon
from portal.web.components.native import native_link
from portal.web.navigation import error_address
from portal.web.words import Trouble, say, tr

Text = rx.Var[str]


def field(label: Text, control: rx.Component, *, for_id: str, hint: Text | None = None) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=for_id),
        control,
        rx.el.p(hint, class_name="hint") if hint is not None else rx.fragment(),
        class_name="field",
    )


def reason_field(field_id: str, placeholder: Text, *, has_focus: bool = False) -> rx.Component:
    control = rx.el.textarea(
        name="reason",
        id=field_id,
        required=True,
        max_length=500,
        rows="2",
        auto_focus=has_focus,
        placeholder=placeholder,
    )
    return field(tr("form.reason"), control, for_id=field_id, hint=tr("form.reason_hint"))


def select(field_id: str, options: Any, value: rx.Var[str], on_change: Any) -> rx.Component:
    """`options` are `rx.el.option`s, or one `rx.foreach` of them."""
    return rx.el.div(
        rx.el.select(*options, id=field_id, name=field_id, value=value, on_change=on_change),
        icon("chevron-down"),
        class_name="select",
    )


def pager(paging: rx.Var) -> rx.Component:
    """Which part of the list this is, and the way to its neighbours."""
    return rx.cond(
        paging.total > 0,
        rx.el.nav(
            rx.el.span(tr("list.range", first=paging.first, last=paging.last, total=paging.total)),
            rx.cond(paging.previous != "", _step(paging.previous, "chevron-left", "list.previous"), rx.fragment()),
            rx.cond(paging.following != "", _step(paging.following, "chevron-right", "list.following"), rx.fragment()),
            class_name="pager",
            aria_label=tr("list.pages"),
        ),
        rx.fragment(),
    )


def _step(href: rx.Var[str], icon_name: str, key: str) -> rx.Component:
    return link(icon(icon_name), tr(key), href=href, class_name="button quiet compact")


def trouble(text: rx.Var) -> rx.Component:
    """What is wrong with what was sent, told beside the form."""
    return rx.cond(
        text.en != "",
        rx.el.p(icon("triangle-alert"), rx.el.span(say(text), _explained(text)), class_name="trouble", role="alert"),
        rx.fragment(),
    )


def _explained(text: rx.Var) -> rx.Component:
    """Words that are not of an error have no code."""
    code = text.to(Trouble).code
    place = rx.Var.create(error_address("")) + code
    leads = native_link(tr("help.error"), href=place, class_name="link", custom_attrs={"target": "_blank"})
    return rx.cond(code, rx.fragment(" ", leads), rx.fragment())


def submit(label: Text, *, tone: str = "primary", icon_name: str = "") -> rx.Component:
    return rx.el.button(
        icon(icon_name) if icon_name else rx.fragment(),
        rx.el.span(label),
        type="submit",
        class_name=f"button {tone}",
    )
