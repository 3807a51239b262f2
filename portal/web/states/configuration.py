"""Settings: those of one service in one environment, chosen in the address, and a change before it is made."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.configuration import read
from portal.domain.configuration_layers import LayerKind, Scope, scope_of, service_scope
from portal.domain.configuration_version import Edit
from portal.domain.errors import Invalid, PortalError
from portal.services.configuration import TOPIC
from portal.services.rollouts import check_reason
from portal.web import arguments
from portal.web.addresses import address
from portal.web.policy import requires
from portal.web.presenters.configuration import (
    ChangeRow,
    PreviewPart,
    SettingRow,
    VersionRow,
    change_rows_of,
    layer_words,
    preview_part,
    setting_rows,
    situation,
    version_row,
)
from portal.web.presenters.marks import Option
from portal.web.states.live import beats, put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

LONGEST_TEXT = 100_000


class ConfigurationState(rx.State):
    is_loaded: bool = False
    services: list[str] = []
    environments: list[str] = []
    service: str = ""
    environment: str = ""
    situation: Words = Words()
    rows: list[SettingRow] = []
    image: list[ChangeRow] = []
    pending: list[ChangeRow] = []
    keys: list[str] = []
    layers: list[Option] = []
    versions: list[VersionRow] = []
    variables: str = ""
    version: str = ""
    can_edit: bool = False
    trouble: Words = Words()
    preview: list[PreviewPart] = []
    _edits: list[Edit] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async with self:
            self.preview, self._edits, self.trouble = [], [], Words()
        async for _ in beats(self, TOPIC):
            async with self, telling(self):
                await self._look()

    async def _look(self) -> None:
        wanted = (arguments.query(self, "service"), arguments.query(self, "environment"))
        try:
            put(self, **await asyncio.to_thread(_fetch, await actor_of(self), wanted))
        except PortalError as error:
            put(self, is_loaded=True, trouble=error_words(error))

    @rx.event
    @requires(Permission.VIEW)
    async def choose_service(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(_at(arguments.choice(name, self.services), self.environment))

    @rx.event
    @requires(Permission.VIEW)
    async def choose_environment(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(_at(self.service, arguments.choice(name, self.environments)))

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    async def look_at_key(self, form: dict[str, Any]) -> None:
        """What it would change to set (or, left empty, unset) one key in a layer."""
        await self._preview(lambda actor: [_edit_of(actor, form, (self.service, self.environment))])

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    async def look_at_import(self, form: dict[str, Any]) -> None:
        place = (self.service, self.environment)
        await self._preview(lambda actor: _imported(actor, form, place))

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    async def look_at_promotion(self, form: dict[str, Any]) -> None:
        place = (self.service, self.environment)

        def promoted(actor: Actor) -> list[Edit]:
            to = arguments.choice(arguments.field(form, "to"), self.environments)
            reason = check_reason(arguments.field(form, "reason"))
            return [core().configuration_exchange.promoted(actor, place, to, reason=reason)]

        await self._preview(promoted)

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    async def look_at_return(self, form: dict[str, Any]) -> None:
        place = (self.service, self.environment)
        await self._preview(lambda actor: [_return_of(actor, form, place)])

    async def _preview(self, make: Any) -> None:
        actor = await actor_of(self)
        try:
            edits = await asyncio.to_thread(make, actor)
            shown = await asyncio.to_thread(lambda: [core().configuration.preview(actor, edit) for edit in edits])
        except PortalError as error:
            put(self, trouble=error_words(error), preview=[])
            return
        parts = [preview_part(one) for one in shown if one.changes]
        self._edits = [edit for edit, one in zip(edits, shown, strict=True) if one.changes]
        put(self, preview=parts, trouble=Words() if parts else words("configuration.nothing_changes"))

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    async def save(self) -> None:
        actor = await actor_of(self)
        edits, saved = self._edits, core().configuration.save
        try:
            made = await asyncio.to_thread(lambda: [saved(actor, edit) for edit in edits])
        except PortalError as error:
            put(self, trouble=error_words(error))
            return
        self._edits = []
        put(self, preview=[], trouble=Words())
        is_proposed = any(not version.number for version in made)
        told = words("configuration.proposed") if is_proposed else words("configuration.saved")
        tell(await self.get_state(SessionState), told)
        await self._look()

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    def forget(self) -> None:
        self._edits, self.preview, self.trouble = [], [], Words()

    @rx.event
    @requires(Permission.CONFIGURATION_EDIT)
    async def apply(self, form: dict[str, Any]) -> None:
        """Tell running containers what they can be told."""
        place, actor = (self.service, self.environment), await actor_of(self)
        try:
            reason = arguments.field(form, "reason")
            await asyncio.to_thread(lambda: core().configuration.apply(actor, *place, reason=reason))
        except PortalError as error:
            put(self, trouble=error_words(error))
            return
        await self._look()

    @rx.event
    @requires(Permission.ROLLOUT_APPROVE)
    async def decide(self, form: dict[str, Any]) -> None:
        actor = await actor_of(self)
        try:
            number, reason = arguments.number(arguments.field(form, "id")), arguments.field(form, "reason")
            is_approved = arguments.field(form, "decision") == "approve"
            decided = core().configuration.decide
            await asyncio.to_thread(lambda: decided(actor, number, is_approved=is_approved, reason=reason))
        except PortalError as error:
            put(self, trouble=error_words(error))
            return
        await self._look()


def _at(service: str, environment: str) -> str:
    return address("/configuration", service=service, environment=environment)


def _fetch(actor: Actor, wanted: tuple[str, str]) -> dict[str, object]:
    services = [service.name for service in core().catalogue.services(actor)]
    places = [place.name for place in core().catalogue.environments(actor)]
    service = wanted[0] if wanted[0] in services else next(iter(services), "")
    environment = wanted[1] if wanted[1] in places else next(iter(places), "")
    chosen: dict[str, object] = {
        "is_loaded": True,
        "services": services,
        "environments": places,
        "service": service,
        "environment": environment,
    }
    return chosen | (_shown(actor, service, environment) if service and environment else {})


def _shown(actor: Actor, service: str, environment: str) -> dict[str, object]:
    view = core().configuration.view(actor, service, environment)
    editable = [layer.scope for layer in view.layers if layer.scope.kind.is_editable]
    editable.sort(key=lambda scope: scope.kind is not LayerKind.SERVICE)
    return {
        "situation": situation(view),
        "rows": setting_rows(view),
        "image": [ChangeRow(Words(n, n), "", v[:200]) for n, v in sorted(view.image.items())],
        "pending": change_rows_of(view.pending),
        "keys": [resolved.key.name for resolved in view.resolved],
        "layers": [Option(scope.id, layer_words(scope)) for scope in editable],
        "versions": [version_row(v) for v in core().configuration.history(actor, service, environment, limit=30)],
        "variables": core().configuration_exchange.exported_variables(actor, service, environment),
        "version": view.deployment.version if view.deployment else "",
        "can_edit": may(actor, Permission.CONFIGURATION_EDIT, environment),
    }


def _edit_of(actor: Actor, form: dict[str, Any], place: tuple[str, str]) -> Edit:
    scope = _layer(arguments.field(form, "layer"), place)
    name, text = arguments.field(form, "name"), arguments.field(form, "value", longest=4_096)
    reason = check_reason(arguments.field(form, "reason"))
    is_at_once = arguments.field(form, "is_at_once") != ""
    if not text:
        return Edit(scope, reason, unset=(name,), is_at_once=is_at_once)
    contract, _ = core().configuration.contract(actor, place[0])
    return Edit(scope, reason, {name: read(contract.key(name), text)}, is_at_once=is_at_once)


def _layer(text: str, place: tuple[str, str]) -> Scope:
    return scope_of(text) if text else service_scope(*place)


def _imported(actor: Actor, form: dict[str, Any], place: tuple[str, str]) -> list[Edit]:
    """A .env file, or the exchange JSON if it begins like one."""
    text, reason = arguments.field(form, "text", longest=LONGEST_TEXT), check_reason(arguments.field(form, "reason"))
    exchange = core().configuration_exchange
    if not text.startswith("{"):
        return list(exchange.imported_variables(actor, place, text, reason=reason))
    try:
        document: object = json.loads(text)
    except ValueError:
        raise Invalid("config_not_mapping", field="environments") from None
    return list(exchange.imported(actor, place[0], document, reason=reason))


def _return_of(actor: Actor, form: dict[str, Any], place: tuple[str, str]) -> Edit:
    number, reason = arguments.number(arguments.field(form, "id")), check_reason(arguments.field(form, "reason"))
    history = core().configuration.history(actor, *place, limit=200)
    old = next((version for version in history if version.id == number and version.number), None)
    if old is None or not old.scope.kind.is_editable:
        raise Invalid("argument_bad", field="id")
    now = core().configuration.layer(actor, old.scope)
    unset = tuple(name for name in now.values if name not in old.values)
    return Edit(old.scope, reason, dict(old.values), unset, origin=f"rollback:{old.number}")
