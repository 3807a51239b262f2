"""Webhook and mail channels: listed, made, changed, tried and removed."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.errors import Invalid, NotFound, PortalError
from portal.domain.notification import Channel, ChannelKind, ChannelOrder, NotificationEvent
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.channels import ChannelForm, ChannelLine, channel_form, channel_line
from portal.web.presenters.marks import Confirmation
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

LONGEST_TARGET, LONGEST_SECRET = 1000, 200


class ChannelsState(rx.State):
    """`busy` is the channel that is being tried."""

    can_edit: bool = False
    lines: list[ChannelLine] = []
    form: ChannelForm = ChannelForm()
    is_open: bool = False
    question: Confirmation = Confirmation()
    trouble: Words = Words()
    busy: int = 0
    _removing: int = 0

    @rx.event
    @requires(Permission.SETTINGS_READ)
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            actor = await actor_of(self)
            self.can_edit = may(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
            if self.can_edit:
                await self._look(actor)

    async def _look(self, actor: Actor) -> None:
        put(self, lines=[channel_line(channel) for channel in await asyncio.to_thread(core().channels.all, actor)])

    @rx.event
    @requires(Permission.CHANNEL_EDIT)
    def add(self) -> None:
        self.form, self.trouble, self.is_open = ChannelForm(), Words(), True

    @rx.event
    @requires(Permission.CHANNEL_EDIT)
    async def edit(self, channel_id: int) -> None:
        async with telling(self):
            self.form = channel_form(await asyncio.to_thread(_channel, await actor_of(self), channel_id))
            self.trouble, self.is_open = Words(), True

    @rx.event
    @requires(Permission.CHANNEL_EDIT)
    def dismiss(self) -> None:
        self.is_open, self.question, self.trouble = False, Confirmation(), Words()

    @rx.event
    @requires(Permission.CHANNEL_EDIT)
    async def save(self, form: dict[str, str]) -> None:
        actor = await actor_of(self)
        try:
            order = _order(form, self.form)
            channels, number = core().channels, self.form.id
            if number:
                await asyncio.to_thread(channels.save, actor, number, order)
            else:
                await asyncio.to_thread(channels.create, actor, order)
            await self._look(actor)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.is_open, self.trouble = False, Words()
        tell(await self.get_state(SessionState), words("channel.saved", name=order.name))

    @rx.event(background=True)
    @requires(Permission.CHANNEL_EDIT)
    async def test(self, channel_id: int) -> None:
        async with self, telling(self):
            actor, found = await actor_of(self), Words()
            name = (await asyncio.to_thread(_channel, actor, channel_id)).name
            self.busy = channel_id
        if self.busy != channel_id:
            return
        try:
            await asyncio.to_thread(core().channels.test, actor, channel_id)
            tone, found = "ok", words("channel.tested", name=name)
        except PortalError as error:
            tone, found = "bad", error_words(error)
        async with self:
            self.busy = 0
            tell(await self.get_state(SessionState), found, tone=tone)

    @rx.event
    @requires(Permission.CHANNEL_EDIT)
    async def ask(self, channel_id: int) -> None:
        async with telling(self):
            channel = await asyncio.to_thread(_channel, await actor_of(self), channel_id)
            title, more = words("channel.remove", name=channel.name), words("channel.remove_more")
            self._removing, self.trouble = channel.id, Words()
            self.question = Confirmation(channel.name, title, more, words("channel.remove_button"))

    @rx.event
    @requires(Permission.CHANNEL_EDIT)
    async def remove(self, form: dict[str, str]) -> None:
        actor = await actor_of(self)
        try:
            if arguments.field(form, "typed") != self.question.name or not self.question.name:
                raise Invalid("argument_bad", field="typed")
            await asyncio.to_thread(core().channels.remove, actor, self._removing)
            await self._look(actor)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        tell(await self.get_state(SessionState), words("channel.removed", name=self.question.name))
        self.question, self.trouble = Confirmation(), Words()


def _channel(actor: Actor, channel_id: object) -> Channel:
    """NotFound("channel_missing")."""
    for channel in core().channels.all(actor):
        if channel.id == channel_id:
            return channel
    raise NotFound("channel_missing", id=str(channel_id)[:20])


def _order(form: dict[str, str], begun: ChannelForm) -> ChannelOrder:
    kind = begun.kind if begun.id else arguments.choice(arguments.field(form, "kind"), tuple(ChannelKind))
    places = arguments.field(form, "environments").replace("，", ",").split(",")
    return ChannelOrder(
        kind=ChannelKind(kind),
        name=arguments.field(form, "name"),
        target=arguments.field(form, "target", longest=LONGEST_TARGET),
        secret=arguments.field(form, "secret", longest=LONGEST_SECRET),
        events=tuple(event for event in NotificationEvent if arguments.field(form, f"event.{event}")),
        environments=tuple(name.strip() for name in places if name.strip()),
        is_enabled=arguments.field(form, "is_enabled") != "",
    )
