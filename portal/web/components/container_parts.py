"""What the pages of containers share: their tabs, and the marks of a row."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.frame import link
from portal.web.components.icons import icon
from portal.web.components.tabs import Tab, tabs
from portal.web.words import say, tr

PLACES = ("containers", "hosts", "images", "volumes", "networks")


def container_tabs(current: str) -> rx.Component:
    return tabs(
        rx.Var.create(current),
        *(
            Tab(code, tr(f"containers.tab.{code}"), "/containers" if code == "containers" else f"/containers/{code}")
            for code in PLACES
        ),
    )


def notes(line: Any) -> rx.Component:
    """What is special about a container: a rollout at work, stopped by hand, not needed."""
    return rx.el.div(
        rx.cond(
            line.rollout != "",
            rx.el.span(
                icon("git-branch", size=12),
                link(tr("container.rollout", id=line.rollout_id.to_string()), href=line.rollout, class_name="bare"),
                class_name="warn",
            ),
            rx.fragment(),
        ),
        rx.cond(line.held.en != "", rx.el.span(icon("hand", size=12), say(line.held)), rx.fragment()),
        rx.cond(line.note.en != "", rx.el.span(icon("info", size=12), say(line.note)), rx.fragment()),
        class_name="row-notes",
    )
