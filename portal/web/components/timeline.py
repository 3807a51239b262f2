"""What happened, newest first, in sentences."""

from __future__ import annotations

import reflex as rx

from portal.web.components.browser import clock
from portal.web.components.frame import link
from portal.web.components.status import status_icon
from portal.web.words import say


def timeline(lines: rx.Var, *, has_seconds: bool = True) -> rx.Component:
    def item(line: rx.Var) -> rx.Component:
        sentence = rx.el.span(say(line.text))
        return rx.el.li(
            clock(at=line.at, has_seconds=has_seconds),
            rx.el.span(status_icon(name=line.icon), class_name=f"health {line.tone}"),
            rx.el.div(
                rx.cond(line.href != "", link(sentence, href=line.href, class_name="bare"), sentence),
                rx.cond(line.reason != "", rx.el.q(line.reason), rx.fragment()),
            ),
        )

    return rx.el.ol(rx.foreach(lines, item), class_name="timeline")
