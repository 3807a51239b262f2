"""One container: its use, log, document and commands inside, each behind a tab."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.asking import proof_field
from portal.web.components.bar import Place
from portal.web.components.browser import ago, clock, dialog
from portal.web.components.container_parts import notes
from portal.web.components.controls import labelled, text_field
from portal.web.components.forms import reason_field, trouble
from portal.web.components.frame import card, empty, head, link, live_dot, missing, skeleton
from portal.web.components.icons import icon
from portal.web.components.logs import log_view, spark
from portal.web.components.overlays import copyable
from portal.web.components.status import badge, status_icon, version
from portal.web.components.tabs import Tab, tabs
from portal.web.states.container import TIMES, ContainerState
from portal.web.template import add_page
from portal.web.words import say, tr


def container() -> rx.Component:
    state = ContainerState
    content = rx.fragment(
        _head(),
        _warnings(),
        tabs(
            state.tab,
            *(
                Tab(code, tr(f"container.tab.{code}"), state.links[code])
                for code in ("overview", "logs", "inspect", "exec")
            ),
        ),
        rx.match(
            state.tab,
            ("logs", rx.el.section(log_view(state.line.name), class_name="card")),
            ("inspect", _document()),
            ("exec", _execution()),
            _overview(),
        ),
        _question(),
    )
    return rx.cond(
        state.missing.en != "",
        missing(say(state.missing), "/containers", tr("nav.containers")),
        rx.cond(state.is_loaded, content, skeleton("s", "m", "l")),
    )


def _head() -> rx.Component:
    line = ContainerState.line
    up = rx.cond(
        line.started_at > 0,
        rx.el.span(tr("containers.up"), " ", ago(at=line.started_at), class_name="meta"),
        rx.fragment(),
    )
    return head(
        line.name,
        badge(line.state),
        badge(line.health),
        rx.cond(
            line.release != "",
            link(line.service, " ", version(line.version), href=line.release, class_name="bare"),
            rx.fragment(),
        ),
        rx.el.span(say(line.environment), class_name="meta"),
        up,
        notes(line),
        actions=rx.el.div(rx.foreach(ContainerState.presses, _press), class_name="actions sticky"),
    )


def _press(press: Any) -> rx.Component:
    return rx.el.button(
        status_icon(name=press.icon),
        rx.el.span(say(press.label)),
        type="button",
        on_click=ContainerState.ask(press.code),
        class_name=f"button {press.tone}",
    )


def _warnings() -> rx.Component:
    line = ContainerState.line
    return rx.cond(
        line.rollout != "",
        rx.el.p(
            icon("triangle-alert"),
            rx.el.span(
                tr("container.rollout_at_work", id=line.rollout_id.to_string()),
                " ",
                link(tr("container.rollout", id=line.rollout_id.to_string()), href=line.rollout),
            ),
            class_name="banner warn",
        ),
        rx.fragment(),
    )


def _overview() -> rx.Component:
    return rx.el.div(
        rx.el.div(_usage(), _checks(), _variables(), class_name="stack"),
        rx.el.aside(_facts(), _mounts(), class_name="stack"),
        class_name="two",
    )


def _usage() -> rx.Component:
    used = ContainerState.usage
    return card(
        tr("container.usage"),
        rx.cond(
            used.cpu != "",
            rx.el.dl(
                _gauge(
                    tr("containers.cpu"),
                    used.cpu,
                    say(used.cpu_note),
                    spark(values=used.cpu_line, label=tr("containers.cpu"), least=5.0),
                ),
                _gauge(
                    tr("containers.memory"),
                    used.memory,
                    say(used.memory_note),
                    spark(values=used.memory_line, label=tr("containers.memory"), least=16.0),
                ),
                _gauge(tr("container.processes"), used.pids, None, None),
                _gauge(tr("container.network"), used.network, None, None, is_small=True),
                class_name="gauges",
            ),
            rx.el.p(tr("container.no_usage"), class_name="note"),
        ),
        aside=live_dot(),
    )


def _gauge(label: Any, value: Any, note: Any, picture: Any, *, is_small: bool = False) -> rx.Component:
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(
            rx.el.span(value, class_name="" if is_small else "figure"),
            rx.fragment() if note is None else rx.el.span(note, class_name="unit"),
        ),
        rx.fragment() if picture is None else rx.el.dd(picture),
        class_name="stat gauge",
    )


def _facts() -> rx.Component:
    def pair(fact: Any) -> rx.Component:
        value = rx.cond(
            fact.code != "", rx.el.code(fact.code, class_name="break"), rx.el.span(say(fact.value), class_name="break")
        )
        return rx.fragment(rx.el.dt(say(fact.name)), rx.el.dd(value))

    return card(tr("container.facts"), rx.el.dl(rx.foreach(ContainerState.facts, pair), class_name="pairs"))


def _mounts() -> rx.Component:
    def row(mount: Any) -> rx.Component:
        return rx.el.li(
            rx.el.code(mount.code, class_name="break"),
            rx.el.span("→ ", rx.el.code(say(mount.name)), " ", rx.el.span(say(mount.value), class_name="small")),
        )

    return rx.cond(
        ContainerState.mounts.length() > 0,
        card(tr("container.mounts"), rx.el.ul(rx.foreach(ContainerState.mounts, row), class_name="plain")),
        rx.fragment(),
    )


def _checks() -> rx.Component:
    def run(check: Any) -> rx.Component:
        return rx.el.li(
            clock(at=check.at, has_seconds=True),
            rx.el.span(status_icon(name=check.icon), class_name=f"health {check.tone}"),
            rx.el.div(say(check.text), rx.cond(check.output != "", rx.el.q(check.output), rx.fragment())),
        )

    return card(
        tr("container.checks"),
        rx.cond(
            ContainerState.checks.length() > 0,
            rx.el.ol(rx.foreach(ContainerState.checks, run), class_name="timeline"),
            rx.el.p(tr("container.no_checks"), class_name="note"),
        ),
    )


def _variables() -> rx.Component:
    def row(pair: Any) -> rx.Component:
        return rx.el.tr(rx.el.td(rx.el.code(pair[0])), rx.el.td(rx.el.code(pair[1])))

    return card(
        tr("container.variables"),
        rx.cond(
            ContainerState.has_hidden_values,
            rx.el.p(tr("container.hidden_values"), class_name="note"),
            rx.el.p(tr("container.masked_values"), class_name="note"),
        ),
        rx.cond(
            ContainerState.variables.length() > 0,
            rx.el.table(rx.el.tbody(rx.foreach(ContainerState.variables, row)), class_name="names"),
            rx.el.p(tr("container.no_variables"), class_name="note"),
        ),
    )


def _document() -> rx.Component:
    return card(
        tr("container.document"),
        rx.el.p(tr("container.document_more"), class_name="note"),
        rx.el.pre(ContainerState.document, class_name="document", tab_index=0),
        aside=copyable(ContainerState.document, shown=tr("container.json")),
    )


def _execution() -> rx.Component:
    off = rx.el.section(empty("lock", tr("container.exec_off"), tr("container.exec_off_more")), class_name="card")
    return rx.cond(ContainerState.is_executable, _exec_form(), off)


def _exec_form() -> rx.Component:
    state = ContainerState
    times = [rx.el.option(tr("container.seconds", n=value), value=value) for value in TIMES]
    form = rx.el.form(
        rx.el.p(tr("container.exec_more"), class_name="note"),
        rx.el.div(
            text_field(
                tr("container.command"),
                "command",
                required=True,
                max_length=4000,
                auto_complete="off",
                placeholder=tr("container.command_example"),
                class_name="code-field",
            ),
            labelled(
                tr("container.time"),
                rx.el.div(
                    rx.el.select(*times, id="seconds", name="seconds", default_value="30"),
                    icon("chevron-down"),
                    class_name="select",
                ),
                for_id="seconds",
            ),
            class_name="inline-fields",
        ),
        reason_field("exec-reason", tr("container.exec_why")),
        proof_field("exec-proof"),
        trouble(state.exec_trouble),
        rx.el.div(
            rx.el.button(
                icon("play"),
                rx.el.span(tr("container.run")),
                type="submit",
                disabled=state.is_running,
                class_name="button primary",
            ),
            rx.cond(state.is_running, live_dot(tr("container.running")), rx.fragment()),
            class_name="actions",
        ),
        on_submit=state.run,
        class_name="form",
    )
    return rx.fragment(card(tr("container.exec"), form), rx.cond(state.ran.command != "", _ran(), rx.fragment()))


def _ran() -> rx.Component:
    given = ContainerState.ran
    return card(
        rx.el.code(given.command, class_name="break"),
        rx.cond(given.note.en != "", rx.el.p(say(given.note), class_name="note"), rx.fragment()),
        rx.cond(
            given.lines.length() > 0,
            rx.el.div(
                rx.foreach(given.lines, lambda line: rx.el.span(line[1], class_name=line[0])),
                class_name="printed",
                tab_index=0,
            ),
            rx.el.p(tr("container.printed_nothing"), class_name="note"),
        ),
        aside=badge(given.badge),
    )


def _question() -> rx.Component:
    given = ContainerState.question
    warning = rx.el.p(icon("triangle-alert"), rx.el.span(say(given.warning)), class_name="warning")
    form = rx.el.form(
        rx.el.h2(say(given.title), id="question"),
        rx.el.p(say(given.consequence)),
        rx.cond(given.warning.en != "", warning, rx.fragment()),
        reason_field("action-reason", tr("form.reason"), has_focus=True),
        trouble(ContainerState.trouble),
        rx.el.div(
            rx.el.button(say(given.button), type="submit", class_name=f"button solid {given.tone}"),
            rx.el.button(tr("form.cancel"), type="button", on_click=ContainerState.dismiss, class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=ContainerState.act,
        class_name="form",
    )
    return dialog(form, open=given.code != "", labelled_by="question", on_close=ContainerState.dismiss)


def add_to(app: rx.App) -> None:
    name = ContainerState.line.name
    title = rx.cond(name == "", tr("web.loading"), name)
    place = Place("/containers/[container_name]", "containers", title)
    add_page(app, container, place, on_load=[ContainerState.watch])
