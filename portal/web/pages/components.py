"""The design system: every part in every state, to look at and to copy from. It is in no navigation."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago, chart, clock, editor, elapsed
from portal.web.components.controls import checkbox, date_time_field, select_field, switch, text_area, text_field
from portal.web.components.diffs import diff_view
from portal.web.components.forms import submit
from portal.web.components.frame import card, empty, failed, head, live_dot, skeleton
from portal.web.components.icons import icon
from portal.web.components.overlays import actions_menu, confirm, copyable, menu_item, sheet, text_menu
from portal.web.components.people import avatar
from portal.web.components.stats import chart_frame, key, stat, stats
from portal.web.components.status import badge, version
from portal.web.components.tables import Column, Rows, chosen_bar, data_table, filter_bar, search_field
from portal.web.components.tabs import Tab, tabs
from portal.web.components.timeline import timeline
from portal.web.states.components import PLAN, ComponentsState
from portal.web.template import add_page
from portal.web.words import say, tr

PATH = "/dev/components"


def components() -> rx.Component:
    return rx.fragment(
        head(tr("dev.title"), rx.el.span(tr("dev.sub"), class_name="meta"), actions=_buttons()),
        tabs(
            ComponentsState.tab,
            Tab("first", tr("dev.lists"), PATH, count=ComponentsState.paging.total),
            Tab("second", tr("dev.forms"), f"{PATH}?tab=second"),
            Tab("third", tr("dev.shown"), f"{PATH}?tab=third"),
            Tab("fourth", tr("dev.states"), f"{PATH}?tab=fourth"),
        ),
        rx.match(
            ComponentsState.tab,
            ("second", _forms()),
            ("third", _shown()),
            ("fourth", _states()),
            _lists(),
        ),
        _overlays(),
    )


def _buttons() -> rx.Component:
    return rx.el.div(
        rx.el.button(tr("dev.ask"), type="button", on_click=ComponentsState.ask, class_name="button danger"),
        rx.el.button(
            tr("dev.sheet"), type="button", on_click=ComponentsState.show_sheet(True), class_name="button quiet"
        ),
        text_menu(
            tr("dev.notices"),
            menu_item(tr("dev.good"), "check", on_click=ComponentsState.say("ok")),
            menu_item(tr("dev.bad"), "triangle-alert", on_click=ComponentsState.say("bad")),
        ),
        actions_menu(
            menu_item(tr("nav.releases"), "package", href="/releases"),
            menu_item(tr("dev.remove", name="hello"), "trash-2", on_click=ComponentsState.ask, tone="danger"),
        ),
        class_name="actions",
    )


def _lists() -> rx.Component:
    state = ComponentsState
    columns = [
        Column(tr("list.service"), lambda row: rx.el.strong(say(row.label)), sort="name"),
        Column(tr("list.state"), lambda row: badge(state.badges[0])),
        Column(tr("list.version"), lambda row: version("1.4.2")),
        Column(tr("dev.replicas"), lambda row: state.replicas[row.value], sort="replicas", class_name="number"),
        Column(tr("list.made"), lambda row: ago(at=state.now)),
    ]
    return rx.el.div(
        filter_bar(state, search_field(state, tr("palette.open"))),
        data_table(
            state,
            columns,
            none=empty("package", tr("releases.empty"), tr("releases.empty_more")),
            rows=Rows(href=lambda row: f"{PATH}?text={row.value}", key=lambda row: row.value),
            aside=live_dot(),
        ),
        chosen_bar(
            state, rx.el.button(tr("dev.ask"), type="button", on_click=state.ask, class_name="button danger compact")
        ),
        class_name="stack",
    )


def _forms() -> rx.Component:
    state = ComponentsState
    options = (rx.el.option("1.0.0", value="1.0.0"), rx.el.option("1.1.0", value="1.1.0"))
    fields = rx.el.div(
        text_field(tr("list.service"), "field", hint=tr("register.version_hint"), placeholder="1.2.3"),
        text_field(tr("list.version"), "wrong", flaw=state.flaw, default_value="1.2.x"),
        select_field(tr("list.version"), "choice", options=options),
        date_time_field(tr("list.made"), "moment", hint=tr("dev.zone")),
        text_area(tr("form.reason"), "words", hint=tr("form.reason_hint")),
        checkbox(tr("register.irreversible"), "box", hint=tr("form.reason_hint")),
        switch(tr("dev.switch"), is_on=state.is_on, on_change=state.turn, hint=tr("form.reason_hint")),
        rx.el.div(submit(tr("form.save")), class_name="actions"),
        class_name="form",
    )
    plan = editor(id="plan", name="plan", value=PLAN, label=tr("order.plan"), flaws=state.flaws, rows=12)
    return rx.el.div(card(tr("dev.forms"), fields), card(tr("dev.editor"), plan), class_name="halves")


def _shown() -> rx.Component:
    state = ComponentsState
    figures = stats(
        stat(tr("list.traffic"), "212", unit=tr("dev.rate"), note=tr("dev.minute")),
        stat(tr("chart.errors"), "0.4", unit="\N{NARROW NO-BREAK SPACE}%", tone="ok", note=tr("health.ok")),
        stat(tr("chart.latency"), "412", unit="ms", tone="warn", note=tr("health.degraded")),
        stat(tr("list.state"), "3", tone="bad", note=tr("health.failing")),
    )
    drawing = chart(
        chart=state.chart, label=tr("chart.errors"), stable_name="1.0.0", canary_name="1.1.0", empty_text=""
    )
    words = (key("stable"), "1.0.0", key("canary"), "1.1.0", key("tolerance"), tr("chart.tolerance"))
    return rx.el.div(
        card(tr("dev.figures"), figures),
        rx.el.div(
            chart_frame(tr("chart.errors"), drawing, *words, note=tr("rollout.as_asked")),
            card(tr("rollout.timeline"), timeline(state.lines)),
            card(tr("dev.diff"), diff_view(state.diff, label=tr("dev.diff"))),
            card(tr("dev.small"), _small()),
            class_name="halves",
        ),
        class_name="stack",
    )


def _small() -> rx.Component:
    state = ComponentsState
    return rx.el.div(
        rx.el.div(rx.foreach(state.badges, badge), class_name="samples"),
        rx.el.div(
            version("1.0.0", "stable"), version("1.1.0", "canary"), version("0.9.0"), live_dot(), class_name="samples"
        ),
        rx.el.div(
            ago(at=state.now),
            clock(at=state.now, has_seconds=True),
            elapsed(since=state.now, until=0),
            class_name="samples meta",
        ),
        rx.el.div(avatar("AL", "alice"), copyable("sha256:9f2c41e07d71", shown="9f2c…71"), class_name="samples"),
        class_name="stack",
    )


def _states() -> rx.Component:
    action = rx.el.button(icon("plus"), tr("releases.new"), type="button", class_name="button quiet")
    return rx.el.div(
        card(tr("dev.empty"), empty("package", tr("releases.empty"), tr("releases.empty_more"), action)),
        failed(tr("dev.failed")),
        rx.el.div(skeleton("s", "m"), class_name="stack"),
        class_name="stack",
    )


def _overlays() -> rx.Component:
    state = ComponentsState
    return rx.fragment(
        confirm(state, state.question, on_submit=state.dismiss, on_close=state.dismiss),
        sheet(
            tr("dev.sheet"),
            timeline(state.lines),
            is_open=state.is_sheet_open,
            on_close=state.show_sheet(False),
        ),
    )


def add_to(app: rx.App) -> None:
    add_page(app, components, Place(PATH, "overview", tr("dev.title")), on_load=[ComponentsState.load])
