"""Who calls whom, drawn: callers at the left, the called at the right."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.frame import link
from portal.web.presenters.services import BOX, TALL, WIDTH
from portal.web.words import say, tr


def dependency_graph(drawing: Any) -> rx.Component:
    """A `portal.web.presenters.services.Drawing`; the lists beside it say the same in words."""
    return rx.cond(
        drawing.nodes.length() > 0,
        rx.el.div(
            rx.el.svg(
                rx.foreach(drawing.edges, _edge),
                rx.foreach(drawing.nodes, _node),
                view_box=f"0 0 {WIDTH} {drawing.height}",
                class_name="graph",
                role="img",
                aria_label=tr("service.graph"),
            ),
            class_name="scroll",
        ),
        rx.el.p(tr("service.alone"), class_name="note"),
    )


def _edge(edge: Any) -> rx.Component:
    return rx.el.g(rx.el.path(d=edge.path, class_name="edge"), rx.el.path(d=edge.head, class_name="arrow"))


def _node(node: Any) -> rx.Component:
    return rx.el.g(
        rx.el.rect(
            x=node.x.to_string(), y=node.y.to_string(), width=str(BOX), height=str(TALL), rx="6", class_name="node"
        ),
        rx.el.text(node.name, custom_attrs={"x": node.text_x, "y": node.text_y, "textAnchor": "middle"}),
        class_name=node.kind,
    )


def neighbours(lines: Any, none: rx.Var[str]) -> rx.Component:
    item = lambda line: rx.el.li(link(line.name, href=line.href), rx.el.span(say(line.how), class_name="small"))  # noqa: E731
    return rx.cond(
        lines.length() > 0,
        rx.el.ul(rx.foreach(lines, item), class_name="plain"),
        rx.el.p(none, class_name="note"),
    )
