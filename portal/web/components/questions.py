"""The question before an action: what will happen, a reason, and the button that does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from portal.web.components.asking import proof_field
from portal.web.components.browser import dialog
from portal.web.components.forms import reason_field, trouble
from portal.web.components.icons import icon
from portal.web.states.rollout import APPROVALS, CONTROLS, RolloutState
from portal.web.words import say, tr


def questions() -> rx.Component:
    """One form a permission, so that each handler does only what its own permission allows."""
    asked = RolloutState.question.code
    forms = (
        (APPROVALS, RolloutState.decide),
        (CONTROLS, RolloutState.control),
        (("abort",), RolloutState.abort),
        (("return",), RolloutState.go_back),
        (("break_glass",), RolloutState.break_glass),
    )
    return dialog(
        *(rx.cond(_is_one_of(asked, codes), _form(handler), rx.fragment()) for codes, handler in forms),
        open=asked != "",
        labelled_by="question",
        on_close=RolloutState.dismiss,
    )


def _is_one_of(asked: rx.Var[str], codes: Sequence[str]) -> Any:
    return rx.Var.create([str(code) for code in codes]).contains(asked)


def _form(handler: Any) -> rx.Component:
    given = RolloutState.question
    return rx.el.form(
        rx.el.h2(say(given.title), id="question"),
        rx.el.p(say(given.consequence)),
        rx.cond(
            given.evidence != "",
            rx.el.p(icon("fingerprint"), tr("ask.evidence"), " ", rx.el.code(given.evidence), class_name="note"),
            rx.fragment(),
        ),
        reason_field("action-reason", tr("form.reason"), has_focus=True),
        proof_field("action-proof"),
        trouble(RolloutState.trouble),
        rx.el.div(
            rx.el.button(say(given.button), type="submit", class_name=f"button solid {given.tone}"),
            rx.el.button(tr("form.cancel"), type="button", on_click=RolloutState.dismiss, class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=handler,
        class_name="form",
    )
