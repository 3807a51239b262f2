"""Setting up a new portal, step by step; each step leaves what can be changed later in its usual place."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.set_up import SetUpStep
from portal.web.components.bar import Place
from portal.web.components.frame import card, failed, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.secrets import applied
from portal.web.components.status import status_icon
from portal.web.pages.integrations import integration
from portal.web.pages.invite import invitation_form, invited
from portal.web.pages.profile import password_card, preferences_card
from portal.web.states.integrations import IntegrationsState
from portal.web.states.invite import InviteState
from portal.web.states.profile import ProfileState
from portal.web.states.session import SessionState
from portal.web.states.set_up import SetUpState
from portal.web.template import add_page
from portal.web.words import say, tr

PARTS = ("engine", "proxy", "database")


def set_up() -> rx.Component:
    state = SetUpState
    later = link(tr("set_up.later"), href="/", class_name="button quiet")
    skip = rx.el.button(tr("set_up.skip"), type="button", on_click=state.skip, class_name="button quiet")
    page = rx.fragment(
        head(
            tr("set_up.title"),
            rx.el.span(tr("set_up.sub"), class_name="meta"),
            actions=rx.el.div(later, skip, class_name="actions"),
        ),
        rx.cond(state.is_loaded, _steps(), skeleton("s", "l")),
        applied(
            number=ProfileState.applied,
            language=ProfileState.language,
            theme=ProfileState.theme,
            zone=ProfileState.zone,
        ),
    )
    overview = link(tr("nav.overview"), href="/", class_name="button quiet")
    return rx.cond(state.trouble.en != "", failed(say(state.trouble), overview), page)


def _steps() -> rx.Component:
    return rx.fragment(
        rx.el.nav(rx.foreach(SetUpState.steps, _tab), class_name="tabs walk", aria_label=tr("set_up.steps")),
        rx.match(
            SetUpState.step,
            (SetUpStep.READING, _form(preferences_card([ProfileState.save_preferences, SetUpState.load]))),
            (SetUpStep.PEOPLE, _people()),
            (SetUpStep.PARTS, _parts()),
            (SetUpStep.END, _end()),
            _form(password_card([ProfileState.change_password, SetUpState.load])),
        ),
    )


def _form(form: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.div(form, _on(), class_name="stack"), class_name="halves")


def _tab(line: Any) -> rx.Component:
    is_current = SetUpState.step == line.name
    return rx.el.span(
        link(_mark(line.status), rx.el.span(say(line.label)), href=line.href, class_name="tab"),
        class_name=rx.cond(is_current, "current", ""),
        aria_current=rx.cond(is_current, "step", "false"),
    )


def _mark(status: Any) -> rx.Component:
    """By shape, and in words for those who do not see it."""

    def picture(name: str, word: str) -> rx.Component:
        return rx.el.span(icon(name), role="img", aria_label=tr(f"set_up.status.{word}"))

    return rx.match(
        status,
        ("done", picture("circle-check", "done")),
        ("skipped", picture("skip-forward", "skipped")),
        picture("circle", "open"),
    )


def _on() -> rx.Component:
    return rx.el.div(
        rx.el.button(
            rx.el.span(tr("set_up.go_on")),
            icon("arrow-right"),
            type="button",
            on_click=SetUpState.go_on(SetUpState.step),
            class_name="button primary",
        ),
        class_name="actions",
    )


def _people() -> rx.Component:
    another = rx.el.button(
        icon("user-plus"),
        rx.el.span(tr("set_up.another")),
        type="button",
        on_click=[InviteState.load, SetUpState.load],
        class_name="button quiet",
    )
    made = rx.fragment(invited(), rx.el.div(another, class_name="actions"))
    form = rx.cond(InviteState.is_loaded, invitation_form(), skeleton("l"))
    return rx.fragment(
        rx.el.p(tr("set_up.people_more"), class_name="note"),
        rx.cond(InviteState.link != "", made, form),
        _on(),
    )


def _parts() -> rx.Component:
    known = rx.Var.create(list(PARTS))

    def one(given: Any) -> rx.Component:
        return rx.cond(known.contains(given.name), integration(given), rx.fragment())

    told = rx.cond(SessionState.is_demonstration, tr("set_up.in_memory"), tr("set_up.real"))
    return rx.fragment(
        rx.el.p(told, class_name="note"),
        rx.cond(
            IntegrationsState.is_loaded,
            rx.el.div(rx.foreach(IntegrationsState.cards, one), class_name="tiles"),
            skeleton("m"),
        ),
        _on(),
    )


def _end() -> rx.Component:
    def line(step: Any) -> rx.Component:
        row = rx.el.li(
            rx.el.span(link(say(step.label), href=step.href)),
            rx.match(
                step.status,
                ("done", rx.el.span(status_icon(name="check"), tr("set_up.status.done"), class_name="fact ok")),
                ("skipped", rx.el.span(tr("set_up.status.skipped"), class_name="small")),
                rx.el.span(tr("set_up.status.open"), class_name="small"),
            ),
        )
        return rx.cond(step.name == SetUpStep.END, rx.fragment(), row)

    finish = rx.el.button(
        icon("check"),
        rx.el.span(tr("set_up.finish")),
        type="button",
        on_click=SetUpState.finish,
        class_name="button primary",
    )
    return card(
        tr("set_up.end_title"),
        rx.el.ul(rx.foreach(SetUpState.steps, line), class_name="plain"),
        rx.el.p(tr("set_up.end_more"), class_name="note"),
        rx.el.div(finish, class_name="actions"),
    )


def add_to(app: rx.App) -> None:
    load = [SetUpState.load, ProfileState.load, InviteState.load, IntegrationsState.watch]
    add_page(app, set_up, Place("/set-up", "set_up"), on_load=load)
