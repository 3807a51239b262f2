"""The question before an act on an account: what will happen, a reason, a fresh proof where one is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal.web.components.browser import dialog
from portal.web.components.forms import field, reason_field, trouble
from portal.web.components.frame import Text
from portal.web.components.icons import icon
from portal.web.components.secrets import away
from portal.web.states.proof import ProofState
from portal.web.words import tr


@dataclass(frozen=True, slots=True)
class Act:
    """One act of an `Asking` state. `title` and `more` say what it does to the subject; `tone` primary or danger."""

    name: str
    title: Text
    more: Text
    button: Text
    on_submit: Any
    tone: str = "danger"
    has_reason: bool = True


def questions(state: Any, acts: Sequence[Act]) -> rx.Component:
    """The dialog that asks; one form an act, so that each handler does only what it is for."""
    return dialog(
        *(rx.cond(state.asked == act.name, _form(state, act), rx.fragment()) for act in acts),
        open=state.asked != "",
        labelled_by="asked-title",
        on_close=state.dismiss,
    )


def _form(state: Any, act: Act) -> rx.Component:
    reason = reason_field(f"{act.name}-reason", tr("form.reason"), has_focus=True) if act.has_reason else rx.fragment()
    return rx.el.form(
        rx.el.h2(act.title, id="asked-title"),
        rx.el.p(act.more),
        reason,
        proof_field(f"{act.name}-proof"),
        trouble(state.objection),
        rx.el.div(
            rx.el.button(act.button, type="submit", class_name=f"button solid {act.tone}"),
            rx.el.button(tr("form.cancel"), type="button", on_click=state.dismiss, class_name="button quiet"),
            class_name="actions",
        ),
        on_submit=act.on_submit,
        class_name="form",
    )


def proof_field(field_id: str) -> rx.Component:
    """Asks for the password or a code, or for signing in anew at the provider, once the portal has said that it wants
    it.
    """
    state = ProofState
    control = rx.el.input(
        name="proof",
        id=field_id,
        type="password",
        required=True,
        auto_complete="current-password",
        max_length=200,
    )
    label = rx.cond(state.has_password, tr("proof.label"), tr("proof.code"))
    typed = field(label, control, for_id=field_id, hint=tr("proof.hint"))
    ways = rx.fragment(rx.cond(state.has_password | state.has_code, typed, rx.fragment()), _elsewhere())
    return rx.cond(state.is_wanted, ways, rx.fragment())


def _elsewhere() -> rx.Component:
    """For people without a password here; the whole browser goes to their provider and comes back."""
    state = ProofState
    leave = rx.el.div(
        away(
            icon("building-2"),
            rx.el.span(tr("proof.sign_in", name=state.provider)),
            href=state.start,
            class_name="button quiet",
        ),
        rx.el.p(tr("proof.sign_in_more"), class_name="hint"),
        class_name="field",
    )
    no_way = rx.el.p(tr("proof.no_way"), class_name="note")
    without = rx.cond(state.has_code, rx.fragment(), no_way)
    return rx.cond(state.has_password, rx.fragment(), rx.cond(state.provider != "", leave, without))


def opens(state: Any, act: str, subject: Any, *face: Any, class_name: str = "button quiet compact") -> rx.Component:
    """A button that opens the question of an act."""
    return rx.el.button(*face, type="button", on_click=state.ask(act, subject), class_name=class_name)
