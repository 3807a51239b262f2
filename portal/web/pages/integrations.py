"""What the portal works with: how each is, and how it is set up."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.channels import channels
from portal.web.components.frame import head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.status import badge
from portal.web.presenters.settings import ICONS
from portal.web.states.channels import ChannelsState
from portal.web.states.integrations import IntegrationsState
from portal.web.template import add_page
from portal.web.words import say, tr


def integrations() -> rx.Component:
    cards = rx.el.div(rx.foreach(IntegrationsState.cards, integration), class_name="tiles")
    return rx.fragment(
        head(tr("nav.integrations"), rx.el.span(tr("integrations.sub"), class_name="meta")),
        rx.cond(IntegrationsState.is_loaded, cards, skeleton("m", "m")),
        channels(),
    )


def integration(given: rx.Var) -> rx.Component:
    """How one of them is, with a button that looks at once."""
    face = rx.match(given.name, *((name, icon(shape)) for name, shape in ICONS.items()), icon("plug"))
    return rx.el.section(
        rx.el.div(rx.el.h2(face, say(given.title), class_name="with-icon"), badge(given.badge), class_name="card-head"),
        rx.el.p(say(given.about), class_name="note"),
        rx.cond(given.answer.en != "", _answer(given), rx.fragment()),
        rx.el.details(
            rx.el.summary(tr("integrations.set_up")),
            rx.el.p(say(given.set_up), class_name="note"),
            rx.el.ul(rx.foreach(given.variables, _variable), class_name="tags"),
            class_name="details",
        ),
        rx.cond(given.is_on, _test(given), rx.fragment()),
        class_name="card",
    )


def _answer(given: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.code(say(given.answer), class_name="break"),
        rx.el.div(tr("integrations.looked"), " ", ago(at=given.at), " · ", given.took, class_name="small"),
    )


def _variable(name: rx.Var) -> rx.Component:
    return rx.el.li(link(rx.el.code(name), href="/settings?text=" + name.to(str)))


def _test(given: rx.Var) -> rx.Component:
    is_busy = IntegrationsState.asking == given.name
    return rx.el.div(
        rx.el.button(
            icon("refresh-cw"),
            rx.el.span(rx.cond(is_busy, tr("integrations.testing"), tr("integrations.test"))),
            type="button",
            on_click=IntegrationsState.test(given.name),
            disabled=IntegrationsState.asking != "",
            class_name="button quiet compact",
        ),
        class_name="actions",
    )


def add_to(app: rx.App) -> None:
    load = [IntegrationsState.watch, ChannelsState.load]
    add_page(app, integrations, Place("/integrations", "integrations"), on_load=load)
