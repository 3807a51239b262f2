"""The machine behind the engine: facts, images, volumes and networks, a tab each."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.container_parts import container_tabs
from portal.web.components.forms import reason_field
from portal.web.components.frame import card, empty, failed, head, skeleton
from portal.web.components.icons import icon
from portal.web.components.overlays import confirm
from portal.web.components.stats import stat, stats
from portal.web.components.status import badge
from portal.web.states.engine import EngineState
from portal.web.states.session import SessionState
from portal.web.template import add_page
from portal.web.words import say, tr

ICONS = {"images": "layers", "volumes": "database", "networks": "network"}


def hosts() -> rx.Component:
    return _frame("hosts", rx.fragment(_host(), _strangers()))


def images() -> rx.Component:
    return _frame("images", _belongings("images"))


def volumes() -> rx.Component:
    return _frame("volumes", _belongings("volumes"))


def networks() -> rx.Component:
    return _frame("networks", _belongings("networks"))


def _frame(tab: str, content: rx.Component) -> rx.Component:
    return rx.fragment(
        head(tr(f"containers.tab.{tab}"), rx.el.span(tr(f"engine.{tab}_sub"), class_name="meta")),
        container_tabs(tab),
        rx.cond(
            EngineState.failure.en != "",
            failed(say(EngineState.failure)),
            rx.cond(EngineState.is_loaded, content, skeleton("m", "l")),
        ),
    )


def _host() -> rx.Component:
    host = EngineState.host
    return rx.el.div(
        rx.el.div(
            card(
                host.name,
                stats(
                    stat(tr("host.cpus"), host.cpus),
                    stat(tr("containers.memory"), host.memory),
                    stat(tr("host.running"), host.running, note=tr("host.stopped", n=host.stopped)),
                    stat(tr("containers.tab.images"), host.images),
                ),
                aside=rx.el.span(host.engine, class_name="tag"),
            ),
            card(
                tr("host.lacks"),
                rx.cond(
                    host.lacks.length() > 0,
                    rx.el.ul(rx.foreach(host.lacks, lambda text: rx.el.li(say(text))), class_name="plain"),
                    rx.el.p(tr("host.lacks_nothing"), class_name="note"),
                ),
            ),
            class_name="stack",
        ),
        rx.el.aside(
            card(tr("container.facts"), rx.el.dl(rx.foreach(host.facts, _fact), class_name="pairs")),
            card(
                tr("host.security"),
                rx.cond(
                    host.security.length() > 0,
                    rx.el.div(rx.foreach(host.security, lambda o: rx.el.span(o, class_name="tag")), class_name="tags"),
                    rx.el.p(tr("host.security_unknown"), class_name="note"),
                ),
            ),
            class_name="stack",
        ),
        class_name="two",
    )


def _fact(fact: Any) -> rx.Component:
    return rx.fragment(rx.el.dt(say(fact.name)), rx.el.dd(say(fact.value)))


def _strangers() -> rx.Component:
    def row(other: Any) -> rx.Component:
        return rx.el.tr(
            rx.el.td(rx.el.strong(other.name), class_name="lead"),
            rx.el.td(rx.el.code(other.image), custom_attrs={"data-label": tr("list.image")}),
            rx.el.td(badge(other.badge), custom_attrs={"data-label": tr("list.state")}),
            rx.el.td(ago(at=other.created_at), custom_attrs={"data-label": tr("list.made")}),
        )

    titles = (tr("list.container"), tr("list.image"), tr("list.state"), tr("list.made"))
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(title, scope="col") for title in titles))),
        rx.el.tbody(rx.foreach(EngineState.strangers, row)),
        class_name="list",
    )
    listed = rx.cond(
        EngineState.strangers.length() > 0,
        rx.el.section(table, class_name="card flush"),
        rx.el.p(tr("engine.no_others"), class_name="note"),
    )
    hidden = rx.el.p(icon("eye-off"), rx.el.span(tr("engine.others_hidden")), class_name="note first")
    return rx.el.div(
        rx.el.h2(tr("engine.others")), rx.cond(EngineState.shows_strangers, listed, hidden), class_name="stack"
    )


def _belongings(tab: str) -> rx.Component:
    titles = ["list.name", "engine.size", "engine.detail", "engine.used_by", "list.made"]
    titles = [title for title in titles if not (tab == "networks" and title == "engine.size")]
    may_remove = SessionState.permissions.contains("container.control")
    table = rx.el.table(
        rx.el.thead(
            rx.el.tr(
                *(rx.el.th(tr(title), scope="col") for title in titles),
                rx.el.th(rx.el.span(tr("engine.remove.do"), class_name="hidden"), scope="col"),
            )
        ),
        rx.el.tbody(rx.foreach(EngineState.rows, lambda line: _belonging(line, tab, may_remove))),
        class_name="list",
    )
    none = empty(ICONS[tab], tr(f"engine.no_{tab}"), tr(f"engine.no_{tab}_more"))
    return rx.fragment(
        rx.el.section(
            rx.cond(EngineState.rows.length() > 0, rx.el.div(table, class_name="table-frame"), none),
            class_name="card flush",
        ),
        confirm(
            EngineState,
            EngineState.question,
            reason_field("remove-reason", tr("form.reason"), has_focus=True),
            on_submit=EngineState.remove,
            on_close=EngineState.dismiss,
        ),
    )


def _belonging(line: Any, tab: str, may_remove: Any) -> rx.Component:
    name = rx.fragment(
        rx.el.strong(line.name, class_name="break"),
        rx.foreach(line.more, lambda tag: rx.el.div(tag, class_name="small")),
    )
    size = [_cell(rx.cond(line.size != "", line.size, "–"), "engine.size")] if tab != "networks" else []
    users = rx.cond(
        line.users.length() > 0,
        rx.el.div(rx.foreach(line.users, lambda user: rx.el.span(say(user))), class_name="users"),
        rx.el.span(tr("engine.unused"), class_name="small"),
    )
    remove = rx.el.button(
        icon("trash-2"),
        rx.el.span(tr("engine.remove.do")),
        type="button",
        on_click=EngineState.ask(line.id),
        class_name="button quiet compact",
    )
    why = rx.el.p(say(line.refusal), class_name="small clip")
    return rx.el.tr(
        rx.el.td(name, class_name="lead"),
        *size,
        _cell(rx.el.code(line.detail), "engine.detail"),
        _cell(users, "engine.used_by"),
        _cell(rx.cond(line.created_at > 0, ago(at=line.created_at), "–"), "list.made"),
        _cell(rx.cond(line.refusal.en != "", why, rx.cond(may_remove, remove, rx.fragment())), "engine.remove.do"),
    )


def _cell(content: Any, title: str) -> rx.Component:
    return rx.el.td(content, custom_attrs={"data-label": tr(title)})


def add_to(app: rx.App) -> None:
    for page, tab in ((hosts, "hosts"), (images, "images"), (volumes, "volumes"), (networks, "networks")):
        place = Place(f"/containers/{tab}", "containers", tr(f"containers.tab.{tab}"))
        add_page(app, page, place, on_load=[EngineState.load])
