"""One entry of the audit trail: what happened, and why it can be believed."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago, exact
from portal.web.components.frame import card, head, link, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.overlays import copyable
from portal.web.components.status import badge, status_icon
from portal.web.states.audit_entry import AuditEntryState
from portal.web.template import add_page
from portal.web.words import say, tr


def audit_entry() -> rx.Component:
    gone = missing(say(AuditEntryState.missing), "/audit", tr("audit_page.all"))
    shown = rx.cond(AuditEntryState.is_loaded, _entry(), skeleton("s", "m", "l"))
    return rx.cond(AuditEntryState.missing.en != "", gone, shown)


def _entry() -> rx.Component:
    entry = AuditEntryState.card
    return rx.fragment(
        head(
            say(entry.text),
            badge(AuditEntryState.proof.badge),
            rx.el.span(tr("audit_page.number", n=entry.sequence), class_name="meta"),
            rx.el.span(ago(at=entry.at), class_name="meta"),
        ),
        rx.el.div(
            rx.el.div(_facts(), _more(), class_name="stack"),
            rx.el.div(_proof(), _check_yourself(), class_name="stack"),
            class_name="two even",
        ),
    )


def _facts() -> rx.Component:
    entry = AuditEntryState.card
    name = rx.el.code(entry.target, class_name="break")
    thing = rx.cond(entry.object_href != "", link(name, href=entry.object_href), name)
    place = rx.cond(entry.environment.en != "", pair(tr("list.environment"), say(entry.environment)), rx.fragment())
    reason = rx.cond(entry.reason != "", pair(tr("form.reason"), rx.el.q(entry.reason)), rx.fragment())
    request = rx.cond(entry.request_id != "", pair(tr("audit_page.request"), copyable(entry.request_id)), rx.fragment())
    return card(
        tr("audit_page.what"),
        rx.el.dl(
            pair(tr("list.who"), rx.el.strong(say(entry.actor)), rx.el.span(say(entry.actor_kind), class_name="small")),
            pair(tr("list.when"), exact(at=entry.at)),
            pair(tr("list.what"), rx.el.code(entry.action)),
            pair(tr("list.object"), say(entry.kind), thing),
            place,
            reason,
            request,
            rx.foreach(entry.params, _param),
            class_name="pairs",
        ),
    )


def _param(given: rx.Var) -> rx.Component:
    name = rx.cond(given.is_known, say(given.name), rx.el.code(say(given.name)))
    return pair(name, rx.el.span(say(given.value), class_name="break"))


def _more() -> rx.Component:
    def line(other: rx.Var) -> rx.Component:
        return rx.el.li(link(say(other.text), href=other.href, class_name="bare"), rx.el.span(ago(at=other.at)))

    listed = rx.el.ul(rx.foreach(AuditEntryState.more, line), class_name="plain")
    none = rx.el.p(tr("audit_page.nothing_more"), class_name="note")
    every = link(tr("audit_page.history"), href=AuditEntryState.card.history_href)
    return card(
        tr("audit_page.more"),
        rx.cond(AuditEntryState.more.length() > 0, listed, none),
        aside=rx.el.span(every, class_name="small"),
    )


def _proof() -> rx.Component:
    def claim(given: rx.Var) -> rx.Component:
        return rx.el.li(
            rx.el.span(status_icon(name=given.icon), class_name=f"health {given.tone}"),
            rx.el.div(rx.el.strong(say(given.text)), rx.el.p(say(given.why), class_name="small")),
        )

    return card(
        tr("proof.title"),
        rx.el.p(tr("proof.intro"), class_name="note"),
        rx.el.ol(rx.foreach(AuditEntryState.proof.claims, claim), class_name="claims"),
    )


def _check_yourself() -> rx.Component:
    """The hashes themselves, for those who want to compute it without the portal."""
    entry, proof = AuditEntryState.card, AuditEntryState.proof
    anchored = rx.fragment(
        pair(tr("proof.leaf"), copyable(proof.leaf)),
        pair(
            tr("proof.path"), rx.el.ol(rx.foreach(proof.path, lambda part: rx.el.li(copyable(part))), class_name="path")
        ),
        pair(tr("proof.root", n=proof.size), copyable(proof.root)),
        pair(
            tr("proof.signature"), copyable(proof.signature), rx.el.span(ago(at=proof.anchored_at), class_name="small")
        ),
    )
    return rx.el.details(
        rx.el.summary(icon("fingerprint"), rx.el.span(tr("proof.yourself"))),
        rx.el.p(tr("proof.yourself_more"), class_name="note"),
        rx.el.dl(
            pair(tr("proof.hash"), copyable(entry.hash)),
            pair(tr("proof.previous"), copyable(entry.previous_hash)),
            rx.cond(proof.root != "", anchored, rx.fragment()),
            pair(tr("proof.key"), copyable(proof.public_key)),
            class_name="pairs",
        ),
        class_name="card details",
    )


def add_to(app: rx.App) -> None:
    place = Place("/audit/[entry_number]", "audit", tr("audit_page.entry"))
    add_page(app, audit_entry, place, on_load=[AuditEntryState.load])
