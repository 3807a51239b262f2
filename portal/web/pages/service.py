"""One service: places, releases and rollouts, dependencies, settings, history."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.archiving import archive_question, edit_or_archive
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.dependencies import dependency_graph, neighbours
from portal.web.components.flights import flight, split
from portal.web.components.frame import card, empty, head, link, live_dot, missing, skeleton
from portal.web.components.icons import icon
from portal.web.components.scaling import scaling_button, scaling_sheet
from portal.web.components.status import badge, version
from portal.web.components.tabs import Tab, tabs
from portal.web.components.timeline import timeline
from portal.web.states.service import ServiceState
from portal.web.template import add_page
from portal.web.words import say, tr


def service() -> rx.Component:
    state, base = ServiceState, ServiceState.card.href
    content = rx.fragment(
        _head(),
        tabs(
            state.tab,
            Tab("places", tr("service.places"), base),
            Tab("releases", tr("service.deliveries"), f"{base}?tab=releases"),
            Tab("dependencies", tr("service.dependencies"), f"{base}?tab=dependencies"),
            Tab("settings", tr("service.settings"), f"{base}?tab=settings"),
            Tab("history", tr("environment.history"), f"{base}?tab=history"),
        ),
        rx.match(
            state.tab,
            ("releases", _deliveries()),
            ("dependencies", _dependencies()),
            ("settings", _settings()),
            ("history", _history()),
            _places(),
        ),
        archive_question(state),
        scaling_sheet(),
    )
    return rx.match(
        (state.missing.en != "").to_string(),
        ("true", missing(say(state.missing), "/services", tr("nav.services"))),
        rx.cond(state.is_loaded, content, skeleton("s", "l")),
    )


def _head() -> rx.Component:
    given = ServiceState.card
    start = link(
        icon("play"),
        rx.el.span(tr("rollouts.new")),
        href=f"/rollouts/new?service={given.name}",
        class_name="button primary",
    )
    return head(
        given.name,
        badge(given.health),
        rx.cond(given.is_archived, rx.el.span(tr("web.archived"), class_name="badge warn"), rx.fragment()),
        rx.el.div(rx.foreach(given.tags, lambda tag: rx.el.span(tag, class_name="tag")), class_name="tags"),
        rx.cond(
            given.owners.length() > 0,
            rx.el.span(icon("users"), rx.el.span(given.owners.join(", ")), class_name="meta fact"),
            rx.fragment(),
        ),
        _links(),
        rx.cond(given.description != "", rx.el.span(given.description, class_name="why"), rx.fragment()),
        actions=rx.el.div(
            rx.cond(given.is_archived, rx.fragment(), allowed(Permission.ROLLOUT_START, start)),
            rx.cond(ServiceState.can_edit, edit_or_archive(ServiceState), rx.fragment()),
            class_name="actions",
        ),
    )


def _links() -> rx.Component:
    def out(name: Any, url: Any) -> rx.Component:
        return rx.el.a(
            rx.el.span(name),
            icon("external-link", size=12),
            href=url,
            target="_blank",
            rel="noreferrer",
            class_name="link out",
        )

    source = rx.cond(ServiceState.source_url != "", out(tr("service.source"), ServiceState.source_url), rx.fragment())
    return rx.fragment(source, rx.foreach(ServiceState.links, lambda given: out(given.name, given.url)))


def _places() -> rx.Component:
    none = rx.el.section(empty("layers", tr("environments.empty"), tr("environments.empty_more")), class_name="card")
    return rx.cond(
        ServiceState.places.length() > 0,
        rx.el.div(rx.foreach(ServiceState.places, _place), class_name="stack"),
        none,
    )


def _place(place: Any) -> rx.Component:
    runs = rx.fragment(
        link(version(place.version), href=place.version_href, class_name="bare"),
        rx.el.span(tr("list.by", who=place.by), " · ", ago(at=place.at), class_name="small"),
        rx.el.span(say(place.rate), class_name="small"),
    )
    moving = link(
        split(place.moving.percent, place.moving.from_version, place.moving.to_version, size="small"),
        rx.el.p(badge(place.moving.badge), class_name="note"),
        href=place.moving.href,
        class_name="flight",
    )
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(link(say(place.environment), href=place.href, class_name="bare")),
                rx.cond(place.version != "", runs, rx.el.span(tr("health.none"), class_name="small")),
                class_name="sub",
            ),
            rx.el.div(
                rx.cond(place.version != "", scaling_button(place.place), rx.fragment()),
                link(
                    icon("play"),
                    rx.el.span(tr("service.roll_out")),
                    href=place.start_href,
                    class_name="button quiet compact",
                ),
                rx.cond(
                    place.return_to != "",
                    link(
                        icon("undo"),
                        rx.el.span(tr("service.return_to", version=place.return_to)),
                        href=place.return_href,
                        class_name="button danger compact",
                    ),
                    rx.fragment(),
                ),
                class_name="actions",
            ),
            class_name="card-head",
        ),
        rx.cond(place.is_moving, moving, rx.fragment()),
        rx.cond(place.replicas.length() > 0, _replicas(place), rx.fragment()),
        class_name="card",
    )


def _replicas(place: Any) -> rx.Component:
    titles = ("service.container", "list.version", "list.state", "list.traffic", "service.restarts")
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*(rx.el.th(tr(title), scope="col") for title in titles))),
            rx.el.tbody(rx.foreach(place.replicas, _replica)),
            class_name="list inner",
        ),
        class_name="table-frame",
    )


def _replica(replica: Any) -> rx.Component:
    side = rx.cond(replica.is_candidate, version(replica.version, "canary"), version(replica.version, "stable"))
    cell = lambda content, key: rx.el.td(content, custom_attrs={"data-label": tr(key)})  # noqa: E731 - one cell
    return rx.el.tr(
        rx.el.td(
            rx.el.code(replica.name, class_name="break"),
            rx.el.div(replica.address, class_name="small"),
            class_name="lead",
        ),
        cell(side, "list.version"),
        cell(badge(replica.state), "list.state"),
        cell(rx.el.span(say(replica.share), class_name="small"), "list.traffic"),
        cell(replica.restarts, "service.restarts"),
    )


def _deliveries() -> rx.Component:
    name = ServiceState.card.name
    line = lambda given: rx.el.li(  # noqa: E731 - one release
        link(version(given.version), href=given.href, class_name="bare"),
        rx.el.span(given.summary, class_name="small clip"),
        rx.el.span(tr("list.by", who=given.created_by), " · ", ago(at=given.created_at), class_name="small"),
    )
    released = rx.el.ul(rx.foreach(ServiceState.releases, line), class_name="plain columns")
    moved = rx.el.ul(rx.foreach(ServiceState.rollouts, flight), class_name="flights")
    return rx.el.div(
        card(
            tr("nav.releases"),
            rx.cond(ServiceState.releases.length() > 0, released, rx.el.p(tr("service.no_release"), class_name="note")),
            aside=link(tr("service.all"), href=f"/releases?service={name}"),
        ),
        card(
            tr("nav.rollouts"),
            rx.cond(ServiceState.rollouts.length() > 0, moved, rx.el.p(tr("service.no_rollout"), class_name="note")),
            aside=link(tr("service.all"), href=f"/rollouts?service={name}"),
        ),
        class_name="halves",
    )


def _dependencies() -> rx.Component:
    return rx.el.div(
        card(tr("service.graph"), dependency_graph(ServiceState.drawing)),
        rx.el.div(
            card(tr("service.needed_by"), neighbours(ServiceState.needed_by, tr("service.needed_by_none"))),
            card(tr("service.needs"), neighbours(ServiceState.needs, tr("service.needs_none"))),
            class_name="halves",
        ),
        class_name="stack",
    )


def _settings() -> rx.Component:
    pair = lambda given: rx.fragment(rx.el.dt(say(given.label)), rx.el.dd(rx.el.code(given.value, class_name="break")))  # noqa: E731
    variables = rx.el.dl(rx.foreach(ServiceState.variables, pair), class_name="pairs")
    return rx.el.div(
        card(tr("service.settings"), rx.el.dl(rx.foreach(ServiceState.settings, pair), class_name="pairs columns")),
        card(
            tr("service.variables"),
            rx.cond(
                ServiceState.variables.length() > 0, variables, rx.el.p(tr("service.no_variables"), class_name="note")
            ),
            rx.el.p(tr("service.settings_more"), class_name="note"),
        ),
        class_name="halves",
    )


def _history() -> rx.Component:
    none = empty("clock", tr("environment.no_history"), tr("environment.no_history_more"))
    unseen = empty("lock", tr("environment.unseen"), tr("environment.unseen_more"))
    shown = rx.cond(ServiceState.lines.length() > 0, timeline(ServiceState.lines, has_seconds=False), none)
    return card(tr("environment.history"), rx.cond(ServiceState.can_read, shown, unseen), aside=live_dot())


def add_to(app: rx.App) -> None:
    name = ServiceState.card.name
    title = rx.cond(name == "", tr("web.loading"), name)
    add_page(app, service, Place("/services/[service_name]", "services", title), on_load=[ServiceState.watch])
