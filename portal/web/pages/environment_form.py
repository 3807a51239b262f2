"""Adding and editing an environment."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import editor
from portal.web.components.controls import labelled, select_field, text_area, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import card, head, link, missing, skeleton
from portal.web.components.tables import spoken
from portal.web.states.environment_form import EnvironmentFormState
from portal.web.template import add_page
from portal.web.words import say, tr


def environment_form() -> rx.Component:
    state = EnvironmentFormState
    title = rx.cond(state.is_new, tr("environments.new"), tr("environment.edit", name=state.form.name))
    back = rx.cond(state.is_new, "/environments", f"/environments/{state.form.name}")
    form = rx.el.form(
        rx.el.div(
            rx.el.div(_what(state.form), _plan(state.form), class_name="stack"),
            rx.el.div(_rules(state.form), _end(back), class_name="stack"),
            class_name="halves",
        ),
        on_submit=state.save,
    )
    content = rx.fragment(head(title, rx.el.span(tr("environment.edit_more"), class_name="meta")), form)
    return rx.match(
        (state.missing.en != "").to_string(),
        ("true", missing(say(state.missing), "/environments", tr("nav.environments"))),
        rx.cond(state.is_loaded, content, skeleton("s", "l")),
    )


def _what(given: Any) -> rx.Component:
    state = EnvironmentFormState
    name = text_field(
        tr("environment.name"), "name", hint=tr("environment.name_hint"), required=True, max_length=40, auto_focus=True
    )
    return card(
        tr("environment.what"),
        rx.el.div(
            rx.cond(state.is_new, name, rx.fragment()),
            rx.el.div(
                select_field(tr("environment.stage"), "stage", options=spoken(state.stages), default_value=given.stage),
                _number(
                    tr("environment.position"),
                    "position",
                    given.position,
                    least=0,
                    hint=tr("environment.position_hint"),
                ),
                class_name="halves",
            ),
            rx.el.div(
                _number(tr("environment.replicas"), "replicas", given.replicas, least=1),
                text_field(
                    tr("environment.prefix"),
                    "host_prefix",
                    default_value=given.host_prefix,
                    max_length=60,
                    hint=tr("environment.prefix_hint"),
                ),
                class_name="halves",
            ),
            text_area(
                tr("form.description"), "description", default_value=given.description, max_length=2000, rows="2"
            ),
            class_name="form",
        ),
    )


def _rules(given: Any) -> rx.Component:
    state = EnvironmentFormState
    nowhere = rx.el.option(tr("environment.nowhere"), value="")
    return card(
        tr("environment.before"),
        rx.el.div(
            rx.el.div(
                _number(
                    tr("environment.approvals"),
                    "approvals",
                    given.approvals,
                    least=0,
                    hint=tr("environment.approvals_hint"),
                ),
                select_field(
                    tr("environment.approver"),
                    "approver_role",
                    options=spoken(state.roles),
                    default_value=given.approver_role,
                ),
                class_name="halves",
            ),
            rx.el.div(
                _number(tr("environment.hours"), "approval_hours", given.approval_hours, least=1),
                _number(tr("environment.wait"), "wait_minutes", given.wait_minutes, least=0),
                class_name="halves",
            ),
            select_field(
                tr("environment.after"),
                "after_environment",
                options=(nowhere, *spoken(state.others)),
                default_value=given.after_environment,
                hint=tr("environment.after_hint"),
            ),
            text_area(
                tr("environment.key"),
                "signature_key",
                default_value=given.signature_key,
                max_length=5000,
                rows="4",
                hint=tr("environment.key_hint"),
                spell_check=False,
            ),
            class_name="form",
        ),
    )


def _plan(given: Any) -> rx.Component:
    plan = editor(id="plan", name="plan", value=given.plan, label=tr("environment.plan"), flaws=[], rows=14)
    return card(
        tr("environment.plan"),
        labelled(tr("order.plan"), plan, for_id="plan", hint=tr("environment.plan_hint")),
    )


def _end(back: rx.Var[str]) -> rx.Component:
    return card(
        tr("form.why"),
        rx.el.div(
            reason_field("edit-reason", tr("form.reason")),
            trouble(EnvironmentFormState.trouble),
            rx.el.div(
                submit(tr("form.save")),
                link(tr("form.cancel"), href=back, class_name="button quiet"),
                class_name="actions",
            ),
            class_name="form",
        ),
    )


def _number(label: rx.Var[str], name: str, value: Any, *, least: int, hint: rx.Var[str] | None = None) -> rx.Component:
    return text_field(label, name, hint=hint, type="number", min=least, step="any", default_value=value, required=True)


def add_to(app: rx.App) -> None:
    given = EnvironmentFormState
    load = [EnvironmentFormState.load]
    add_page(app, environment_form, Place("/environments/new", "environments", tr("environments.new")), on_load=load)
    title = rx.cond(given.form.name == "", tr("web.loading"), tr("environment.edit", name=given.form.name))
    add_page(app, environment_form, Place("/environments/[environment_name]/edit", "environments", title), on_load=load)
