"""REST: settings of services, with reasons, changes, versions, promotion, import and export."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from portal.api.authentication import permitted
from portal.api.v1.configuration_documents import (
    ChangeAnswer,
    ChangeOrder,
    ChangesAnswer,
    ConfigurationDocument,
    DecisionOrder,
    ExchangeOrder,
    PromotionOrder,
    ReasonOrder,
    RollbackOrder,
    SchemaOrder,
    VariablesDocument,
    VariablesOrder,
    VersionDocument,
    layer_of,
)
from portal.api.v1.documents import IdempotencyKey
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.configuration_layers import service_scope
from portal.domain.configuration_text import json_schema, parse_contract
from portal.domain.configuration_version import Edit
from portal.wiring import core

router = APIRouter(tags=["configuration"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Editor = Annotated[Actor, permitted(Permission.CONFIGURATION_EDIT)]
Approver = Annotated[Actor, permitted(Permission.ROLLOUT_APPROVE)]
Owner = Annotated[Actor, permitted(Permission.SERVICE_EDIT)]
PLACE = "/configuration/{service}/{environment}"


@router.get(PLACE)
def show_configuration(actor: Viewer, service: str, environment: str) -> ConfigurationDocument:
    """Each key with the value that counts, and why."""
    return ConfigurationDocument.of(core().configuration.view(actor, service, environment))


@router.get(f"{PLACE}/versions")
def list_configuration_versions(
    actor: Viewer, service: str, environment: str, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[VersionDocument]:
    """Of every layer that counts there, the newest first."""
    found = core().configuration.history(actor, service, environment, limit=limit)
    return [VersionDocument.of(version) for version in found]


@router.post(f"{PLACE}/changes")
def change_configuration(
    actor: Editor, service: str, environment: str, order: ChangeOrder, key: IdempotencyKey = ""
) -> ChangeAnswer:
    """A new version of a layer, or a proposal of one where others have to agree."""

    def act() -> ChangeAnswer:
        scope = layer_of(order.layer, service_scope(service, environment))
        values: dict[str, object] = dict(order.values)
        edit = Edit(scope, order.reason, values, tuple(order.unset), order.base, order.is_at_once)
        return _made(actor, edit, is_dry_run=order.is_dry_run)

    return once(actor, Repeatable(key, f"configuration.change:{service}@{environment}", order, ChangeAnswer), act)


@router.post(f"{PLACE}/applied")
def apply_configuration(
    actor: Editor, service: str, environment: str, order: ReasonOrder, key: IdempotencyKey = ""
) -> ConfigurationDocument:
    """Tell running containers what they can be told and do not have yet."""

    def act() -> ConfigurationDocument:
        core().configuration.apply(actor, service, environment, reason=order.reason)
        return show_configuration(actor, service, environment)

    return once(
        actor, Repeatable(key, f"configuration.apply:{service}@{environment}", order, ConfigurationDocument), act
    )


@router.post(f"{PLACE}/rollback")
def roll_back_configuration(
    actor: Editor, service: str, environment: str, order: RollbackOrder, key: IdempotencyKey = ""
) -> VersionDocument:
    """A layer as an earlier version had it."""

    def act() -> VersionDocument:
        scope = layer_of(order.layer, service_scope(service, environment))
        return VersionDocument.of(core().configuration.roll_back(actor, scope, order.number, reason=order.reason))

    return once(actor, Repeatable(key, f"configuration.rollback:{service}@{environment}", order, VersionDocument), act)


@router.post(f"{PLACE}/promotion")
def promote_configuration(
    actor: Editor, service: str, environment: str, order: PromotionOrder, key: IdempotencyKey = ""
) -> ChangeAnswer:
    """Chosen settings as a change of another environment."""

    def act() -> ChangeAnswer:
        edit = core().configuration_exchange.promoted(
            actor, (service, environment), order.to, names=tuple(order.names), reason=order.reason
        )
        return _made(actor, edit, is_dry_run=order.is_dry_run)

    return once(actor, Repeatable(key, f"configuration.promote:{service}@{environment}", order, ChangeAnswer), act)


@router.get(f"{PLACE}/variables")
def export_variables(actor: Viewer, service: str, environment: str) -> VariablesDocument:
    """As a .env file."""
    return VariablesDocument(text=core().configuration_exchange.exported_variables(actor, service, environment))


@router.post(f"{PLACE}/variables")
def import_variables(
    actor: Editor, service: str, environment: str, order: VariablesOrder, key: IdempotencyKey = ""
) -> ChangesAnswer:
    """A .env file; with `is_dry_run` only what it would change."""

    def act() -> ChangesAnswer:
        edits = core().configuration_exchange.imported_variables(
            actor, (service, environment), order.text, reason=order.reason
        )
        return ChangesAnswer(items=[_made(actor, edit, is_dry_run=order.is_dry_run) for edit in edits])

    return once(actor, Repeatable(key, f"configuration.variables:{service}@{environment}", order, ChangesAnswer), act)


@router.post("/configuration-proposals/{version_id}/decision")
def decide_configuration(
    actor: Approver, version_id: int, order: DecisionOrder, key: IdempotencyKey = ""
) -> VersionDocument:
    """Agree to a proposal, or reject it."""

    def act() -> VersionDocument:
        decided = core().configuration.decide(actor, version_id, is_approved=order.is_approved, reason=order.reason)
        return VersionDocument.of(decided)

    return once(actor, Repeatable(key, f"configuration.decide:{version_id}", order, VersionDocument), act)


@router.get("/services/{name}/settings-schema")
def show_settings_schema(actor: Viewer, name: str) -> dict[str, Any]:
    """The keys that the service takes, as a JSON Schema of its file."""
    return json_schema(core().configuration.contract(actor, name)[0])


@router.put("/services/{name}/settings-schema")
def save_settings_schema(actor: Owner, name: str, order: SchemaOrder) -> VersionDocument:
    contract = parse_contract(order.schema_)
    saved = core().configuration.save_contract(actor, name, contract, reason=order.reason, base=order.base)
    return VersionDocument.of(saved)


@router.get("/services/{name}/settings-exchange")
def export_settings(actor: Viewer, name: str) -> dict[str, Any]:
    """Replicas, resources and settings of each environment, in the exchange JSON."""
    return core().configuration_exchange.exported(actor, name)


@router.post("/services/{name}/settings-exchange")
def import_settings(actor: Editor, name: str, order: ExchangeOrder, key: IdempotencyKey = "") -> ChangesAnswer:
    """The exchange JSON; with `is_dry_run` only what it would change, environment by environment."""

    def act() -> ChangesAnswer:
        document = {"environments": order.environments}
        edits = core().configuration_exchange.imported(actor, name, document, reason=order.reason)
        return ChangesAnswer(items=[_made(actor, edit, is_dry_run=order.is_dry_run) for edit in edits])

    return once(actor, Repeatable(key, f"configuration.exchange:{name}", order, ChangesAnswer), act)


def _made(actor: Actor, edit: Edit, *, is_dry_run: bool) -> ChangeAnswer:
    preview = core().configuration.preview(actor, edit)
    return ChangeAnswer.made(preview, None if is_dry_run else core().configuration.save(actor, edit))
