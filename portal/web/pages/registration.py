"""Registering a release."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.forms import field, submit, trouble
from portal.web.components.frame import empty, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.states.registration import RegistrationState
from portal.web.template import add_page
from portal.web.words import tr


def registration() -> rx.Component:
    no_service = rx.el.section(
        empty("package", tr("register.no_service"), tr("register.no_service_more")), class_name="card"
    )
    return rx.fragment(
        head(tr("register.title"), rx.el.span(tr("register.sub"), class_name="meta")),
        rx.cond(
            RegistrationState.is_loaded,
            rx.cond(RegistrationState.services.length() > 0, _form(), no_service),
            skeleton("l"),
        ),
    )


def _form() -> rx.Component:
    return rx.el.form(
        trouble(RegistrationState.trouble),
        field(
            tr("list.service"),
            rx.el.div(
                rx.el.select(
                    rx.foreach(RegistrationState.services, lambda name: rx.el.option(name, value=name)),
                    name="service",
                    id="service",
                    default_value=RegistrationState.service,
                    key=RegistrationState.service,
                ),
                icon("chevron-down"),
                class_name="select",
            ),
            for_id="service",
        ),
        field(
            tr("list.version"),
            rx.el.input(name="version", id="version", required=True, max_length=100, placeholder="1.2.3"),
            for_id="version",
            hint=tr("register.version_hint"),
        ),
        field(
            tr("list.image"),
            rx.el.input(
                name="image", id="image", required=True, max_length=300, placeholder=tr("register.image_example")
            ),
            for_id="image",
            hint=tr("register.image_hint"),
        ),
        field(tr("list.commit"), rx.el.input(name="commit", id="commit", max_length=100), for_id="commit"),
        field(
            tr("release.notes"),
            rx.el.textarea(name="notes", id="notes", rows="6", max_length=100_000),
            for_id="notes",
            hint=tr("register.notes_hint"),
        ),
        rx.el.label(
            rx.el.input(type="checkbox", name="is_irreversible"),
            rx.el.span(tr("register.irreversible")),
            class_name="check",
        ),
        rx.el.div(
            submit(tr("register.submit")),
            link(tr("form.cancel"), href="/releases", class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=RegistrationState.register,
        class_name="card form narrow",
    )


def add_to(app: rx.App) -> None:
    add_page(
        app, registration, Place("/releases/new", "releases", tr("register.title")), on_load=[RegistrationState.load]
    )
