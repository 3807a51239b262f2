"""The list of channels on the page of integrations, and the form of one."""

from __future__ import annotations

import reflex as rx

from portal.domain.notification import ChannelKind, NotificationEvent
from portal.web.components.controls import checkbox, select_field, text_field
from portal.web.components.forms import submit, trouble
from portal.web.components.frame import card, empty
from portal.web.components.icons import icon
from portal.web.components.overlays import actions_menu, confirm, menu_item, sheet
from portal.web.components.status import badge
from portal.web.states.channels import ChannelsState
from portal.web.words import say, tr


def channels() -> rx.Component:
    """Nothing for those who may not edit channels."""
    add = rx.el.button(
        icon("plus"),
        rx.el.span(tr("channel.add")),
        type="button",
        on_click=ChannelsState.add,
        class_name="button quiet compact",
    )
    listed = rx.el.ul(rx.foreach(ChannelsState.lines, _line), class_name="channels")
    none = empty("bell-plus", tr("channel.none"), tr("channel.none_more"))
    shown = rx.fragment(
        card(
            tr("channel.title"),
            rx.el.p(tr("channel.sub"), class_name="note"),
            rx.cond(ChannelsState.lines.length() > 0, listed, none),
            aside=add,
        ),
        sheet(_title(), _form(), is_open=ChannelsState.is_open, on_close=ChannelsState.dismiss),
        confirm(ChannelsState, ChannelsState.question, on_submit=ChannelsState.remove, on_close=ChannelsState.dismiss),
    )
    return rx.cond(ChannelsState.can_edit, shown, rx.fragment())


def _title() -> rx.Var[str]:
    return rx.cond(ChannelsState.form.id > 0, tr("channel.edit"), tr("channel.add"))


def _line(line: rx.Var) -> rx.Component:
    is_busy = ChannelsState.busy == line.id
    test = rx.el.button(
        rx.cond(is_busy, tr("integrations.testing"), tr("integrations.test")),
        type="button",
        on_click=ChannelsState.test(line.id),
        disabled=ChannelsState.busy > 0,
        class_name="button quiet compact",
    )
    menu = actions_menu(
        menu_item(tr("channel.edit"), "pencil", on_click=ChannelsState.edit(line.id)),
        menu_item(tr("channel.remove_button"), "trash-2", on_click=ChannelsState.ask(line.id), tone="danger"),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.div(rx.el.strong(line.name), badge(line.badge), class_name="with-icon"),
            rx.el.div(say(line.kind), " · ", rx.el.code(line.target, class_name="break"), class_name="small"),
            rx.el.div(say(line.events), " · ", say(line.environments), class_name="small"),
        ),
        rx.el.div(test, menu, class_name="actions"),
    )


def _form() -> rx.Component:
    given = ChannelsState.form
    kinds = tuple(rx.el.option(tr(f"channel_kind.{kind}"), value=str(kind)) for kind in ChannelKind)
    events = (
        checkbox(tr(f"channel_event.{event}"), f"event.{event}", default_checked=given.events.contains(str(event)))
        for event in NotificationEvent
    )
    return rx.el.form(
        trouble(ChannelsState.trouble),
        select_field(tr("channel.kind"), "kind", options=kinds, default_value=given.kind, disabled=given.id > 0),
        text_field(tr("channel.name"), "name", required=True, max_length=60, default_value=given.name),
        text_field(
            tr("channel.target"),
            "target",
            required=True,
            max_length=1000,
            default_value=given.target,
            hint=tr("channel.target_hint"),
        ),
        text_field(
            tr("channel.secret"),
            "secret",
            type="password",
            max_length=200,
            auto_complete="new-password",
            hint=rx.cond(given.has_secret, tr("channel.secret_kept"), tr("channel.secret_hint")),
        ),
        rx.el.fieldset(
            rx.el.legend(tr("channel.events")),
            *events,
            rx.el.p(tr("channel.all_hint"), class_name="hint"),
            class_name="choices",
        ),
        text_field(
            tr("channel.environments"),
            "environments",
            max_length=500,
            default_value=given.environments,
            hint=tr("channel.environments_hint"),
        ),
        checkbox(tr("channel.is_enabled"), "is_enabled", default_checked=given.is_enabled),
        rx.el.div(submit(tr("channel.save")), class_name="actions"),
        on_submit=ChannelsState.save,
        class_name="form",
        key=given.id.to_string(),
    )
