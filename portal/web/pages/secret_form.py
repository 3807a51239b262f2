"""Adding a secret, and changing where it goes and how it is rotated."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.secret import LARGEST_BYTES
from portal.web.components.asking import proof_field
from portal.web.components.bar import Place
from portal.web.components.controls import checkbox, select_field, text_area, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import card, head, link, skeleton
from portal.web.components.tables import names, spoken
from portal.web.states.secrets import SIGNALS, SecretsState
from portal.web.template import add_page
from portal.web.words import tr


def secret_form() -> rx.Component:
    state = SecretsState
    title = rx.cond(state.is_new, tr("secrets.new"), tr("environment.edit", name=state.form.name))
    form = rx.el.form(
        rx.el.div(
            rx.el.div(_what(state.form), _value(), class_name="stack"),
            rx.el.div(_rotation(state.form), _end(), class_name="stack"),
            class_name="halves",
        ),
        key=state.form.environment + "/" + state.form.name,
        on_submit=state.save,
    )
    content = rx.fragment(head(title, rx.el.span(tr("secrets.form_sub"), class_name="meta")), form)
    return rx.cond(state.is_open, content, skeleton("s", "l"))


def _what(given: Any) -> rx.Component:
    named = rx.fragment(
        select_field(
            tr("list.environment"),
            "environment",
            options=spoken(SecretsState.environments),
            default_value=given.environment,
        ),
        text_field(
            tr("environment.name"), "name", hint=tr("secrets.name_hint"), required=True, max_length=64, auto_focus=True
        ),
    )
    forms = [rx.el.option(tr(f"secret_form.{form}"), value=form) for form in ("file", "variable")]
    everywhere = rx.el.option(tr("secrets.all_services"), value="")
    return card(
        tr("secrets.what"),
        rx.el.div(
            rx.cond(SecretsState.is_new, named, rx.fragment()),
            select_field(
                tr("list.service"),
                "service",
                options=(everywhere, *names(SecretsState.services)),
                default_value=given.service,
            ),
            select_field(
                tr("secrets.as"), "form", options=forms, hint=tr("secrets.form_hint"), default_value=given.form
            ),
            _text("secrets.target", "target", given.target, hint="secrets.target_hint"),
            _text("secrets.description", "description", given.description, max_length=300),
            class_name="form",
        ),
    )


def _value() -> rx.Component:
    box = text_area(
        tr("secrets.value"),
        "secret",
        hint=tr("secrets.value_or_generator"),
        rows="3",
        max_length=LARGEST_BYTES,
        auto_complete="off",
        spell_check=False,
    )
    return rx.cond(SecretsState.is_new, card(tr("secrets.value"), rx.el.div(box, class_name="form")), rx.fragment())


def _rotation(given: Any) -> rx.Component:
    signals = [rx.el.option(f"SIG{name}" if name else tr("secrets.no_signal"), value=name) for name in SIGNALS]
    return card(
        tr("secrets.rotation"),
        rx.el.div(
            rx.el.div(
                _number("secrets.every_days", "every_days", given.every_days),
                _number("secrets.length", "length", given.made_length),
                class_name="halves",
            ),
            checkbox(
                tr("secrets.is_automatic"),
                "is_automatic",
                hint=tr("secrets.is_automatic_hint"),
                default_checked=given.is_automatic,
            ),
            _choice("secrets.generator", "generator", SecretsState.generators, given.generator),
            _text("secrets.make_command", "make_command", given.make_command, hint="secrets.make_command_hint"),
            _choice("secrets.check", "check", SecretsState.checks, given.check),
            _text("secrets.check_path", "check_path", given.check_path, max_length=200),
            _text("secrets.check_command", "check_command", given.check_command, hint="secrets.check_command_hint"),
            _choice("secrets.cut_over", "cut_over", SecretsState.ways, given.cut_over),
            rx.el.div(
                select_field(tr("secrets.signal"), "signal", options=signals, default_value=given.signal),
                _number("secrets.wait_seconds", "wait_seconds", given.wait_seconds),
                class_name="halves",
            ),
            class_name="form",
        ),
    )


def _end() -> rx.Component:
    given = SecretsState.form
    back = rx.cond(SecretsState.is_new, "/secrets", "/secrets/" + given.environment + "/" + given.name)
    return card(
        tr("form.why"),
        rx.el.div(
            reason_field("secret-reason", tr("form.reason")),
            proof_field("secret-proof"),
            trouble(SecretsState.flaw),
            rx.el.p(tr("secrets.next_time"), class_name="note"),
            rx.el.div(
                submit(tr("form.save")),
                link(tr("form.cancel"), href=back, class_name="button quiet"),
                class_name="actions",
            ),
            class_name="form",
        ),
    )


def _text(label: str, name: str, value: Any, *, hint: str = "", **given: Any) -> rx.Component:
    told = tr(hint) if hint else None
    return text_field(tr(label), name, hint=told, default_value=value, **({"max_length": 500} | given))


def _number(label: str, name: str, value: Any) -> rx.Component:
    return text_field(tr(label), name, type="number", min=0, default_value=value)


def _choice(label: str, name: str, options: Any, value: Any) -> rx.Component:
    return select_field(tr(label), name, options=spoken(options), default_value=value, key=name + value)


def add_to(app: rx.App) -> None:
    load = [SecretsState.load_form]
    add_page(app, secret_form, Place("/secrets/new", "secrets", tr("secrets.new")), on_load=load)
    title = tr("environment.edit", name=SecretsState.form.name)
    add_page(app, secret_form, Place("/secrets/[environment_name]/[secret_name]/edit", "secrets", title), on_load=load)
