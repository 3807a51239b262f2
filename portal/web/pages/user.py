"""One user: roles, state, sessions, and what can be done."""

from __future__ import annotations

import reflex as rx

from portal.web.components.asking import Act, opens, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.frame import card, head, link, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.secrets import shown_once
from portal.web.components.status import badge
from portal.web.states.user import UserState
from portal.web.template import add_page
from portal.web.words import say, tr


def user() -> rx.Component:
    loaded = rx.cond(UserState.is_loaded, _content(), skeleton("s", "l"))
    return rx.cond(UserState.missing.en != "", missing(say(UserState.missing), "/users", tr("users.back")), loaded)


def _content() -> rx.Component:
    shown = UserState.user
    return rx.fragment(
        head(
            rx.el.span(shown.name),
            rx.el.span(shown.display_name, class_name="meta"),
            rx.foreach(shown.badges, badge),
            actions=_actions(),
        ),
        shown_once(UserState.link, tr("user.link_made", name=shown.name), is_path=True),
        rx.el.div(
            rx.el.div(_roles(), _sessions(), class_name="stack"),
            rx.el.aside(_facts(), class_name="stack"),
            class_name="two",
        ),
        questions(UserState, _acts()),
    )


def _actions() -> rx.Component:
    shown = UserState.user
    quiet, danger = "button quiet", "button quiet danger"
    return rx.el.div(
        rx.cond(
            shown.is_locked,
            opens(UserState, "unlock", shown.name, tr("user.unlock"), class_name=quiet),
            rx.fragment(),
        ),
        opens(UserState, "make_link", shown.name, icon("link"), rx.el.span(tr("user.make_link")), class_name=quiet),
        rx.cond(
            shown.is_disabled,
            opens(UserState, "enable", shown.name, tr("user.enable"), class_name="button primary"),
            opens(UserState, "disable", shown.name, tr("user.disable"), class_name=danger),
        ),
        class_name="actions",
    )


def _roles() -> rx.Component:
    save = opens(UserState, "grants", UserState.user.name, tr("user.save_roles"), class_name="button primary")
    hint = rx.el.p(tr("user.roles_hint"), class_name="note")
    return card(
        tr("users.roles"),
        rx.cond(
            UserState.draft.length() > 0,
            rx.el.ul(rx.foreach(UserState.draft, _grant), class_name="plain"),
            rx.el.p(tr("users.no_role"), class_name="note"),
        ),
        rx.el.form(
            _choice("role", tr("users.role"), UserState.roles),
            _choice("place", tr("user.place"), UserState.places),
            rx.el.button(icon("plus"), rx.el.span(tr("user.add_role")), type="submit", class_name="button quiet"),
            on_submit=UserState.add_grant,
            class_name="filters",
        ),
        rx.cond(UserState.is_changed, rx.el.div(save, class_name="actions"), hint),
        aside=link(tr("user.why"), href="/access?person=" + UserState.user.name, class_name="link small"),
    )


def _grant(line: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(rx.el.strong(say(line.role)), " · ", say(line.place)),
        rx.el.button(
            icon("x"),
            type="button",
            on_click=UserState.drop_grant(line.key),
            aria_label=tr("user.drop_role", role=say(line.role), place=say(line.place)),
            class_name="tool",
        ),
    )


def _choice(name: str, label: rx.Var[str], options: rx.Var) -> rx.Component:
    control = rx.el.div(
        rx.el.select(
            rx.foreach(options, lambda option: rx.el.option(say(option.label), value=option.value)), name=name, id=name
        ),
        icon("chevron-down"),
        class_name="select",
    )
    return rx.el.div(rx.el.label(label, html_for=name), control, class_name="filter")


def _sessions() -> rx.Component:
    end = opens(UserState, "sign_out", UserState.user.name, tr("user.sign_out"))
    return card(
        tr("nav.sessions"),
        rx.cond(
            UserState.sessions.length() > 0,
            rx.el.ul(rx.foreach(UserState.sessions, _session), class_name="plain"),
            rx.el.p(tr("user.no_session"), class_name="note"),
        ),
        aside=rx.cond(UserState.sessions.length() > 0, end, rx.fragment()),
    )


def _session(line: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(say(line.browser), " ", rx.el.code(line.address)),
        rx.el.span(ago(at=line.seen_at), class_name="small"),
    )


def _facts() -> rx.Component:
    shown = UserState.user
    never = rx.el.span(tr("users.never"), class_name="faint")
    off = opens(UserState, "second_factor", shown.name, tr("user.second_factor_off"))
    end = opens(UserState, "end_link", shown.name, tr("user.end_link"))
    return card(
        tr("user.about"),
        rx.el.dl(
            pair(tr("users.since"), ago(at=shown.created_at)),
            pair(tr("users.signed_in"), rx.cond(shown.signed_in_at > 0, ago(at=shown.signed_in_at), never)),
            pair(
                tr("profile.second_factor"),
                rx.cond(shown.has_second_factor, rx.fragment(tr("user.on"), off), tr("user.off")),
            ),
            rx.cond(shown.is_invited, pair(tr("user.link"), tr("user.link_open"), end), rx.fragment()),
            class_name="pairs",
        ),
        rx.el.div(
            link(tr("user.tokens"), href="/tokens?text=" + shown.name, class_name="link small"),
            class_name="actions",
        ),
    )


def _acts() -> list[Act]:
    name = UserState.subject
    handlers = {
        "grants": (UserState.save_grants, "primary"),
        "disable": (UserState.disable, "danger"),
        "enable": (UserState.enable, "primary"),
        "unlock": (UserState.unlock, "primary"),
        "make_link": (UserState.make_link, "primary"),
        "end_link": (UserState.end_link, "danger"),
        "sign_out": (UserState.sign_out, "danger"),
        "second_factor": (UserState.remove_second_factor, "danger"),
    }
    return [
        Act(
            act,
            tr(f"ask_user.{act}", name=name),
            tr(f"ask_user.{act}_more", name=name),
            tr(f"ask_user.{act}_button"),
            handler,
            tone=tone,
        )
        for act, (handler, tone) in handlers.items()
    ]


def add_to(app: rx.App) -> None:
    title = rx.cond(UserState.user.name == "", tr("user.title"), UserState.user.name)
    add_page(app, user, Place("/users/[of_user]", "users", title), on_load=[UserState.load])
