"""A page outside the shell: one card in the middle, for whoever is not signed in or has lost the way."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import language_switch, ready, theme_switch
from portal.web.components.icons import icon, mark
from portal.web.components.native import native_link
from portal.web.navigation import DOCUMENTS
from portal.web.words import tr


def door(title: str, content: rx.Component, icon_name: str, hint: str, *, has_help: bool = True) -> rx.Component:
    """`title` and `hint` are keys of the catalogue; `has_help` leads to the page about signing in."""
    lost = native_link(tr("sign_in.docs"), href=f"{DOCUMENTS}/accounts", class_name="link small")
    return rx.el.div(
        rx.el.title(tr("web.title", page=tr(title))),
        rx.el.div(
            language_switch(),
            theme_switch(labels={choice: tr(f"theme.{choice}") for choice in ("system", "light", "dark")}),
            class_name="tools corner",
        ),
        rx.el.main(
            rx.el.div(mark(), rx.el.strong(tr("product.name")), class_name="brand"),
            rx.el.h1(tr(title)),
            content,
            rx.el.p(icon(icon_name), rx.el.span(tr(hint)), class_name="hint first"),
            lost if has_help else rx.fragment(),
            class_name="card sign-in",
        ),
        ready(),
        class_name="door",
    )
