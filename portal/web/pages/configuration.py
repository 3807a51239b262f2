"""Settings of a service in an environment: what counts and why, a change looked at before it is made, its history."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.changes import change_rows
from portal.web.components.forms import field, reason_field, select, submit, trouble
from portal.web.components.frame import card, empty, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.overlays import copyable
from portal.web.components.tables import names
from portal.web.states.configuration import ConfigurationState
from portal.web.template import add_page
from portal.web.words import say, tr

State = ConfigurationState
_HISTORY = ("configuration.layer", "configuration.changed", "list.who")


def configuration() -> rx.Component:
    none = rx.el.section(
        empty("sliders-horizontal", tr("configuration.nothing"), tr("configuration.nothing_more")), class_name="card"
    )
    return rx.fragment(
        head(tr("nav.configuration"), rx.el.span(say(State.situation), class_name="why"), actions=_pickers()),
        rx.cond(State.is_loaded, rx.cond(State.service != "", _content(), none), skeleton("m", "l")),
    )


def _pickers() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.label(tr("list.service"), html_for="service"),
            select("service", names(State.services), State.service, State.choose_service),
            class_name="filter",
        ),
        rx.el.div(
            rx.el.label(tr("list.environment"), html_for="environment"),
            select("environment", names(State.environments), State.environment, State.choose_environment),
            class_name="filter",
        ),
        class_name="actions pickers",
    )


def _content() -> rx.Component:
    return rx.el.div(
        trouble(State.trouble),
        rx.cond(State.preview.length() > 0, _preview(), rx.fragment()),
        rx.el.div(
            rx.el.div(_table(), _history(), class_name="stack"),
            rx.el.aside(
                rx.cond(State.pending.length() > 0, _pending(), rx.fragment()),
                rx.cond(State.can_edit, rx.fragment(_change(), _import(), _promote()), rx.fragment()),
                _image(),
                class_name="stack",
            ),
            class_name="two",
        ),
        class_name="stack",
    )


def _table() -> rx.Component:
    head_row = rx.el.tr(
        *(rx.el.th(tr(f"configuration.{name}")) for name in ("key", "value", "why", "takes_effect")),
    )
    return card(
        tr("configuration.settings"),
        rx.el.div(
            rx.el.table(rx.el.thead(head_row), rx.el.tbody(rx.foreach(State.rows, _row)), class_name="list"),
            class_name="table-frame",
        ),
        rx.el.p(tr("configuration.order"), class_name="note"),
        aside=copyable(State.variables, shown=tr("configuration.copy")),
    )


def _row(row: rx.Var) -> rx.Component:
    waiting = rx.el.span(tr("configuration.waiting"), class_name="tag")
    return rx.el.tr(
        rx.el.td(rx.el.strong(row.name), rx.el.div(say(row.help), class_name="small"), class_name="lead"),
        rx.el.td(
            rx.el.div(
                rx.cond(row.value != "", rx.el.code(row.value), rx.el.span("–", class_name="faint")),
                rx.cond(row.unit != "", rx.el.span(" ", row.unit, class_name="small"), rx.fragment()),
                rx.cond(row.is_waiting, rx.el.div(waiting, class_name="object"), rx.fragment()),
                rx.cond(row.problem.en != "", rx.el.div(say(row.problem), class_name="trouble"), rx.fragment()),
            ),
            custom_attrs={"data-label": tr("configuration.value")},
        ),
        rx.el.td(
            rx.el.div(say(row.layer), rx.el.div(say(row.hidden), class_name="small")),
            custom_attrs={"data-label": tr("configuration.why")},
        ),
        rx.el.td(say(row.effect), custom_attrs={"data-label": tr("configuration.takes_effect")}),
    )


def _preview() -> rx.Component:
    def part(one: rx.Var) -> rx.Component:
        return rx.el.div(
            rx.el.h3(say(one.layer)),
            change_rows(one.rows),
            rx.el.ul(rx.foreach(one.consequences, lambda text: rx.el.li(say(text))), class_name="plain"),
        )

    return card(
        tr("configuration.preview"),
        rx.foreach(State.preview, part),
        rx.el.div(
            rx.el.button(
                icon("check"),
                rx.el.span(tr("configuration.save")),
                type="button",
                on_click=State.save,
                class_name="button primary",
            ),
            rx.el.button(tr("form.cancel"), type="button", on_click=State.forget, class_name="button quiet"),
            class_name="actions",
        ),
    )


def _pending() -> rx.Component:
    start = rx.cond(
        State.version != "",
        link(tr("configuration.roll_out"), href="/rollouts/new?service=" + State.service + "&version=" + State.version
             + "&environment=" + State.environment, class_name="button"),
        rx.fragment(),
    )  # fmt: skip
    return card(
        tr("configuration.pending"),
        change_rows(State.pending),
        rx.el.p(tr("configuration.pending_more"), class_name="note"),
        rx.cond(
            State.can_edit,
            rx.el.form(
                reason_field("apply-reason", tr("form.reason")),
                rx.el.div(submit(tr("configuration.apply"), tone="quiet"), start, class_name="actions"),
                on_submit=State.apply,
                class_name="form",
            ),
            rx.fragment(),
        ),
    )


def _change() -> rx.Component:
    layers = rx.foreach(State.layers, lambda one: rx.el.option(say(one.label), value=one.value))
    suggestions = rx.el.datalist(rx.foreach(State.keys, lambda name: rx.el.option(value=name)), id="keys")
    return card(
        tr("configuration.change"),
        rx.el.form(
            field(
                tr("configuration.key"),
                rx.fragment(
                    rx.el.input(name="name", id="key", required=True, max_length=100, list="keys"), suggestions
                ),
                for_id="key",
            ),
            field(
                tr("configuration.value"),
                rx.el.input(name="value", id="value", max_length=4096),
                for_id="value",
                hint=tr("configuration.value_hint"),
            ),
            field(
                tr("configuration.layer"),
                rx.el.div(rx.el.select(layers, name="layer", id="layer"), icon("chevron-down"), class_name="select"),
                for_id="layer",
            ),
            rx.el.label(
                rx.el.input(type="checkbox", name="is_at_once", default_checked=True),
                rx.el.span(tr("configuration.at_once")),
                class_name="check",
            ),
            reason_field("change-reason", tr("form.reason")),
            rx.el.div(submit(tr("configuration.look"), tone="quiet"), class_name="actions"),
            on_submit=State.look_at_key,
            class_name="form",
        ),
    )


def _import() -> rx.Component:
    return card(
        tr("configuration.import"),
        rx.el.form(
            field(
                tr("configuration.file"),
                rx.el.textarea(name="text", id="text", rows="5", required=True, class_name="code", spell_check=False),
                for_id="text",
                hint=tr("configuration.file_hint"),
            ),
            reason_field("import-reason", tr("form.reason")),
            rx.el.div(submit(tr("configuration.look"), tone="quiet"), class_name="actions"),
            on_submit=State.look_at_import,
            class_name="form",
        ),
    )


def _promote() -> rx.Component:
    to = rx.foreach(State.environments, lambda name: rx.el.option(name, value=name))
    return card(
        tr("configuration.promote"),
        rx.el.form(
            field(
                tr("configuration.promote_to"),
                rx.el.div(rx.el.select(to, name="to", id="to"), icon("chevron-down"), class_name="select"),
                for_id="to",
                hint=tr("configuration.promote_hint"),
            ),
            reason_field("promote-reason", tr("form.reason")),
            rx.el.div(submit(tr("configuration.look"), tone="quiet"), class_name="actions"),
            on_submit=State.look_at_promotion,
            class_name="form",
        ),
    )


def _image() -> rx.Component:
    none = rx.el.p(tr("configuration.no_image"), class_name="note")
    return card(
        tr("configuration.image"),
        rx.cond(State.image.length() > 0, change_rows(State.image), none),
        rx.el.p(tr("configuration.image_more"), class_name="note"),
    )


def _history() -> rx.Component:
    return card(
        tr("configuration.history"),
        rx.el.div(
            rx.el.table(
                rx.el.thead(rx.el.tr(*(rx.el.th(tr(key)) for key in _HISTORY))),
                rx.el.tbody(rx.foreach(State.versions, _version)),
                class_name="list",
            ),
            class_name="table-frame",
        ),
    )


def _version(row: rx.Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(say(row.layer), rx.el.div(row.number, " · ", say(row.state), class_name="small"), class_name="lead"),
        rx.el.td(
            rx.el.div(rx.el.code(row.changed), rx.el.div(row.reason, class_name="small")),
            custom_attrs={"data-label": tr("configuration.changed")},
        ),
        rx.el.td(
            rx.el.div(
                row.author,
                rx.el.div(ago(at=row.at), class_name="small"),
                rx.cond(row.is_proposed, _decision(row), rx.fragment()),
                rx.cond(row.can_return & State.can_edit, _return(row), rx.fragment()),
            ),
            custom_attrs={"data-label": tr("list.who")},
        ),
    )


def _decision(row: rx.Var) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="id", value=row.id.to_string()),
        rx.el.input(name="reason", required=True, max_length=500, placeholder=tr("form.reason"),
                    aria_label=tr("form.reason")),
        rx.el.select(
            rx.el.option(tr("configuration.approve"), value="approve"),
            rx.el.option(tr("configuration.reject"), value="reject"),
            name="decision",
            aria_label=tr("configuration.decision"),
        ),
        submit(tr("configuration.decide"), tone="quiet compact"),
        on_submit=State.decide,
    )  # fmt: skip


def _return(row: rx.Var) -> rx.Component:
    return rx.el.details(
        rx.el.summary(tr("configuration.return"), class_name="small"),
        rx.el.form(
            rx.el.input(type="hidden", name="id", value=row.id.to_string()),
            rx.el.input(name="reason", required=True, max_length=500, placeholder=tr("form.reason"),
                        aria_label=tr("form.reason")),
            submit(tr("configuration.look"), tone="quiet compact"),
            on_submit=State.look_at_return,
        ),
    )  # fmt: skip


def add_to(app: rx.App) -> None:
    add_page(app, configuration, Place("/configuration", "configuration"), on_load=[State.watch])
