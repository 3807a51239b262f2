"""Adding and editing a service."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.controls import checkbox, text_area, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import card, head, link, missing, skeleton
from portal.web.states.service_form import ServiceFormState
from portal.web.template import add_page
from portal.web.words import say, tr


def service_form() -> rx.Component:
    state = ServiceFormState
    given = state.form
    title = rx.cond(state.is_new, tr("services.new"), tr("environment.edit", name=given.name))
    form = rx.el.form(
        rx.el.div(
            rx.el.div(_what(given), _people(given), class_name="stack"),
            rx.el.div(_container(given), _routing(given), _end(), class_name="stack"),
            class_name="halves",
        ),
        on_submit=state.save,
    )
    content = rx.fragment(head(title, rx.el.span(tr("environment.edit_more"), class_name="meta")), form)
    return rx.match(
        (state.missing.en != "").to_string(),
        ("true", missing(say(state.missing), "/services", tr("nav.services"))),
        rx.cond(state.is_loaded, content, skeleton("s", "l")),
    )


def _what(given: Any) -> rx.Component:
    name = text_field(
        tr("environment.name"), "name", hint=tr("environment.name_hint"), required=True, max_length=40, auto_focus=True
    )
    return card(
        tr("environment.what"),
        rx.el.div(
            rx.cond(ServiceFormState.is_new, name, rx.fragment()),
            _text("service.repository", "repository", given.repository, hint="service.repository_hint", required=True),
            text_area(
                tr("form.description"), "description", default_value=given.description, max_length=2000, rows="2"
            ),
            _text("service.source", "source_url", given.source_url, hint="service.source_hint", type="url"),
            class_name="form",
        ),
    )


def _people(given: Any) -> rx.Component:
    names = rx.el.datalist(
        rx.foreach(ServiceFormState.others, lambda name: rx.el.option(value=name)), id="known-services"
    )
    return card(
        tr("service.around"),
        rx.el.div(
            _text("service.owners", "owners", given.owners, hint="service.commas"),
            _text("service.tags", "tags", given.tags, hint="service.commas"),
            _text(
                "service.needs", "dependencies", given.dependencies, hint="service.needs_hint", list="known-services"
            ),
            names,
            _lines("service.links", "links", given.links, hint="service.links_hint"),
            class_name="form",
        ),
    )


def _container(given: Any) -> rx.Component:
    return card(
        tr("service.containers"),
        rx.el.div(
            _pair(
                _number("service.port", "port", given.port),
                _number("service.grace_seconds", "stop_grace_seconds", given.stop_grace_seconds),
            ),
            _pair(
                _number("service.cpu", "cpu_cores", given.cpu_cores),
                _number("service.memory_mib", "memory_mib", given.memory_mib),
            ),
            _pair(
                _number("service.pids", "pids", given.pids),
                _text("service.health_path", "health_path", given.health_path),
            ),
            _lines("service.variables", "variables", given.variables, hint="service.variables_hint"),
            checkbox(
                tr("service.read_only"),
                "is_root_read_only",
                hint=tr("service.read_only_hint"),
                default_checked=given.is_root_read_only,
            ),
            checkbox(
                tr("service.shielded"),
                "is_shielded",
                hint=tr("service.shielded_hint"),
                default_checked=given.is_shielded,
            ),
            class_name="form",
        ),
    )


def _routing(given: Any) -> rx.Component:
    return card(
        tr("service.routing"),
        rx.el.div(
            _lines("service.hosts", "hosts", given.hosts, hint="service.hosts_hint"),
            _pair(
                _text("service.path", "path_prefix", given.path_prefix, hint="service.path_hint"),
                _text("service.metrics_path", "metrics_path", given.metrics_path),
            ),
            class_name="form",
        ),
    )


def _end() -> rx.Component:
    back = rx.cond(ServiceFormState.is_new, "/services", f"/services/{ServiceFormState.form.name}")
    return card(
        tr("form.why"),
        rx.el.div(
            reason_field("edit-reason", tr("form.reason")),
            trouble(ServiceFormState.trouble),
            rx.el.p(tr("service.next_time"), class_name="note"),
            rx.el.div(
                submit(tr("form.save")),
                link(tr("form.cancel"), href=back, class_name="button quiet"),
                class_name="actions",
            ),
            class_name="form",
        ),
    )


def _pair(*fields: rx.Component) -> rx.Component:
    return rx.el.div(*fields, class_name="halves")


def _text(label: str, name: str, value: Any, *, hint: str = "", **given: Any) -> rx.Component:
    told = tr(hint) if hint else None
    return text_field(tr(label), name, hint=told, default_value=value, **({"max_length": 500} | given))


def _lines(label: str, name: str, value: Any, *, hint: str) -> rx.Component:
    return text_area(
        tr(label), name, hint=tr(hint), default_value=value, max_length=10_000, rows="3", spell_check=False
    )


def _number(label: str, name: str, value: Any) -> rx.Component:
    return text_field(tr(label), name, type="number", min=0, step="any", default_value=value, required=True)


def add_to(app: rx.App) -> None:
    load = [ServiceFormState.load]
    add_page(app, service_form, Place("/services/new", "services", tr("services.new")), on_load=load)
    name = ServiceFormState.form.name
    title = rx.cond(name == "", tr("web.loading"), tr("environment.edit", name=name))
    add_page(app, service_form, Place("/services/[service_name]/edit", "services", title), on_load=load)
