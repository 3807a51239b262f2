"""Two texts side by side in one column: what went, what came, and what stayed around it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.words import tr


def diff_view(lines: Any, *, label: rx.Var[str]) -> rx.Component:
    """`lines` are those of `portal.web.presenters.diffs.diff_lines`; nothing to show is said in words."""
    table = rx.el.table(
        rx.el.tbody(rx.foreach(lines, _line)),
        class_name="diff",
        aria_label=label,
    )
    return rx.cond(
        lines.length() > 0,
        rx.el.div(table, class_name="scroll diff-frame", tab_index=0, role="region", aria_label=label),
        rx.el.p(tr("diff.same"), class_name="note"),
    )


def _line(line: Any) -> rx.Component:
    gap = rx.el.tr(rx.el.td(tr("diff.gap", n=line.count), col_span=4), class_name="gap")
    sign = rx.match(line.kind, ("added", "+"), ("removed", "\N{MINUS SIGN}"), "")
    word = rx.match(line.kind, ("added", tr("diff.added")), ("removed", tr("diff.removed")), "")
    shown = rx.el.tr(
        rx.el.td(line.old, class_name="line"),
        rx.el.td(line.new, class_name="line"),
        rx.el.td(sign, rx.el.span(word, class_name="hidden"), class_name="sign"),
        rx.el.td(rx.el.code(line.text)),
        class_name=line.kind,
    )
    return rx.cond(line.kind == "gap", gap, shown)
