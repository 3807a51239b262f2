"""Support: what readers said about the documentation, and one of it with its answer."""

from __future__ import annotations

import reflex as rx

from portal.domain.feedback import LONGEST_ANSWER
from portal.web.components.asking import Act, opens, questions
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.forms import field, submit, trouble
from portal.web.components.frame import card, empty, head, missing, pair, skeleton
from portal.web.components.icons import icon
from portal.web.components.native import native_link
from portal.web.components.status import badge
from portal.web.components.tables import Column, Rows, data_table, filter_bar, filter_field, search_field
from portal.web.components.timeline import timeline
from portal.web.states.support import SupportState
from portal.web.template import add_page
from portal.web.words import say, tr


def support() -> rx.Component:
    none = empty("life-buoy", tr("support.empty"), tr("support.empty_more"))
    return rx.fragment(
        head(tr("nav.support"), rx.el.span(tr("support.sub"), class_name="meta")),
        filter_bar(
            SupportState,
            search_field(SupportState, tr("support.search")),
            _choice("state", "list.state", {s: f"feedback_state.{s}" for s in ("new", "answered", "closed")}),
            _choice("helpful", "support.vote", {s: f"support.helpful_{s}" for s in ("yes", "no")}),
            _choice("language", "support.language", {s: f"language.{s}" for s in ("zh", "en")}),
        ),
        data_table(SupportState, _columns(), none=none, rows=Rows(href=lambda line: line.href)),
    )


def _choice(name: str, label: str, options: dict[str, str]) -> rx.Component:
    shown = tuple(rx.el.option(tr(key), value=value) for value, key in options.items())
    return filter_field(SupportState, name, tr(label), options=shown)


def _columns() -> list[Column]:
    return [
        Column(tr("support.page"), lambda line: rx.el.strong(line.page), sort="page"),
        Column(tr("support.vote"), lambda line: badge(line.vote)),
        Column(tr("support.text"), lambda line: rx.el.span(line.text, class_name="clip")),
        Column(tr("support.reader"), lambda line: say(line.author)),
        Column(tr("list.state"), lambda line: badge(line.badge)),
        Column(tr("list.when"), lambda line: ago(at=line.created_at), sort="created"),
    ]


def feedback() -> rx.Component:
    gone = missing(say(SupportState.missing), "/support", tr("support.back"))
    shown = rx.cond(SupportState.is_open, _one(), skeleton("s", "l"))
    return rx.cond(SupportState.missing.en != "", gone, shown)


def _one() -> rx.Component:
    given = SupportState.card
    return rx.fragment(
        head(
            tr("support.number", n=given.line.id),
            badge(given.line.badge),
            badge(given.line.vote),
            actions=rx.cond(given.can_answer, _actions(), rx.fragment()),
        ),
        rx.el.div(
            rx.el.div(_said(), _answer(), class_name="stack"),
            rx.el.aside(_facts(), _history(), class_name="stack"),
            class_name="two",
        ),
        questions(SupportState, _acts()),
    )


def _actions() -> rx.Component:
    given = SupportState.card
    close = opens(
        SupportState, "close", given.line.id, icon("x"), rx.el.span(tr("support.close")), class_name="button quiet"
    )
    again = opens(
        SupportState, "reopen", given.line.id, icon("undo"), rx.el.span(tr("support.reopen")), class_name="button quiet"
    )
    return rx.el.div(rx.cond(given.state == "closed", again, close), class_name="actions")


def _said() -> rx.Component:
    text = SupportState.card.text
    words = rx.cond(text != "", rx.el.p(text, class_name="said"), rx.el.p(tr("support.no_text"), class_name="note"))
    return card(tr("support.said"), words)


def _answer() -> rx.Component:
    given = SupportState.card
    told = rx.fragment(
        rx.el.p(given.answer, class_name="said"),
        rx.el.p(given.answered_by, " · ", ago(at=given.answered_at), class_name="small"),
    )
    none = rx.el.p(tr("support.no_answer"), class_name="note")
    shown = rx.cond(given.answer != "", told, none)
    return card(tr("support.answer"), shown, rx.cond(given.can_answer, _form(), rx.fragment()))


def _form() -> rx.Component:
    box = rx.el.textarea(
        name="answer",
        id="answer",
        rows="4",
        required=True,
        max_length=LONGEST_ANSWER,
        default_value=SupportState.card.answer,
        key=SupportState.card.line.id + SupportState.card.answer,
    )
    return rx.el.form(
        field(tr("support.answer_field"), box, for_id="answer", hint=tr("support.answer_hint")),
        trouble(SupportState.objection),
        rx.el.div(submit(tr("support.send")), class_name="actions"),
        on_submit=SupportState.answer,
        class_name="form",
    )


def _facts() -> rx.Component:
    line = SupportState.card.line
    leads = native_link(line.page, href=line.document, class_name="link")
    return card(
        tr("support.about"),
        rx.el.dl(
            pair(tr("support.page"), leads),
            pair(tr("support.language"), say(line.language)),
            pair(tr("support.reader"), say(line.author)),
            pair(tr("list.when"), ago(at=line.created_at)),
            class_name="pairs",
        ),
    )


def _history() -> rx.Component:
    shown = card(tr("support.history"), timeline(SupportState.history))
    return rx.cond(SupportState.history.length() > 0, shown, rx.fragment())


def _acts() -> list[Act]:
    close, again = tr("support.close"), tr("support.reopen")
    return [
        Act("close", tr("support.ask_close"), tr("support.ask_close_more"), close, SupportState.close, tone="primary"),
        Act("reopen", tr("support.ask_reopen"), tr("support.ask_reopen_more"), again, SupportState.reopen, "primary"),
    ]


def add_to(app: rx.App) -> None:
    add_page(app, support, Place("/support", "support"), on_load=[SupportState.load])
    one = Place("/support/[feedback_number]", "support", tr("support.one"))
    add_page(app, feedback, one, on_load=[SupportState.load_one])
