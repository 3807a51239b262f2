"""What lies over a page for a moment: a menu, a sheet at the side, a question to which the name has to be typed."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.browser import copy, dialog, menu, typed
from portal.web.components.forms import trouble
from portal.web.components.frame import Child, Text, link
from portal.web.components.icons import icon
from portal.web.words import say, tr


def actions_menu(*items: rx.Component, label: Text | None = None) -> rx.Component:
    """Three dots that open a list of `menu_item`s. Arrow keys move, Escape closes; `label` says what they are about."""
    return menu(*items, label=label if label is not None else tr("web.more"))


def text_menu(text: Text, *items: rx.Component) -> rx.Component:
    """A button with a text that opens a list of `menu_item`s."""
    return menu(*items, label=text, text=text)


def menu_item(label: Text, icon_name: str, *, href: Any = None, on_click: Any = None, tone: str = "") -> rx.Component:
    """One line of a menu: a link or an action. `tone` danger for what destroys."""
    face = (icon(icon_name), rx.el.span(label))
    if href is not None:
        return link(*face, href=href, class_name=f"menu-item {tone}")
    return rx.el.button(*face, type="button", role="menuitem", on_click=on_click, class_name=f"menu-item {tone}")


def sheet(title: Child, *content: Child, is_open: Any, on_close: Any) -> rx.Component:
    """Details at the right edge, over the page, which stays where it is; on a phone the whole screen."""
    close = rx.el.button(icon("x"), type="button", on_click=on_close, class_name="tool", aria_label=tr("web.close"))
    return dialog(
        rx.el.div(rx.el.h2(title, id="sheet-title"), close, class_name="card-head"),
        *content,
        open=is_open,
        kind="sheet",
        labelled_by="sheet-title",
        on_close=on_close,
    )


def confirm(state: Any, question: Any, *fields: Child, on_submit: Any, on_close: Any) -> rx.Component:
    """Asks before something is destroyed: what will happen, a reason if `fields` ask for one, and the name to be typed.

    `question` is a `portal.web.presenters.marks.Confirmation` of the state, open while its `name` is not empty;
    `state.trouble` is what went wrong. The form sends `typed`: check it on the server as well.
    """
    expected = question.name
    form = rx.el.form(
        rx.el.h2(say(question.title), id="confirm-title"),
        rx.el.p(say(question.consequence)),
        *fields,
        rx.el.div(
            rx.el.label(tr("confirm.type", name=expected), html_for="typed"),
            typed(id="typed", expected=expected, hint=tr("confirm.differs", name=expected)),
            class_name="field",
        ),
        trouble(state.trouble),
        rx.el.div(
            rx.el.button(say(question.button), type="submit", class_name="button solid danger"),
            rx.el.button(tr("form.cancel"), type="button", on_click=on_close, class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=on_submit,
        class_name="form",
    )
    return dialog(form, open=expected != "", labelled_by="confirm-title", on_close=on_close)


def copyable(text: Any, *, shown: Child = None) -> rx.Component:
    """A code with a button that copies it; `shown` if that is shorter than the text itself."""
    return rx.el.span(
        rx.el.code(shown if shown is not None else text, class_name="break"),
        copy(text=text, label=tr("web.copy"), done=tr("web.copied")),
        class_name="copyable",
    )
