"""A rollout on its way, as a small card in a list."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import ago, share
from portal.web.components.frame import link
from portal.web.components.status import badge, mini_split, version, versions
from portal.web.words import say, tr


def flight(line: rx.Var) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.div(
                rx.el.div(
                    rx.el.strong(line.service, rx.el.span(" → ", class_name="faint"), say(line.environment)),
                    versions(line),
                    class_name="flight-name",
                ),
                badge(line.badge),
                class_name="flight-head",
            ),
            rx.cond(
                line.is_over,
                rx.fragment(),
                split(line.percent, line.from_version, line.to_version, size="small"),
            ),
            rx.el.p(
                tr("rollout.started_by", who=line.requested_by),
                " ",
                ago(at=line.created_at),
                rx.cond(line.note.en != "", rx.fragment(" · ", say(line.note)), rx.fragment()),
                class_name="note",
            ),
            href=line.href,
            class_name="flight",
        )
    )


def split(percent: rx.Var[int], stable: rx.Var[str], canary: rx.Var[str], *, size: str) -> rx.Component:
    """The two shares of the traffic, each with its version and its number."""
    return rx.el.div(
        share(
            rx.el.b(100 - percent, "\N{NARROW NO-BREAK SPACE}%"),
            rx.el.span(stable),
            percent=100 - percent,
            class_name="stable",
        ),
        share(rx.el.b(percent, "\N{NARROW NO-BREAK SPACE}%"), rx.el.span(canary), percent=percent, class_name="canary"),
        class_name=f"split {size}",
        role="img",
        aria_label=tr("rollout.split", stable=100 - percent, canary=percent),
    )


def moving(cell: rx.Var) -> rx.Component:
    """What is on its way to a place of the matrix, as a link to the rollout."""
    return link(
        mini_split(cell.percent),
        version(cell.to_version, "canary"),
        rx.el.span(say(cell.state), class_name="small"),
        href=cell.rollout_href,
        class_name="moving",
    )
