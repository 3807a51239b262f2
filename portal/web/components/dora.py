"""The four measures of delivery, and how each is made."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.frame import Text
from portal.web.components.stats import stat, stats
from portal.web.words import say, tr

MEASURES = ("frequency", "lead", "failures", "restore")


def dora_card(figures: Any, title: Text) -> rx.Component:
    """`figures` are those of `portal.web.presenters.dora.figures`."""
    explained = rx.el.details(
        rx.el.summary(tr("dora.how")),
        rx.el.dl(
            *(part for name in MEASURES for part in (rx.el.dt(tr(f"dora.{name}")), rx.el.dd(tr(f"dora.{name}_how")))),
            class_name="pairs",
        ),
        rx.el.p(tr("dora.source"), class_name="note"),
        class_name="folded",
    )
    return rx.el.section(
        rx.el.div(rx.el.h2(title), class_name="card-head"),
        stats(*(_figure(figures[number], name) for number, name in enumerate(MEASURES))),
        explained,
        class_name="card",
    )


def _figure(figure: Any, name: str) -> rx.Component:
    return stat(tr(f"dora.{name}"), say(figure.value), note=say(figure.note))
