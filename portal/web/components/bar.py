"""The bar at the top: where one is, language, theme, help, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from portal.web.components.bell import bell
from portal.web.components.browser import drawer, language_switch, opens, theme_switch
from portal.web.components.frame import link
from portal.web.components.icons import icon
from portal.web.components.keyboard import HELP_ID
from portal.web.components.native import native_form, native_link
from portal.web.components.palette import palette_button
from portal.web.navigation import explanation, nouns
from portal.web.states.session import SessionState
from portal.web.words import say, tr

MENU_ID = "person"


@dataclass(frozen=True, slots=True)
class Place:
    """A page's address, the noun of the navigation it belongs to, and its title if that is not the noun's own."""

    route: str
    noun: str
    title: rx.Var[str] | None = None


def top_bar(place: Place) -> rx.Component:
    return rx.el.header(
        drawer(icon("menu"), label=tr("nav.open")),
        _crumbs(place),
        rx.el.div(
            palette_button(),
            rx.el.div(*_reading(place), class_name="wide-tools"),
            opens(icon("keyboard"), target=HELP_ID, label=tr("keys.title"), class_name="tool wide"),
            bell(),
            _person(place),
            class_name="tools",
        ),
        class_name="bar",
    )


def _reading(place: Place) -> tuple[rx.Component, ...]:
    """How the portal reads, and help: in the bar, or on a phone, which has no room there, in the menu of the person."""
    themes = {choice: tr(f"theme.{choice}") for choice in ("system", "light", "dark")}
    explained = native_link(
        icon("circle-help"),
        href=explanation(place.noun),
        class_name="tool",
        aria_label=tr("help.page"),
        title=tr("help.page"),
        custom_attrs={"target": "_blank", "rel": "noopener"},
    )
    return language_switch(), theme_switch(labels=themes), explained


def _crumbs(place: Place) -> rx.Component:
    name = tr(f"nav.{place.noun}")
    if place.title is None:
        return rx.el.span(name, class_name="place")
    path = next(noun.path for noun in nouns() if noun.name == place.noun)
    return rx.el.nav(
        link(icon("chevron-left"), rx.el.span(name), href=path, class_name="bare parent"),
        rx.el.span("/", class_name="faint", aria_hidden="true"),
        rx.el.span(place.title, class_name="place", aria_current="page"),
        class_name="crumbs",
        aria_label=tr("nav.crumbs"),
    )


def _person(place: Place) -> rx.Component:
    return rx.fragment(
        rx.el.button(
            rx.el.span(SessionState.initials, aria_hidden="true"),
            rx.el.span(tr("person.menu"), class_name="hidden"),
            type="button",
            class_name="who",
            custom_attrs={"popovertarget": MENU_ID},
        ),
        rx.el.div(
            rx.el.strong(SessionState.name),
            rx.el.div(rx.foreach(SessionState.roles, lambda role: rx.el.span(say(role))), class_name="roles"),
            rx.el.div(*_reading(place), class_name="phone-only samples"),
            link(icon("user"), rx.el.span(tr("nav.profile")), href="/profile", class_name="button quiet"),
            native_form(
                rx.el.button(
                    icon("log-out"), rx.el.span(tr("person.sign_out")), type="submit", class_name="button quiet"
                ),
                action="/auth/sign-out",
                method="post",
            ),
            id=MENU_ID,
            class_name="menu-card",
            custom_attrs={"popover": "auto"},
        ),
    )
