"""The menu of saved views beside a list's filters, and the form that saves one."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.browser import dialog
from portal.web.components.controls import checkbox, text_field
from portal.web.components.forms import submit, trouble
from portal.web.components.icons import icon
from portal.web.components.overlays import menu_item, text_menu
from portal.web.states.saved_views import SavedViewsState
from portal.web.words import tr


def saved_views() -> rx.Component:
    """Add `SavedViewsState.load` to the page's handlers."""
    state = SavedViewsState
    return rx.fragment(
        text_menu(
            tr("views.title"),
            rx.foreach(state.rows, _view),
            rx.cond(state.rows.length() > 0, rx.el.hr(), rx.fragment()),
            menu_item(tr("views.save"), "bookmark-plus", on_click=state.open),
            rx.foreach(state.rows, _removal),
        ),
        _form(),
    )


def _view(view: Any) -> rx.Component:
    shared = rx.cond(view.is_shared, "users", "bookmark")
    label = rx.cond(view.owner != "", view.name + " · " + view.owner, view.name)
    return rx.match(
        shared,
        ("users", menu_item(label, "users", href=view.href)),
        menu_item(label, "bookmark", href=view.href),
    )


def _removal(view: Any) -> rx.Component:
    return rx.cond(
        view.is_mine,
        menu_item(
            tr("views.remove", name=view.name), "trash-2", on_click=SavedViewsState.remove(view.id), tone="danger"
        ),
        rx.fragment(),
    )


def _form() -> rx.Component:
    state = SavedViewsState
    cancel = rx.el.button(tr("form.cancel"), type="button", on_click=state.close, class_name="button quiet")
    form = rx.el.form(
        rx.el.h2(icon("bookmark-plus"), " ", tr("views.save"), id="views-title"),
        rx.el.p(tr("views.save_more")),
        text_field(tr("views.name"), "name", required=True, max_length=60, auto_focus=True),
        checkbox(tr("views.share"), "is_shared", hint=tr("views.share_more")),
        trouble(state.trouble),
        rx.el.div(submit(tr("form.save")), cancel, class_name="actions"),
        on_submit=state.save,
        class_name="form",
    )
    return dialog(form, open=state.is_open, labelled_by="views-title", on_close=state.close)
