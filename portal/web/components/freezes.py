"""The calendar of freezes, the list of them, and the form that adds and changes one."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.browser import dialog
from portal.web.components.controls import checkbox, date_time_field, select_field, text_field
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import Text, card, empty, link
from portal.web.components.icons import icon
from portal.web.components.overlays import actions_menu, menu_item, sheet
from portal.web.components.status import badge
from portal.web.components.tables import names
from portal.web.states.freezes import DAYS, FreezesState
from portal.web.words import say, tr


def calendar(month: Any, base: Any, zones: Any, *, on_zone: Any) -> rx.Component:
    """A month. `base` is the page's address with `?`, to which the month is added."""
    head = rx.el.tr(*(rx.el.th(tr(f"day.{day}"), scope="col") for day in DAYS))
    zone = rx.el.div(
        rx.el.select(
            *names(zones), value=month.zone, on_change=on_zone, aria_label=tr("freeze.zone"), id="calendar-zone"
        ),
        icon("chevron-down"),
        class_name="select",
    )
    return card(
        say(month.title),
        rx.el.div(
            rx.el.table(
                rx.el.thead(head),
                rx.el.tbody(rx.foreach(month.weeks, lambda week: rx.el.tr(rx.foreach(week, _day)))),
                class_name="calendar",
            ),
            class_name="scroll",
        ),
        rx.el.p(tr("calendar.zone", zone=month.zone), class_name="note"),
        aside=rx.el.div(
            zone,
            _step(month, base, month.previous, "chevron-left", tr("calendar.previous")),
            _step(month, base, month.following, "chevron-right", tr("calendar.following")),
            class_name="actions",
        ),
    )


def _step(month: Any, base: Any, to: Any, icon_name: str, label: Text) -> rx.Component:
    face = (icon(icon_name), rx.el.span(label, class_name="hidden"))
    return link(*face, href=f"{base}&month={to}&zone={month.zone}", class_name="button quiet compact square")


def _day(day: Any) -> rx.Component:
    held = rx.el.ul(
        rx.foreach(
            day.stretches,
            lambda part: rx.el.li(
                icon("snowflake", size=12),
                rx.el.span(
                    rx.el.span(part.hours, class_name="hours"), " ", rx.el.span(part.name, class_name="wide-only")
                ),
                class_name=rx.cond(part.is_now, "stretch now", "stretch"),
                title=part.name,
            ),
        )
    )
    return rx.el.td(
        rx.el.time(day.number, date_time=day.iso, class_name="number"),
        rx.cond(day.stretches.length() > 0, held, rx.fragment()),
        class_name=rx.cond(day.is_today, "today", rx.cond(day.is_outside, "outside", "")),
        aria_current=rx.cond(day.is_today, "date", "false"),
    )


def freeze_list(freezes: Any, new: rx.Component) -> rx.Component:
    none = empty("snowflake", tr("freeze.none"), tr("freeze.none_more"))
    return card(
        tr("freeze.title"),
        rx.cond(freezes.length() > 0, rx.el.ul(rx.foreach(freezes, _freeze), class_name="plain freezes"), none),
        rx.cond(freezes.length() > 0, rx.el.p(tr("freeze.rule"), class_name="note"), rx.fragment()),
        aside=new,
    )


def _freeze(freeze: Any) -> rx.Component:
    menu = actions_menu(
        menu_item(tr("freeze.change"), "pencil", on_click=FreezesState.open_one(freeze.id)),
        menu_item(tr("freeze.end"), "x", on_click=FreezesState.ask_end(freeze.id), tone="danger"),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.strong(freeze.name),
            rx.el.span(say(freeze.where), class_name="tag"),
            rx.el.div(say(freeze.when), class_name="small"),
        ),
        rx.el.div(badge(freeze.badge), rx.cond(freeze.can_edit, menu, rx.fragment()), class_name="row-end"),
    )


def freeze_forms(zones: Any, places: Any) -> rx.Component:
    """The sheet of one window, and the question before one is ended."""
    return rx.fragment(
        sheet(
            rx.cond(FreezesState.form.id > 0, tr("freeze.change"), tr("freeze.new")),
            _form(zones, places),
            is_open=FreezesState.is_open,
            on_close=FreezesState.close,
        ),
        _ending(),
    )


def _form(zones: Any, places: Any) -> rx.Component:
    given = FreezesState.form
    kinds = (rx.el.option(tr("freeze.once"), value="once"), rx.el.option(tr("freeze.weekly"), value="weekly"))
    once = rx.el.div(
        date_time_field(tr("freeze.starts"), "starts_at", default_value=given.starts_at, required=True),
        date_time_field(tr("freeze.ends"), "ends_at", default_value=given.ends_at, required=True),
        class_name="halves",
    )
    return rx.el.form(
        text_field(tr("freeze.name"), "name", default_value=given.name, required=True, max_length=100),
        select_field(tr("freeze.where"), "environment", options=places, default_value=given.environment),
        select_field(
            tr("freeze.kind"), "kind", options=kinds, value=FreezesState.kind, on_change=FreezesState.choose_kind
        ),
        text_field(
            tr("freeze.zone"),
            "zone",
            default_value=given.zone,
            required=True,
            max_length=60,
            list="zones",
            hint=tr("freeze.zone_hint"),
        ),
        rx.el.datalist(rx.foreach(zones, lambda zone: rx.el.option(value=zone)), id="zones"),
        rx.cond(FreezesState.kind == "weekly", _weekly(given), once),
        reason_field("freeze-reason", tr("form.reason")),
        trouble(FreezesState.trouble),
        rx.el.div(submit(tr("form.save")), _cancel(), class_name="actions"),
        on_submit=FreezesState.save,
        class_name="form",
        key=given.id.to_string() + FreezesState.kind,
    )


def _weekly(given: Any) -> rx.Component:
    boxes = (checkbox(tr(f"day.{day}"), f"day_{day}", default_checked=given.days.contains(day)) for day in DAYS)
    return rx.el.div(
        rx.el.fieldset(rx.el.legend(tr("freeze.days")), rx.el.div(*boxes, class_name="days"), class_name="field"),
        rx.el.div(
            text_field(tr("freeze.from"), "from_time", type="time", default_value=given.from_time, required=True),
            text_field(tr("freeze.to"), "to_time", type="time", default_value=given.to_time, required=True),
            class_name="halves",
        ),
        rx.el.p(tr("freeze.past_midnight"), class_name="hint"),
        class_name="form",
    )


def _cancel() -> rx.Component:
    return rx.el.button(tr("form.cancel"), type="button", on_click=FreezesState.close, class_name="button quiet")


def _ending() -> rx.Component:
    given = FreezesState.ending
    title: Text = tr("freeze.end_title", name=given.name)
    form = rx.el.form(
        rx.el.h2(title, id="freeze-end"),
        rx.el.p(tr("freeze.end_more")),
        reason_field("end-reason", tr("form.reason"), has_focus=True),
        trouble(FreezesState.trouble),
        rx.el.div(submit(tr("freeze.end"), tone="solid danger"), _cancel(), class_name="actions"),
        on_submit=FreezesState.end,
        class_name="form",
    )
    return dialog(form, open=given.id > 0, labelled_by="freeze-end", on_close=FreezesState.close)
