"""The data of an environment: its stores, and copies to and from others."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.data_store import DataStore, StoreKind, parse_masks
from portal.domain.errors import Invalid, PortalError
from portal.services.data_copies import CopyOrder
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.data_stores import CopyLine, StoreForm, StoreLine, copy_line, store_form, store_lines
from portal.web.presenters.marks import Confirmation
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core


class DataState(rx.State):
    environment: str = ""
    stores: list[StoreLine] = []
    copies: list[CopyLine] = []
    sources: list[str] = []
    can_copy: bool = False
    form: StoreForm = StoreForm()
    kind: str = "postgresql"
    question: Confirmation = Confirmation()
    source: str = ""
    deciding: int = 0
    trouble: Words = Words()

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async with self:
            self.reset()
        async for _ in beats(self, "jobs"):
            async with self, telling(self):
                if arguments.query(self, "tab") == "data":
                    await self._look()

    async def _look(self) -> None:
        (name,) = arguments.segments(self, 1)
        put(self, environment=name, **await asyncio.to_thread(_fetch, await actor_of(self), name))

    @rx.event
    @requires(Permission.DATA_COPY)
    def open_new(self) -> None:
        self.form, self.kind, self.trouble = StoreForm(is_open=True), "postgresql", Words()

    @rx.event
    @requires(Permission.DATA_COPY)
    async def open_one(self, name: str) -> None:
        view = await asyncio.to_thread(core().data_copies.view, await actor_of(self), self.environment)
        found = next((store for store in view.stores if store.name == name), None)
        if found is not None:
            self.form, self.kind, self.trouble = store_form(found), found.kind, Words()

    @rx.event
    @requires(Permission.VIEW)
    def choose_kind(self, kind: str) -> None:
        self.kind = arguments.choice(kind, tuple(StoreKind))

    @rx.event
    @requires(Permission.VIEW)
    def close(self) -> None:
        self.form, self.question, self.deciding = StoreForm(), Confirmation(), 0
        self.trouble = Words()

    @rx.event
    @requires(Permission.DATA_COPY)
    async def save(self, form: dict[str, Any]) -> None:
        try:
            given = _store(form, self.environment, StoreKind(self.kind))
            password = arguments.secret(form, "password") if form.get("password") else None
            act, reason = core().data_copies.save_store, arguments.field(form, "reason")
            await asyncio.to_thread(act, await actor_of(self), given, password=password, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.close()
        await self._look()

    @rx.event
    @requires(Permission.DATA_COPY)
    def ask_copy(self, name: str) -> None:
        """What is at the target will be overwritten: its name has to be typed."""
        target = f"{self.environment}/{arguments.text(name, longest=60)}"
        title, more = words("data.copy_title", target=target), words("data.copy_more", target=target)
        self.question, self.trouble = Confirmation(target, title, more, words("data.copy")), Words()

    @rx.event
    @requires(Permission.DATA_COPY)
    async def copy_data(self, form: dict[str, Any]) -> None:
        target = self.question.name
        try:
            arguments.choice(arguments.field(form, "typed"), (target,))
            source = arguments.choice(arguments.field(form, "source"), self.sources)
            order = CopyOrder(_place(source), _place(target))
            act, reason = core().data_copies.ask, arguments.field(form, "reason")
            await asyncio.to_thread(act, await actor_of(self), order, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.close()
        await self._look()

    @rx.event
    @requires(Permission.VIEW)
    def ask_decision(self, number: int) -> None:
        self.deciding = number if number in [line.id for line in self.copies] else 0

    @rx.event
    @requires(Permission.ROLLOUT_APPROVE)
    async def decide(self, form: dict[str, Any]) -> None:
        try:
            answer = arguments.choice(arguments.field(form, "answer"), ("approve", "reject"))
            act, reason = core().data_copies.decide, arguments.field(form, "reason")
            actor, number = await actor_of(self), self.deciding
            await asyncio.to_thread(act, actor, number, is_approved=answer == "approve", reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.close()
        await self._look()


def _fetch(actor: Actor, name: str) -> dict[str, object]:
    copies = core().data_copies
    view, can_copy = copies.view(actor, name), may(actor, Permission.DATA_COPY, name)
    return {
        "stores": store_lines(view.stores, view.taints, can_edit=can_copy),
        "copies": [copy_line(copy, actor) for copy in view.copies],
        "sources": [f"{store.environment}/{store.name}" for store in copies.stores(actor)] if can_copy else [],
        "can_copy": can_copy,
    }


def _place(written: str) -> tuple[str, str]:
    environment, _, name = written.partition("/")
    return environment, name


def _store(form: dict[str, Any], environment: str, kind: StoreKind) -> DataStore:
    name, image, user = (arguments.field(form, part) for part in ("name", "image", "user"))
    if kind is StoreKind.VOLUME:
        return DataStore(environment, name, kind, image, volume=arguments.field(form, "volume"), user=user)
    port = arguments.field(form, "port", longest=5)
    if not (port.isascii() and port.isdigit()):
        raise Invalid("store_host_bad", field="port")
    return DataStore(
        environment,
        name,
        kind,
        image,
        host=arguments.field(form, "host"),
        port=int(port),
        database=arguments.field(form, "database"),
        user=user,
        masks=parse_masks(arguments.field(form, "masks", longest=60_000)),
    )
