"""API tokens in a list, and making one."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.asking import Act, opens, proof_field, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago, left
from portal.web.components.forms import field, submit, trouble
from portal.web.components.frame import empty, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.secrets import shown_once
from portal.web.components.status import badge
from portal.web.components.tables import Column, data_table, filter_bar, filter_field, search_field
from portal.web.states.session import SessionState
from portal.web.states.tokens import DAYS, MINE, OPEN, NewTokenState, TokensState
from portal.web.template import add_page
from portal.web.words import say, tr


def tokens() -> rx.Component:
    new = link(icon("plus"), rx.el.span(tr("tokens.new")), href="/tokens/new", class_name="button primary")
    whose = filter_field(TokensState, "of", tr("sessions.of"), options=(rx.el.option(tr("sessions.mine"), value=MINE),))
    valid = (rx.el.option(tr("token.valid"), value=OPEN),)
    return rx.fragment(
        head(
            tr("nav.tokens"),
            rx.el.span(tr("tokens.sub"), class_name="meta"),
            actions=rx.el.div(new, class_name="actions"),
        ),
        filter_bar(
            TokensState,
            search_field(TokensState, tr("tokens.search")),
            rx.cond(SessionState.permissions.contains(str(Permission.USER_EDIT)), whose, rx.fragment()),
            filter_field(TokensState, "state", tr("list.state"), options=valid),
        ),
        data_table(TokensState, _columns(), none=empty("key-round", tr("tokens.empty"), tr("tokens.empty_more"))),
        questions(TokensState, _acts()),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("tokens.token"), _token),
        Column(tr("sessions.person"), lambda line: line.user),
        Column(tr("list.state"), _state),
        Column(tr("tokens.scopes"), _scopes),
        Column(tr("tokens.used"), _used),
        Column(tr("sessions.action"), _action, class_name="number"),
    ]


def _token(line: rx.Var) -> rx.Component:
    return rx.el.div(rx.el.strong(line.name), rx.el.div(rx.el.code(line.prefix, "…"), class_name="small"))


def _state(line: rx.Var) -> rx.Component:
    ends = left(until=line.expires_at, label=tr("sessions.ends_in"))
    return rx.el.div(badge(line.badge), rx.cond(line.is_open, rx.el.div(ends), rx.fragment()))


def _scopes(line: rx.Var) -> rx.Component:
    whole = rx.el.span(icon("triangle-alert", size=14), rx.el.span(tr("tokens.whole")), class_name="badge warn")
    narrow = rx.el.div(
        rx.foreach(line.scopes, lambda scope: rx.el.span(say(scope), class_name="tag")), class_name="tags"
    )
    return rx.cond(line.is_whole, whole, narrow)


def _used(line: rx.Var) -> rx.Component:
    never = rx.el.span(tr("users.never"), class_name="faint")
    return rx.el.div(
        rx.cond(line.used_at > 0, ago(at=line.used_at), never),
        rx.el.div(tr("tokens.made"), " ", ago(at=line.created_at), class_name="small"),
    )


def _action(line: rx.Var) -> rx.Component:
    revoke = opens(TokensState, "revoke", line.id, tr("tokens.revoke"), class_name="button quiet danger compact")
    return rx.cond(line.is_open, revoke, rx.fragment())


def _acts() -> list[Act]:
    return [
        Act("revoke", tr("tokens.ask_revoke"), tr("tokens.ask_revoke_more"), tr("tokens.revoke"), TokensState.revoke)
    ]


def new_token() -> rx.Component:
    done = rx.fragment(
        shown_once(NewTokenState.secret, tr("tokens.made_now")),
        rx.el.div(link(tr("tokens.back"), href="/tokens", class_name="button quiet"), class_name="actions"),
    )
    return rx.fragment(
        head(tr("tokens.new"), rx.el.span(tr("tokens.new_sub"), class_name="meta")),
        rx.cond(NewTokenState.secret != "", done, rx.cond(NewTokenState.is_loaded, _form(), skeleton("l"))),
    )


def _form() -> rx.Component:
    days = [rx.el.option(tr(f"tokens.days_{count}"), value=count) for count in DAYS]
    return rx.el.form(
        field(
            tr("tokens.name"),
            rx.el.input(name="name", id="name", required=True, max_length=60, auto_complete="off"),
            for_id="name",
            hint=tr("tokens.name_hint"),
        ),
        field(
            tr("tokens.days"),
            rx.el.div(
                rx.el.select(*days, name="days", id="days", default_value="90"),
                icon("chevron-down"),
                class_name="select",
            ),
            for_id="days",
        ),
        rx.el.fieldset(
            rx.el.legend(tr("tokens.scopes")),
            rx.foreach(NewTokenState.scopes, _scope),
            rx.el.label(
                rx.el.input(type="checkbox", name="is_whole"),
                rx.el.span(tr("tokens.whole_choice"), rx.el.span(tr("tokens.whole_hint"), class_name="hint")),
                class_name="check",
            ),
            class_name="choices",
        ),
        proof_field("token-proof"),
        trouble(NewTokenState.trouble),
        rx.el.div(
            submit(tr("tokens.create")),
            link(tr("form.cancel"), href="/tokens", class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=NewTokenState.create,
        class_name="card form narrow",
    )


def _scope(option: rx.Var) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="scope." + option.value),
        rx.el.span(say(option.label), " ", rx.el.code(option.value, class_name="faint")),
        class_name="check",
    )


def add_to(app: rx.App) -> None:
    add_page(app, tokens, Place("/tokens", "tokens"), on_load=[TokensState.load])
    add_page(app, new_token, Place("/tokens/new", "tokens", tr("tokens.new")), on_load=[NewTokenState.load])
