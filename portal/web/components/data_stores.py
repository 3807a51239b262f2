"""The tab of an environment's data: stores with their labels of origin, and copies."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.browser import ago, dialog
from portal.web.components.controls import select_field, text_area, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import card, empty, link
from portal.web.components.icons import icon
from portal.web.components.overlays import confirm, sheet
from portal.web.components.status import badge
from portal.web.states.data_stores import DataState
from portal.web.words import say, tr


def data_tab() -> rx.Component:
    state = DataState
    new = rx.el.button(
        icon("plus"), rx.el.span(tr("data.new")), type="button", on_click=state.open_new, class_name="button quiet"
    )
    stores = rx.el.ul(rx.foreach(state.stores, _store), class_name="plain")
    copies = rx.el.ul(rx.foreach(state.copies, _copy), class_name="plain")
    return rx.el.div(
        card(
            tr("data.stores"),
            rx.cond(state.stores.length() > 0, stores, empty("box", tr("data.empty"), tr("data.empty_more"))),
            aside=rx.cond(state.can_copy, new, rx.fragment()),
        ),
        card(
            tr("data.copies"),
            rx.cond(state.copies.length() > 0, copies, rx.el.p(tr("data.no_copies"), class_name="note")),
        ),
        _sheet(),
        _question(),
        _decision(),
        class_name="stack",
    )


def _store(line: Any) -> rx.Component:
    acts = rx.el.div(
        rx.el.button(
            icon("pencil"),
            rx.el.span(tr("form.edit")),
            type="button",
            on_click=DataState.open_one(line.name),
            class_name="button quiet compact",
        ),
        rx.el.button(
            icon("arrow-left-right"),
            rx.el.span(tr("data.copy_here")),
            type="button",
            on_click=DataState.ask_copy(line.name),
            class_name="button danger compact",
        ),
        class_name="actions",
    )
    return rx.el.li(
        rx.el.div(
            rx.el.strong(line.name),
            " ",
            rx.el.span(say(line.kind), class_name="tag"),
            rx.cond(line.is_tainted, badge(line.taint), rx.fragment()),
            rx.el.div(rx.el.code(line.where, class_name="break"), class_name="small"),
            rx.el.div(say(line.masks), class_name="small"),
        ),
        rx.cond(line.can_edit, acts, rx.fragment()),
    )


def _copy(line: Any) -> rx.Component:
    shown = badge(line.badge)
    return rx.el.li(
        rx.el.div(
            rx.cond(line.href != "", link(shown, href=line.href, class_name="bare"), shown),
            " ",
            rx.el.code(line.source),
            " → ",
            rx.el.code(line.target),
            rx.el.div(line.reason, class_name="small"),
            rx.el.div(say(line.result), class_name="small"),
            rx.el.div(tr("list.by", who=line.by), " · ", ago(at=line.at), class_name="small"),
        ),
        rx.cond(
            line.can_decide,
            rx.el.button(
                icon("user-check"),
                rx.el.span(tr("data.decide")),
                type="button",
                on_click=DataState.ask_decision(line.id),
                class_name="button quiet compact",
            ),
            rx.fragment(),
        ),
    )


def _sheet() -> rx.Component:
    given, state = DataState.form, DataState
    kinds = [rx.el.option(tr(f"data.{kind}"), value=kind) for kind in ("postgresql", "mariadb", "volume")]
    line = lambda key, name, value, **more: text_field(  # noqa: E731 - a field of this form
        tr(f"data.{key}"), name, default_value=value, max_length=255, **more
    )
    volume = rx.fragment(
        line("volume_name", "volume", given.volume, required=True),
        line("owner", "user", given.user, hint=tr("data.owner_hint")),
    )
    database = rx.fragment(
        rx.el.div(
            line("host", "host", given.host, required=True), line("port", "port", given.port), class_name="halves"
        ),
        rx.el.div(
            line("database", "database", given.database, required=True),
            line("user", "user", given.user, required=True),
            class_name="halves",
        ),
        text_field(
            tr("data.password"), "password", type="password", auto_complete="off", hint=tr("data.password_hint")
        ),
        text_area(tr("data.masking"), "masks", default_value=given.masks, rows="6", hint=tr("data.masking_hint")),
    )
    form = rx.el.form(
        line("name", "name", given.name, required=True),
        select_field(tr("data.kind"), "kind", options=kinds, value=state.kind, on_change=state.choose_kind),
        line("image", "image", given.image, required=True, hint=tr("data.image_hint")),
        rx.cond(state.kind == "volume", volume, database),
        reason_field("store-reason", tr("form.reason")),
        trouble(state.trouble),
        rx.el.div(submit(tr("form.save")), class_name="actions"),
        on_submit=state.save,
        class_name="form",
        key=given.name + state.kind,
    )
    return sheet(tr("data.store"), form, is_open=given.is_open, on_close=state.close)


def _question() -> rx.Component:
    state = DataState
    options = [rx.foreach(state.sources, lambda name: rx.el.option(name, value=name))]
    return confirm(
        state,
        state.question,
        select_field(tr("data.source"), "source", options=options),
        reason_field("copy-reason", tr("form.reason")),
        on_submit=state.copy_data,
        on_close=state.close,
    )


def _decision() -> rx.Component:
    state = DataState
    answers = [rx.el.option(tr(f"action.{name}"), value=name) for name in ("approve", "reject")]
    form = rx.el.form(
        rx.el.h2(tr("data.decide_title"), id="decide-title"),
        rx.el.p(tr("data.decide_more")),
        select_field(tr("data.answer"), "answer", options=answers),
        reason_field("decide-reason", tr("form.reason")),
        trouble(state.trouble),
        rx.el.div(submit(tr("data.decide"), tone="solid primary"), class_name="actions"),
        on_submit=state.decide,
        class_name="form",
    )
    return dialog(form, open=state.deciding > 0, labelled_by="decide-title", on_close=state.close)
