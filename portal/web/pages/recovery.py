"""Recovery: the last good restore, how the backup gets on, and every restore with what it took and lost."""

from __future__ import annotations

import reflex as rx

from portal.domain.access import Permission
from portal.web.components.allowed import allowed
from portal.web.components.bar import Place
from portal.web.components.browser import ago
from portal.web.components.frame import card, empty, head, live_dot, pair
from portal.web.components.icons import icon
from portal.web.components.stats import stat, stats
from portal.web.components.status import badge
from portal.web.components.tables import Column, Rows, data_table, filter_bar, filter_field, spoken
from portal.web.states.recovery import RecoveryState
from portal.web.template import add_page
from portal.web.words import say, tr


def recovery() -> rx.Component:
    state = RecoveryState
    none = empty("life-buoy", tr("recovery.empty"), tr("recovery.empty_more"))
    return rx.fragment(
        head(tr("nav.recovery"), rx.el.span(tr("recovery.sub"), class_name="meta"), actions=_actions()),
        rx.cond(state.is_loaded, rx.cond(state.card.is_set, _status(), _not_set()), rx.fragment()),
        filter_bar(state, filter_field(state, "kind", tr("recovery.kind"), options=spoken(state.kinds))),
        data_table(state, _columns(), none=none, rows=Rows(), aside=live_dot()),
    )


def _actions() -> rx.Component:
    now = rx.el.button(
        icon("archive"), rx.el.span(tr("recovery.now")), on_click=RecoveryState.back_up, class_name="button"
    )
    return allowed(Permission.BACKUP_RUN, rx.cond(RecoveryState.card.is_set, now, rx.fragment()))


def _not_set() -> rx.Component:
    return card(tr("recovery.not_set"), rx.el.p(tr("recovery.not_set_more"), class_name="note"))


def _status() -> rx.Component:
    given = RecoveryState.card
    alarm = rx.el.p(icon("triangle-alert"), rx.el.span(say(given.alarm)), class_name="trouble", role="alert")
    figures = stats(
        stat(tr("recovery.last_good"), _moment(given.good_at), note=tr("recovery.last_good_note")),
        stat(tr("recovery.took"), say(given.good_took), note=tr("recovery.took_note")),
        stat(tr("recovery.sent"), _moment(given.sent_at), note=say(given.sent)),
    )
    whole = rx.el.div(
        rx.cond(given.alarm.en != "", alarm, rx.fragment()),
        figures,
        rx.el.div(_backups(), _store(), class_name="two"),
        class_name="stack",
    )
    return rx.cond(given.address != "", whole, rx.fragment())


def _moment(at: rx.Var[float]) -> rx.Component:
    return rx.cond(at > 0, ago(at=at), rx.el.span(tr("recovery.never"), class_name="faint"))


def _backups() -> rx.Component:
    def line(one: rx.Var) -> rx.Component:
        return rx.el.li(
            badge(one.badge), rx.el.span(say(one.target)), rx.el.span(one.size, class_name="small"), ago(at=one.at)
        )

    none = rx.el.p(tr("recovery.no_backups"), class_name="note")
    some = rx.el.ul(rx.foreach(RecoveryState.backups, line), class_name="backup-list")
    return card(tr("recovery.backups"), rx.cond(RecoveryState.backups.length() > 0, some, none))


def _store() -> rx.Component:
    given = RecoveryState.card
    return card(
        tr("recovery.store"),
        rx.el.dl(
            pair(tr("recovery.address"), rx.el.code(given.address)),
            pair(tr("recovery.key"), rx.el.code(given.key_name)),
            pair(tr("recovery.reach"), say(given.kept)),
            pair(tr("recovery.command"), rx.el.code("codex-portal restore")),
            class_name="pairs",
        ),
    )


def _columns() -> list[Column]:
    return [
        Column(tr("recovery.kind"), _what),
        Column(tr("recovery.result"), _result),
        Column(tr("recovery.rto"), lambda line: say(line.took), class_name="number"),
        Column(tr("recovery.rpo"), lambda line: say(line.lost), class_name="number"),
        Column(tr("list.who"), _who, class_name="wide-only"),
        Column(tr("list.when"), lambda line: ago(at=line.at), sort="at"),
    ]


def _what(line: rx.Var) -> rx.Component:
    return rx.el.div(rx.el.strong(say(line.kind)), rx.el.div(say(line.target), class_name="small"))


def _result(line: rx.Var) -> rx.Component:
    return rx.el.div(badge(line.badge), rx.el.div(line.error, class_name="small"))


def _who(line: rx.Var) -> rx.Component:
    return rx.cond(line.person != "", line.person, tr("recovery.by_itself"))


def add_to(app: rx.App) -> None:
    add_page(app, recovery, Place("/recovery", "recovery"), on_load=[RecoveryState.watch])
