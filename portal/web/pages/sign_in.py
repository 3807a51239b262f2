"""The door: forms that the browser posts itself, so that the session's secret is never seen by a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from portal.web.components.door import door
from portal.web.components.forms import field, submit, trouble
from portal.web.components.icons import icon
from portal.web.components.native import native_form
from portal.web.components.secrets import away, from_fragment
from portal.web.states.sign_in import SignInState
from portal.web.template import PRODUCT
from portal.web.words import say, tr


def sign_in() -> rx.Component:
    return door("sign_in.title", rx.fragment(_sign_in_form(), _organisation()), "terminal", "sign_in.first")


def code() -> rx.Component:
    """The second step."""
    return door("code.title", _code_form(), "key-round", "code.lost")


def invitation() -> rx.Component:
    """Setting one's own password by a link."""
    return door("invitation.title", _invitation_form(), "shield-check", "invitation.hint")


def _sign_in_form() -> rx.Component:
    return native_form(
        _done(),
        trouble(SignInState.trouble),
        field(
            tr("sign_in.name"),
            rx.el.input(
                name="name",
                id="name",
                required=True,
                auto_complete="username",
                auto_focus=True,
                max_length=100,
                default_value=SignInState.name,
                key=SignInState.name,
            ),
            for_id="name",
        ),
        field(tr("sign_in.password"), _password("password", "current-password"), for_id="password"),
        _next(),
        submit(tr("sign_in.submit")),
        action="/auth/sign-in",
        method="post",
        class_name="form",
    )


def _organisation() -> rx.Component:
    """The way by another provider; the whole browser goes there."""
    way = away(
        icon("building-2"),
        rx.el.span(tr("sign_in.by", name=SignInState.organisation)),
        href=SignInState.start,
        class_name="button quiet",
    )
    return rx.cond(SignInState.organisation != "", way, rx.fragment())


def _code_form() -> rx.Component:
    control = rx.el.input(
        name="code",
        id="code",
        required=True,
        auto_complete="one-time-code",
        input_mode="numeric",
        auto_focus=True,
        max_length=40,
    )
    return native_form(
        trouble(SignInState.trouble),
        field(tr("code.label"), control, for_id="code", hint=tr("code.hint")),
        _next(),
        submit(tr("sign_in.submit")),
        action="/auth/code",
        method="post",
        class_name="form",
    )


def _invitation_form() -> rx.Component:
    name = rx.el.input(
        name="name", id="name", read_only=True, value=SignInState.name, auto_complete="username", tab_index=-1
    )
    return native_form(
        trouble(SignInState.trouble),
        field(tr("sign_in.name"), name, for_id="name"),
        field(
            tr("profile.new_password"),
            _password("password", "new-password"),
            for_id="password",
            hint=tr("profile.password_hint"),
        ),
        field(tr("profile.again"), _password("again", "new-password"), for_id="again"),
        from_fragment(name="invitation"),
        submit(tr("invitation.submit")),
        action="/auth/invitation",
        method="post",
        class_name="form",
    )


def _password(name: str, purpose: str) -> rx.Component:
    return rx.el.input(name=name, id=name, type="password", required=True, auto_complete=purpose, max_length=200)


def _next() -> rx.Component:
    return rx.el.input(type="hidden", name="next", value=SignInState.target, read_only=True)


def _done() -> rx.Component:
    told: Any = SignInState.done
    return rx.cond(
        told.en != "",
        rx.el.p(icon("check"), rx.el.span(say(told)), class_name="fact ok", role="status"),
        rx.fragment(),
    )


DOORS: tuple[tuple[str, Callable[[], rx.Component]], ...] = (
    ("/sign-in", sign_in),
    ("/sign-in/code", code),
    ("/invitation", invitation),
)


def add_to(app: rx.App) -> None:
    for route, page in DOORS:
        app.add_page(page, route=route, title=PRODUCT, on_load=SignInState.load)
