"""Signing in: a form that the browser posts itself, so that the session's secret is never seen by a script."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import language_switch, ready, theme_switch
from portal.web.components.forms import field, submit, trouble
from portal.web.components.icons import icon, mark
from portal.web.components.native import native_form
from portal.web.states.sign_in import SignInState
from portal.web.template import PRODUCT
from portal.web.words import tr


def sign_in() -> rx.Component:
    return rx.el.div(
        rx.el.title(tr("web.title", page=tr("sign_in.title"))),
        rx.el.div(
            language_switch(),
            theme_switch(labels={choice: tr(f"theme.{choice}") for choice in ("system", "light", "dark")}),
            class_name="tools corner",
        ),
        rx.el.main(
            rx.el.div(mark(), rx.el.strong(tr("product.name")), class_name="brand"),
            rx.el.h1(tr("sign_in.title")),
            _form(),
            rx.cond(
                SignInState.is_first,
                rx.el.p(icon("terminal"), rx.el.span(tr("sign_in.first")), class_name="hint first"),
                rx.fragment(),
            ),
            class_name="card sign-in",
        ),
        ready(),
        class_name="door",
    )


def _form() -> rx.Component:
    return native_form(
        trouble(SignInState.trouble),
        field(
            tr("sign_in.name"),
            rx.el.input(
                name="name", id="name", required=True, auto_complete="username", auto_focus=True, max_length=100
            ),
            for_id="name",
        ),
        field(
            tr("sign_in.password"),
            rx.el.input(
                name="password", id="password", type="password", required=True, auto_complete="current-password"
            ),
            for_id="password",
        ),
        rx.el.input(type="hidden", name="next", value=SignInState.target, read_only=True),
        submit(tr("sign_in.submit")),
        action="/auth/sign-in",
        method="post",
        class_name="form",
    )


def add_to(app: rx.App) -> None:
    app.add_page(sign_in, route="/sign-in", title=PRODUCT, on_load=SignInState.load)
