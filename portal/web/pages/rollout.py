"""One rollout, live: enough on one page to decide."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.browser import ago, chart, elapsed, left
from portal.web.components.changes import change_rows
from portal.web.components.flights import split
from portal.web.components.frame import card, head, link, live_dot, missing, skeleton
from portal.web.components.icons import icon
from portal.web.components.notes import short_notes
from portal.web.components.people import approvals
from portal.web.components.questions import questions
from portal.web.components.status import badge, status_icon, version, versions
from portal.web.components.steps import step_list
from portal.web.components.timeline import timeline
from portal.web.components.verdict import verdict_card
from portal.web.states.rollout import RolloutState
from portal.web.template import add_page
from portal.web.words import say, tr


def rollout() -> rx.Component:
    content = rx.fragment(
        _head(),
        _warning(),
        _traffic(),
        rx.el.div(
            rx.el.div(_chart("errors"), _chart("latency"), _timeline(), class_name="stack"),
            rx.el.aside(
                verdict_card(RolloutState.verdict, RolloutState.facts),
                approvals(RolloutState.decisions, RolloutState.approval_note),
                _way_back(),
                _changes(),
                _others(),
                class_name="stack",
            ),
            class_name="two rollout",
        ),
        questions(),
    )
    return rx.cond(
        RolloutState.missing.en != "",
        missing(say(RolloutState.missing), "/rollouts", tr("nav.rollouts")),
        rx.cond(RolloutState.is_loaded, content, skeleton("s", "m", "l")),
    )


def _head() -> rx.Component:
    line, given = RolloutState.head.line, RolloutState.head
    return head(
        rx.fragment(line.service, rx.el.span(" → ", class_name="faint"), say(line.environment)),
        versions(line),
        badge(line.badge),
        rx.cond(given.where.en != "", rx.el.span(say(given.where), class_name="meta"), rx.fragment()),
        left(until=given.until, label=tr("rollout.left")),
        rx.el.span(say(line.strategy), class_name="meta"),
        rx.el.span(
            tr("rollout.started_by", who=line.requested_by),
            " ",
            ago(at=line.created_at),
            rx.cond(
                line.is_over,
                rx.fragment(" · ", tr("rollout.took"), " ", elapsed(since=line.created_at, until=line.ended_at)),
                rx.fragment(),
            ),
            class_name="meta",
        ),
        rx.cond(RolloutState.note.en != "", rx.el.p(say(RolloutState.note), class_name="why"), rx.fragment()),
        actions=_actions(),
    )


def _actions() -> rx.Component:
    def button(choice: rx.Var) -> rx.Component:
        return rx.cond(
            choice.refusal.en != "",
            rx.el.div(
                rx.el.button(
                    status_icon(name=choice.icon),
                    say(choice.label),
                    type="button",
                    disabled=True,
                    class_name="button quiet",
                ),
                rx.el.p(say(choice.refusal), class_name="small"),
                class_name="refused",
            ),
            rx.el.button(
                status_icon(name=choice.icon),
                rx.el.span(say(choice.label)),
                type="button",
                on_click=RolloutState.ask(choice.code),
                class_name=f"button {choice.tone}",
            ),
        )

    return rx.cond(
        RolloutState.choices.length() > 0,
        rx.el.div(rx.foreach(RolloutState.choices, button), class_name="actions sticky"),
        rx.fragment(),
    )


def _warning() -> rx.Component:
    text = RolloutState.head.warning
    return rx.cond(
        text.en != "",
        rx.el.p(icon("triangle-alert"), rx.el.span(say(text)), class_name="banner warn", role="alert"),
        rx.fragment(),
    )


def _traffic() -> rx.Component:
    given, line = RolloutState.traffic, RolloutState.head.line
    return card(
        tr("rollout.traffic"),
        split(
            given.canary_percent,
            rx.fragment(line.from_version, " ", say(given.stable_text)),
            rx.fragment(line.to_version, " ", say(given.canary_text)),
            size="large",
        ),
        rx.cond(given.is_asked, rx.el.p(tr("rollout.as_asked"), class_name="note"), rx.fragment()),
        step_list(RolloutState.strides),
        aside=rx.cond(
            line.is_over,
            rx.el.span(tr("rollout.ended"), class_name="small"),
            live_dot(rx.fragment(tr("web.live"), " · ", say(given.rate))),
        ),
    )


def _chart(name: str) -> rx.Component:
    line = RolloutState.head.line
    shown = RolloutState.errors if name == "errors" else RolloutState.latency
    band = (rx.el.span(class_name="key band"), tr("chart.band"))
    limit = (*band, rx.el.span(class_name="key tolerance"), tr("chart.tolerance")) if name == "errors" else ()
    legend = rx.el.p(
        rx.cond(
            line.from_version != "",
            rx.fragment(rx.el.span(class_name="key stable"), line.from_version),
            rx.fragment(),
        ),
        rx.el.span(class_name="key canary"),
        line.to_version,
        *limit,
        class_name="legend",
    )
    return card(
        tr(f"chart.{name}"),
        chart(
            chart=shown,
            label=tr(f"chart.{name}"),
            stable_name=line.from_version,
            canary_name=line.to_version,
            empty_text=rx.cond(line.is_over, tr("chart.none"), tr("chart.empty")),
        ),
        aside=legend,
    )


def _timeline() -> rx.Component:
    return card(tr("rollout.timeline"), timeline(RolloutState.lines))


def _way_back() -> rx.Component:
    fact = RolloutState.way_back
    title = rx.cond(RolloutState.head.line.is_over, tr("back.title_over"), tr("back.title"))
    return card(
        title,
        rx.el.p(status_icon(name=fact.icon), rx.el.span(say(fact.text)), class_name=f"fact {fact.tone}"),
    )


def _changes() -> rx.Component:
    line = RolloutState.head.line
    release = link(
        version(line.to_version, "canary"), href=f"/releases/{line.service}/{line.to_version}", class_name="bare"
    )
    return card(
        tr("rollout.changes"),
        change_rows(RolloutState.changes),
        short_notes(RolloutState.notes_html),
        rx.cond(
            RolloutState.dependants != "",
            rx.el.p(tr("change.dependants", names=RolloutState.dependants), class_name="note"),
            rx.fragment(),
        ),
        aside=release,
    )


def _others() -> rx.Component:
    def row(choice: rx.Var) -> rx.Component:
        return rx.el.li(rx.el.span(say(choice.label)), rx.el.span(say(choice.refusal), class_name="small"))

    return rx.cond(
        RolloutState.others.length() > 0,
        rx.el.details(
            rx.el.summary(tr("action.others")),
            rx.el.ul(rx.foreach(RolloutState.others, row), class_name="plain"),
            class_name="card folded",
        ),
        rx.fragment(),
    )


def add_to(app: rx.App) -> None:
    line = RolloutState.head.line
    unknown = rx.cond(RolloutState.missing.en != "", tr("web.missing"), tr("web.loading"))
    title = rx.cond(line.service == "", unknown, line.service + " → " + say(line.environment))
    place = Place("/rollouts/[rollout_number]", "rollouts", title)
    add_page(app, rollout, place, on_load=[RolloutState.watch])
