"""Editing a thing, and putting it away: what the heads of its pages have in common."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.forms import reason_field
from portal.web.components.frame import link
from portal.web.components.icons import icon
from portal.web.components.overlays import actions_menu, confirm, menu_item
from portal.web.words import tr


def edit_or_archive(state: Any, *more: rx.Component) -> rx.Component:
    """For a state that is `Archiving` and has a `card`; `more` are items of its menu."""
    given = state.card
    archive = rx.cond(given.is_archived, tr("environment.restore"), tr("environment.archive"))
    return rx.fragment(
        link(icon("pencil"), rx.el.span(tr("form.edit")), href=f"{given.href}/edit", class_name="button quiet"),
        actions_menu(*more, menu_item(archive, "archive", on_click=state.ask_archive, tone="danger")),
    )


def archive_question(state: Any) -> rx.Component:
    return confirm(
        state,
        state.question,
        reason_field("archive-reason", tr("form.reason")),
        on_submit=state.archive,
        on_close=state.dismiss,
    )
