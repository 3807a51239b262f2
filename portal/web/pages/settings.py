"""The settings of the portal: what each is, where its value comes from, and how it is changed."""

from __future__ import annotations

import reflex as rx

from portal.kit.log import LEVELS
from portal.web.components.bar import Place
from portal.web.components.controls import select_field, text_field
from portal.web.components.forms import submit, trouble
from portal.web.components.frame import card, empty, head
from portal.web.components.overlays import copyable
from portal.web.components.status import badge
from portal.web.components.tables import Column, data_table, filter_bar, filter_field, search_field, spoken
from portal.web.states.settings import SettingsState
from portal.web.template import add_page
from portal.web.words import say, tr


def settings() -> rx.Component:
    return rx.fragment(
        head(tr("nav.settings"), rx.el.span(tr("settings.sub"), class_name="meta")),
        rx.cond(SettingsState.can_set_log_level, _log_level(), rx.fragment()),
        filter_bar(
            SettingsState,
            search_field(SettingsState, tr("settings.search")),
            filter_field(SettingsState, "group", tr("list.about"), options=spoken(SettingsState.groups)),
            filter_field(SettingsState, "source", tr("settings.source"), options=spoken(SettingsState.sources)),
        ),
        data_table(
            SettingsState, _columns(), none=empty("sliders-horizontal", tr("settings.empty"), tr("settings.empty_more"))
        ),
    )


def _log_level() -> rx.Component:
    levels = tuple(rx.el.option(tr(f"log_level.{level}"), value=level) for level in LEVELS)
    shown = SettingsState.log_level
    choice = select_field(tr("settings.log_level"), "level", options=levels, default_value=shown, key=shown)
    reason = text_field(tr("form.reason"), "reason", required=True, max_length=500)
    form = rx.el.form(
        choice,
        reason,
        submit(tr("settings.set_log_level"), tone="quiet"),
        on_submit=SettingsState.set_log_level,
        class_name="in-line",
    )
    return card(
        tr("settings.log_level"),
        rx.el.p(tr("settings.log_level_more"), class_name="note"),
        trouble(SettingsState.log_trouble),
        form,
    )


def _columns() -> list[Column]:
    return [
        Column(tr("settings.setting"), _setting),
        Column(tr("settings.value"), _value),
        Column(tr("settings.source"), _source),
        Column(tr("settings.change"), _change),
    ]


def _setting(line: rx.Var) -> rx.Component:
    return rx.el.div(
        copyable(line.variable),
        rx.el.div(say(line.meaning)),
        rx.el.div(say(line.group), class_name="small"),
    )


def _value(line: rx.Var) -> rx.Component:
    secret = rx.el.span(tr("settings.secret"), class_name="tag")
    shown = rx.cond(line.is_secret, secret, rx.el.code(line.value, class_name="break"))
    return rx.cond(line.value != "", shown, rx.el.span(tr("settings.not_set"), class_name="small"))


def _source(line: rx.Var) -> rx.Component:
    default = rx.cond(line.default != "", rx.el.code(line.default, class_name="break"), tr("settings.nothing"))
    file = rx.cond(
        line.file != "", rx.el.div(rx.el.code(line.file, class_name="break"), class_name="small"), rx.fragment()
    )
    return rx.el.div(badge(line.source), file, rx.el.div(tr("settings.default"), " ", default, class_name="small"))


def _change(line: rx.Var) -> rx.Component:
    how = rx.cond(line.is_read_once, tr("settings.restart"), tr("settings.at_once"))
    return rx.el.div(rx.el.span(how), rx.el.div(say(line.expected), class_name="small break"))


def add_to(app: rx.App) -> None:
    add_page(app, settings, Place("/settings", "settings"), on_load=[SettingsState.load])
