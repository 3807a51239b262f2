"""One release: what it is, where it runs, what is different, how it got there."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.changes import change_rows
from portal.web.components.flights import flight
from portal.web.components.frame import card, empty, head, link, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.notes import notes
from portal.web.components.status import version
from portal.web.states.release import ReleaseState
from portal.web.template import add_page
from portal.web.words import say, tr


def release() -> rx.Component:
    content = rx.fragment(
        _head(),
        rx.el.div(
            rx.el.div(_notes(), _history(), class_name="stack"),
            rx.el.aside(_identity(), _places(), _differences(), class_name="stack"),
            class_name="two",
        ),
    )
    return rx.match(
        (ReleaseState.missing.en != "").to_string(),
        ("true", missing(say(ReleaseState.missing), "/releases", tr("nav.releases"))),
        rx.cond(ReleaseState.is_loaded, content, skeleton("s", "l", "m")),
    )


def _head() -> rx.Component:
    given = ReleaseState.card
    start = link(
        icon("play"),
        rx.el.span(tr("release.roll_out")),
        href=f"/rollouts/new?service={given.service}&version={given.version}",
        class_name="button primary",
    )
    return head(
        rx.fragment(given.service, " ", version(given.version)),
        rx.cond(given.is_pre_release, rx.el.span(tr("release.pre_release"), class_name="tag"), rx.fragment()),
        rx.cond(
            given.is_irreversible,
            rx.el.span(icon("triangle-alert"), rx.el.span(tr("release.irreversible")), class_name="badge warn"),
            rx.fragment(),
        ),
        rx.el.span(tr("list.by", who=given.created_by), " · ", ago(at=given.created_at), class_name="meta"),
        actions=allowed(Permission.ROLLOUT_START, rx.el.div(start, class_name="actions sticky")),
    )


def _notes() -> rx.Component:
    none = rx.el.p(tr("release.no_notes"), class_name="note")
    return card(tr("release.notes"), notes(ReleaseState.card.notes_html, none))


def _history() -> rx.Component:
    none = empty("git-branch", tr("release.no_history"), tr("release.no_history_more"))
    return card(
        tr("release.history"),
        rx.cond(
            ReleaseState.history.length() > 0,
            rx.el.ul(rx.foreach(ReleaseState.history, flight), class_name="flights"),
            none,
        ),
        aside=rx.cond(ReleaseState.past > ReleaseState.history.length(), _whole_history(), rx.fragment()),
    )


def _whole_history() -> rx.Component:
    given = ReleaseState.card
    return link(
        tr("release.whole_history", n=ReleaseState.past),
        href=f"/rollouts?service={given.service}&text={given.version}",
        class_name="link small",
    )


def _identity() -> rx.Component:
    given = ReleaseState.card
    return card(
        tr("release.identity"),
        rx.el.dl(
            pair(tr("list.image"), rx.el.code(given.image, class_name="break")),
            rx.cond(
                given.commit != "",
                pair(tr("list.commit"), rx.el.code(given.commit, class_name="break")),
                rx.fragment(),
            ),
            pair(tr("release.signature"), say(given.signatures)),
            class_name="pairs",
        ),
        rx.el.p(tr("release.immutable"), class_name="note"),
    )


def _places() -> rx.Component:
    def item(place: rx.Var) -> rx.Component:
        return rx.el.li(
            rx.el.strong(say(place.environment)),
            rx.el.span(
                tr("release.place", n=place.replicas, who=place.by),
                " ",
                ago(at=place.at),
                class_name="small",
            ),
        )

    return card(
        tr("release.where"),
        rx.cond(
            ReleaseState.places.length() > 0,
            rx.el.ul(rx.foreach(ReleaseState.places, item), class_name="plain"),
            rx.el.p(tr("release.nowhere_more"), class_name="note"),
        ),
    )


def _differences() -> rx.Component:
    before = ReleaseState.before
    return rx.cond(
        before != "",
        card(
            tr("release.since", version=before),
            rx.cond(
                ReleaseState.differences.length() > 0,
                change_rows(ReleaseState.differences),
                rx.el.p(tr("release.same"), class_name="note"),
            ),
            aside=link(
                tr("compare.open"),
                href=f"/releases/{ReleaseState.card.service}/compare?from={before}&to={ReleaseState.card.version}",
            ),
        ),
        rx.fragment(),
    )


def add_to(app: rx.App) -> None:
    given = ReleaseState.card
    unknown = rx.cond(ReleaseState.missing.en != "", tr("web.missing"), tr("web.loading"))
    title = rx.cond(given.service == "", unknown, given.service + " " + given.version)
    place = Place("/releases/[of_service]/[of_version]", "releases", title)
    add_page(app, release, place, on_load=[ReleaseState.load])
