"""The environments as cards in the order of promotion."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import left
from portal.web.components.frame import card, empty, head, link, skeleton
from portal.web.components.icons import icon
from portal.web.components.life import create_button, life_forms
from portal.web.components.status import badge, status_icon, version
from portal.web.states.environments import EnvironmentsState
from portal.web.template import add_page
from portal.web.words import say, tr


def environments() -> rx.Component:
    new = rx.cond(
        EnvironmentsState.can_add,
        link(icon("plus"), rx.el.span(tr("environments.new")), href="/environments/new", class_name="button quiet"),
        rx.fragment(),
    )
    none = rx.el.section(
        empty("layers", tr("environments.empty"), tr("environments.empty_more"), new), class_name="card"
    )
    content = rx.fragment(
        rx.cond(
            EnvironmentsState.rows.length() > 0,
            rx.el.ol(rx.foreach(EnvironmentsState.rows, _place), class_name="ladder"),
            none,
        ),
        _archived(),
    )
    return rx.fragment(
        head(
            tr("nav.environments"),
            rx.el.span(tr("environments.sub"), class_name="meta"),
            actions=rx.el.div(
                rx.cond(EnvironmentsState.can_add, create_button(), rx.fragment()), new, class_name="actions"
            ),
        ),
        rx.cond(EnvironmentsState.is_loaded, content, skeleton("m")),
        life_forms(),
    )


def _place(place: Any) -> rx.Component:
    return rx.el.li(
        rx.el.article(
            rx.el.div(
                link(rx.el.strong(say(place.label)), href=place.href, class_name="row-link"),
                badge(place.health),
                class_name="card-head",
            ),
            rx.cond(place.description != "", rx.el.p(place.description, class_name="small"), rx.fragment()),
            rx.el.p(say(place.services), class_name="meta"),
            rx.el.ul(rx.foreach(place.spots, _spot), class_name="plain spots-list"),
            rx.cond(place.more > 0, rx.el.p(tr("environments.more", n=place.more), class_name="small"), rx.fragment()),
            _frozen(place),
            rx.cond(
                place.moving > 0,
                rx.el.p(icon("git-branch"), rx.el.span(tr("environments.moving", n=place.moving)), class_name="fact"),
                rx.fragment(),
            ),
            rx.cond(
                place.rules.length() > 0,
                rx.el.ul(
                    rx.foreach(
                        place.rules,
                        lambda rule: rx.el.li(icon("shield-check"), rx.el.span(say(rule)), class_name="fact"),
                    ),
                    class_name="facts upright",
                ),
                rx.el.p(tr("environments.open"), class_name="small"),
            ),
            class_name="card environment",
        )
    )


def _spot(spot: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(status_icon(name=spot.health.icon), class_name=f"health {spot.health.tone}"),
            rx.el.span(spot.service),
            class_name="spot",
        ),
        version(spot.version),
    )


def _frozen(place: Any) -> rx.Component:
    return rx.cond(
        place.frozen_by != "",
        rx.el.p(
            icon("snowflake"),
            rx.el.span(
                tr("environments.frozen", name=place.frozen_by),
                " ",
                left(until=place.frozen_until, label=tr("freeze.left")),
            ),
            class_name="warning",
        ),
        rx.fragment(),
    )


def _archived() -> rx.Component:
    def line(place: Any) -> rx.Component:
        return rx.el.li(link(say(place.label), href=place.href), rx.el.span(say(place.stage), class_name="small"))

    return rx.cond(
        EnvironmentsState.archived.length() > 0,
        card(tr("environments.archived"), rx.el.ul(rx.foreach(EnvironmentsState.archived, line), class_name="plain")),
        rx.fragment(),
    )


def add_to(app: rx.App) -> None:
    add_page(app, environments, Place("/environments", "environments"), on_load=[EnvironmentsState.watch])
