"""The audit trail: who did what, when and why; and whether it is whole."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.bar import Place
from portal.web.components.browser import ago, filled
from portal.web.components.frame import card, empty, head, link
from portal.web.components.icons import icon
from portal.web.components.overlays import text_menu
from portal.web.components.status import badge, status_icon
from portal.web.components.tables import (
    Column,
    Rows,
    data_table,
    filter_bar,
    filter_field,
    names,
    places,
    search_field,
    spoken,
    time_field,
)
from portal.web.states.audit import AuditCheckState, AuditState
from portal.web.states.session import SessionState
from portal.web.template import add_page
from portal.web.words import LANGUAGE, say, tr


def audit() -> rx.Component:
    return rx.fragment(
        head(
            tr("nav.audit"),
            rx.el.span(tr("audit_page.sub"), class_name="meta"),
            actions=rx.cond(_lacks(Permission.AUDIT_EXPORT), rx.fragment(), _export()),
        ),
        rx.cond(_lacks(Permission.AUDIT_READ) | ~AuditCheckState.can_check, rx.fragment(), _check()),
        _filters(),
        rx.cond(AuditState.about.target != "", _about(), rx.fragment()),
        data_table(AuditState, _columns(), none=_none(), rows=Rows(href=lambda line: line.href)),
    )


def _lacks(permission: Permission) -> rx.Var[bool]:
    """Whether this person is known not to have it: until that is known there is room for what needs it."""
    return SessionState.is_signed_in & ~SessionState.permissions.contains(str(permission))


def _export() -> rx.Component:
    """What is filtered is what is exported. The browser itself fetches it, so that it goes straight into a file."""

    def form(name: str) -> rx.Component:
        return rx.el.a(
            icon("download"),
            rx.el.span(tr(f"audit_page.{name}")),
            href=AuditState.export + f"form={name}&lang=" + LANGUAGE,
            download=f"audit.{name}",
            reload_document=True,  # or the router would take it for a page
            role="menuitem",
            class_name="menu-item",
        )

    return rx.el.div(text_menu(tr("audit_page.export"), form("csv"), form("jsonl")), class_name="actions")


def _check() -> rx.Component:
    shown = AuditCheckState.card
    is_known = shown.text.en != ""
    begin = rx.el.button(
        icon("shield-check"),
        rx.el.span(tr("check.start")),
        type="button",
        on_click=AuditCheckState.start,
        disabled=shown.is_running | ~is_known,
        class_name="button quiet",
    )
    who = rx.el.span(tr("list.by", who=shown.by), " · ", ago(at=shown.at), class_name="small")
    return card(
        tr("check.title"),
        rx.el.div(
            rx.cond(is_known, badge(shown.badge), rx.fragment()),
            rx.el.span(say(shown.text)),
            rx.cond(shown.by != "", who, rx.fragment()),
            class_name="check-line",
            role="status",
        ),
        rx.cond(shown.is_running, filled(percent=shown.percent), rx.fragment()),
        aside=begin,
    )


def _filters() -> rx.Component:
    times = (time_field(AuditState, name, tr(f"period.{name}")) for name in ("since", "until"))
    return filter_bar(
        AuditState,
        search_field(AuditState, tr("audit_page.search")),
        filter_field(AuditState, "actor", tr("list.who"), options=names(AuditState.actors)),
        filter_field(AuditState, "action", tr("list.about"), options=spoken(AuditState.families)),
        filter_field(AuditState, "environment", tr("list.environment"), options=places(AuditState.environments)),
        filter_field(AuditState, "period", tr("period.title"), options=spoken(AuditState.periods)),
        rx.cond(AuditState.has_times, rx.fragment(*times), rx.fragment()),
    )


def _about() -> rx.Component:
    shown = AuditState.about
    return rx.el.p(tr("audit_page.about"), rx.el.span(say(shown.kind), " ", rx.el.code(shown.target), class_name="tag"))


def _none() -> rx.Component:
    return empty("scroll-text", tr("audit_page.empty"), tr("audit_page.empty_more"))


def _columns() -> list[Column]:
    return [
        Column(tr("list.what"), _what, sort="action"),
        Column(tr("list.who"), _who, sort="actor"),
        Column(tr("list.object"), _object, sort="target"),
        Column(tr("list.when"), lambda line: ago(at=line.at), sort="at"),
    ]


def _what(line: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.span(status_icon(name=line.icon), class_name=f"health {line.tone}"),
        rx.el.div(rx.el.span(say(line.text)), rx.cond(line.reason != "", rx.el.q(line.reason), rx.fragment())),
        class_name="told",
    )


def _who(line: rx.Var) -> rx.Component:
    face = rx.cond(line.is_portal, icon("bot", class_name="icon faint"), icon("user", class_name="icon faint"))
    return rx.el.span(face, say(line.actor), class_name="with-icon")


def _object(line: rx.Var) -> rx.Component:
    name = rx.el.code(line.target, class_name="break")
    shown = rx.cond(line.object_href != "", link(name, href=line.object_href), name)
    place = rx.cond(line.environment.en != "", rx.el.span(say(line.environment), class_name="tag"), rx.fragment())
    return rx.el.div(rx.el.span(say(line.kind), class_name="small"), shown, place, class_name="object")


def add_to(app: rx.App) -> None:
    add_page(app, audit, Place("/audit", "audit"), on_load=[AuditState.load, AuditCheckState.watch])
