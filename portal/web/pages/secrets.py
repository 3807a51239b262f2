"""Secrets: the list with what is due, and one with its versions, its rotation, who uses it and its history."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.domain.secret import LARGEST_BYTES
from portal.web.components.allowed import allowed
from portal.web.components.asking import Act, opens, proof_field, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago, left
from portal.web.components.controls import checkbox, text_area
from portal.web.components.forms import reason_field, submit, trouble
from portal.web.components.frame import card, empty, head, link, live_dot, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.secrets import secret as copied
from portal.web.components.status import badge
from portal.web.components.tables import (
    Column,
    Rows,
    data_table,
    filter_bar,
    filter_field,
    names,
    search_field,
    spoken,
)
from portal.web.components.timeline import timeline
from portal.web.states.secrets import SecretsState
from portal.web.template import add_page
from portal.web.words import say, tr


def secrets() -> rx.Component:
    new = link(icon("plus"), rx.el.span(tr("secrets.new")), href="/secrets/new", class_name="button primary")
    key = opens(
        SecretsState,
        "master",
        tr("secrets.master_key"),
        icon("key-round"),
        rx.el.span(tr("secrets.master_key")),
        class_name="button quiet",
    )
    due = (
        rx.el.option(tr("secrets.due_soon"), value="due"),
        rx.el.option(tr("secrets.overdue"), value="overdue"),
    )
    return rx.fragment(
        head(
            tr("nav.secrets"),
            rx.el.span(tr("secrets.sub"), class_name="meta"),
            actions=rx.el.div(
                rx.cond(SecretsState.can_change_key, key, rx.fragment()),
                allowed(Permission.SECRET_EDIT, new),
                class_name="actions",
            ),
        ),
        filter_bar(
            SecretsState,
            search_field(SecretsState, tr("secrets.search")),
            filter_field(
                SecretsState, "environment", tr("list.environment"), options=spoken(SecretsState.environments)
            ),
            filter_field(SecretsState, "service", tr("list.service"), options=names(SecretsState.services)),
            filter_field(SecretsState, "state", tr("list.state"), options=due),
        ),
        data_table(
            SecretsState,
            _columns(),
            none=empty("key-round", tr("secrets.empty"), tr("secrets.empty_more")),
            rows=Rows(href=lambda line: line.href),
        ),
        questions(SecretsState, [_master_act()]),
    )


def _master_act() -> Act:
    ask, more = tr("secrets.ask_master"), tr("secrets.ask_master_more")
    return Act("master", ask, more, tr("secrets.master_key"), SecretsState.change_master_key, "primary")


def _columns() -> list[Column]:
    return [
        Column(tr("secrets.secret"), _name, sort="name"),
        Column(tr("list.environment"), lambda line: say(line.environment_words)),
        Column(tr("list.service"), lambda line: say(line.service)),
        Column(tr("list.version"), lambda line: line.version, class_name="number"),
        Column(tr("secrets.changed"), _changed),
        Column(tr("secrets.due"), _due, sort="due"),
        Column(tr("secrets.users"), lambda line: line.users, class_name="number"),
    ]


def _name(line: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.strong(line.name),
        rx.el.div(rx.el.code(line.target), class_name="small clip"),
    )


def _changed(line: rx.Var) -> rx.Component:
    return rx.cond(line.changed_at > 0, ago(at=line.changed_at), _dash())


def _due(line: rx.Var) -> rx.Component:
    shown = rx.el.div(rx.cond(line.is_due, badge(line.due), rx.fragment()), " ", _when_due(line))
    return rx.cond(line.due_at > 0, shown, _dash())


def _when_due(line: Any) -> rx.Component:
    return rx.cond(line.is_overdue, ago(at=line.due_at), left(until=line.due_at, label=tr("secrets.due_in")))


def _dash() -> rx.Component:
    return rx.el.span("\N{EN DASH}", class_name="faint")


def secret() -> rx.Component:
    gone = missing(say(SecretsState.missing), "/secrets", tr("nav.secrets"))
    shown = rx.cond(SecretsState.is_open, _one(), skeleton("s", "l"))
    return rx.cond(SecretsState.missing.en != "", gone, shown)


def _one() -> rx.Component:
    given = SecretsState.card
    line = given.line
    return rx.fragment(
        head(
            line.name,
            rx.el.span(say(line.environment_words), class_name="tag"),
            rx.el.span(say(line.service), class_name="tag"),
            rx.cond(line.is_due, badge(line.due), rx.fragment()),
            rx.el.span(line.description, class_name="why"),
            actions=_actions(given),
        ),
        rx.el.div(
            rx.el.div(
                _revealed(), _versions(), rx.cond(given.can_edit, _new_version(), rx.fragment()), class_name="stack"
            ),
            rx.el.aside(_place(given), _rotation(given), _uses(), _history(), class_name="stack"),
            class_name="two",
        ),
        questions(SecretsState, _acts()),
    )


def _revealed() -> rx.Component:
    hide = rx.el.button(
        tr("secrets.hide"), type="button", on_click=SecretsState.hide, class_name="button quiet compact"
    )
    value = rx.el.section(
        rx.el.p(icon("eye"), rx.el.span(tr("secrets.revealed")), class_name="fact"),
        copied(value=SecretsState.revealed, label=tr("secret.copy"), done=tr("secret.copied"), is_path=False),
        rx.el.div(hide, class_name="actions"),
        class_name="card accent",
        role="status",
    )
    return rx.cond(SecretsState.revealed != "", value, rx.fragment())


def _actions(given: Any) -> rx.Component:
    line = given.line
    rotate = opens(
        SecretsState,
        "rotate",
        line.name,
        icon("rotate-cw"),
        rx.el.span(tr("secrets.rotate")),
        class_name="button primary",
    )
    edit = link(icon("pencil"), rx.el.span(tr("form.edit")), href=line.href + "/edit", class_name="button quiet")
    remove = opens(
        SecretsState,
        "remove",
        line.name,
        icon("trash-2"),
        rx.el.span(tr("secrets.remove")),
        class_name="button quiet danger",
    )
    return rx.el.div(
        rx.cond(given.can_rotate, rotate, rx.fragment()),
        rx.cond(given.can_edit, rx.fragment(edit, remove), rx.fragment()),
        class_name="actions",
    )


def _versions() -> rx.Component:
    titles = ("list.version", "list.state", "secrets.origin", "list.made", "secrets.users", "sessions.action")
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(tr(title), scope="col") for title in titles))),
        rx.el.tbody(rx.foreach(SecretsState.versions, _version)),
        class_name="list",
    )
    return rx.el.section(
        rx.el.div(table, class_name="table-frame"),
        rx.el.div(rx.el.span(tr("secrets.versions_note"), class_name="small"), live_dot(), class_name="card-foot"),
        class_name="card flush",
    )


def _version(row: Any) -> rx.Component:
    label = lambda key: {"data-label": tr(key)}  # noqa: E731 - one line, used in each cell
    reveal = opens(SecretsState, "reveal", row.number.to_string(), tr("secrets.reveal"))
    revoke = opens(
        SecretsState, "revoke", row.number.to_string(), tr("secrets.revoke"), class_name="button quiet danger compact"
    )
    return rx.el.tr(
        rx.el.td(rx.el.strong(row.number), class_name="lead"),
        rx.el.td(badge(row.badge), custom_attrs=label("list.state")),
        rx.el.td(say(row.origin), custom_attrs=label("secrets.origin")),
        rx.el.td(
            rx.el.div(ago(at=row.created_at), rx.el.div(tr("list.by", who=row.created_by), class_name="small")),
            custom_attrs=label("list.made"),
        ),
        rx.el.td(row.users, custom_attrs=label("secrets.users")),
        rx.el.td(
            rx.cond(row.is_revealable, reveal, rx.fragment()),
            rx.cond(row.is_revocable, revoke, rx.fragment()),
            custom_attrs=label("sessions.action"),
        ),
    )


def _new_version() -> rx.Component:
    given = SecretsState.card
    hint = rx.cond(given.has_generator, tr("secrets.value_or_made"), tr("secrets.value_hint"))
    form = rx.el.form(
        text_area(
            tr("secrets.value"),
            "secret",
            hint=hint,
            rows="3",
            max_length=LARGEST_BYTES,
            auto_complete="off",
            spell_check=False,
            key=SecretsState.versions.length().to_string(),
        ),
        checkbox(tr("secrets.is_next"), "is_next", hint=tr("secrets.is_next_hint")),
        reason_field("version-reason", tr("form.reason")),
        proof_field("version-proof"),
        trouble(SecretsState.flaw),
        rx.el.div(submit(tr("secrets.add_version"), icon_name="plus"), class_name="actions"),
        on_submit=SecretsState.put_version,
        class_name="form",
    )
    return card(tr("secrets.new_version"), form)


def _place(given: Any) -> rx.Component:
    line = given.line
    warning = rx.el.p(icon("triangle-alert"), rx.el.span(tr("secrets.variable_shown")), class_name="fact warn")
    file = rx.el.p(icon("shield-check"), rx.el.span(tr("secrets.file_hidden")), class_name="fact ok")
    return card(
        tr("secrets.where"),
        rx.el.dl(
            pair(tr("secrets.as"), say(line.form)),
            pair(tr("secrets.target"), rx.el.code(line.target)),
            pair(tr("list.made"), ago(at=given.created_at), " ", tr("list.by", who=given.created_by)),
            class_name="pairs",
        ),
        rx.cond(given.is_variable, warning, file),
    )


def _rotation(given: Any) -> rx.Component:
    last = SecretsState.rotation
    shown = rx.fragment(link(say(last.kind), " ", ago(at=last.created_at), href=last.href), badge(last.badge))
    return card(
        tr("secrets.rotation"),
        rx.el.dl(
            pair(tr("secrets.how_often"), say(given.every)),
            pair(tr("secrets.due"), rx.cond(given.line.due_at > 0, _when_due(given.line), _dash())),
            pair(tr("secrets.generator"), say(given.generator)),
            pair(tr("secrets.check"), say(given.check)),
            pair(tr("secrets.cut_over"), say(given.cut_over)),
            pair(tr("secrets.last"), rx.cond(last.id > 0, shown, _dash())),
            class_name="pairs",
        ),
    )


def _uses() -> rx.Component:
    use = lambda row: rx.el.li(  # noqa: E731 - one line of a list
        link(row.container, href=row.href, class_name="bare clip"),
        rx.el.span(tr("secrets.version_n", n=row.version), class_name="small"),
    )
    none = rx.el.p(tr("secrets.unused"), class_name="note")
    listed = rx.el.ul(rx.foreach(SecretsState.uses, use), class_name="plain")
    return card(tr("secrets.users"), rx.cond(SecretsState.uses.length() > 0, listed, none))


def _history() -> rx.Component:
    shown = card(tr("environment.history"), timeline(SecretsState.history))
    return rx.cond(SecretsState.history.length() > 0, shown, rx.fragment())


def _acts() -> list[Act]:
    state = SecretsState
    return [
        Act("reveal", tr("secrets.ask_reveal"), tr("secrets.ask_reveal_more"), tr("secrets.reveal"), state.reveal),
        Act(
            "rotate",
            tr("secrets.ask_rotate"),
            tr("secrets.ask_rotate_more"),
            tr("secrets.rotate"),
            state.rotate,
            "primary",
        ),
        Act("revoke", tr("secrets.ask_revoke"), tr("secrets.ask_revoke_more"), tr("secrets.revoke"), state.revoke),
        Act("remove", tr("secrets.ask_remove"), tr("secrets.ask_remove_more"), tr("secrets.remove"), state.remove),
    ]


def add_to(app: rx.App) -> None:
    add_page(app, secrets, Place("/secrets", "secrets"), on_load=[SecretsState.load])
    title = rx.cond(SecretsState.card.line.name == "", tr("web.loading"), SecretsState.card.line.name)
    one = Place("/secrets/[environment_name]/[secret_name]", "secrets", title)
    add_page(app, secret, one, on_load=[SecretsState.watch_one])
