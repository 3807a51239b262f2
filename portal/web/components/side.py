"""The navigation at the side; on a phone a drawer."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import fold
from portal.web.components.frame import link
from portal.web.components.icons import icon, mark
from portal.web.components.native import native_link
from portal.web.navigation import DOCUMENTS, GROUPS, Group, Noun
from portal.web.states.inbox import InboxState
from portal.web.states.session import SessionState
from portal.web.words import tr


def side(current: str) -> rx.Component:
    return rx.el.nav(
        link(mark(), rx.el.span(tr("product.short")), href="/", class_name="brand"),
        *(_group(group, current) for group in GROUPS),
        rx.el.div(
            native_link(icon("book-open"), rx.el.span(tr("nav.docs")), href=DOCUMENTS, class_name="noun"),
            class_name="group",
        ),
        class_name="side",
        id="side",
        aria_label=tr("nav.main"),
    )


def _group(group: Group, current: str) -> rx.Component:
    shown = (_noun(noun, is_current=noun.name == current) for noun in group.nouns)
    if not group.name:
        return rx.el.div(*shown, class_name="group")
    is_here = any(noun.name == current for noun in group.nouns)
    return fold(*shown, name=group.name, title=tr(f"nav.{group.name}"), is_current=is_here)


def _noun(noun: Noun, *, is_current: bool) -> rx.Component:
    shown = _link(noun, is_current=is_current)
    if noun.permission is None:
        return shown
    return rx.cond(SessionState.permissions.contains(str(noun.permission)), shown, rx.fragment())


def _link(noun: Noun, *, is_current: bool) -> rx.Component:
    return rx.el.div(
        link(
            icon(noun.icon),
            rx.el.span(tr(f"nav.{noun.name}")),
            _count(noun),
            href=noun.path,
            class_name="noun current" if is_current else "noun",
        ),
        aria_current="page" if is_current else "false",
    )


def _count(noun: Noun) -> rx.Component:
    """How many things wait behind it for this person."""
    if noun.name != "approvals":
        return rx.fragment()
    waiting = InboxState.waiting
    shown = rx.el.span(
        rx.el.span(waiting, aria_hidden="true"),
        rx.el.span(tr("approvals.count", n=waiting), class_name="hidden"),
        class_name="count",
    )
    return rx.cond(waiting > 0, shown, rx.fragment())
