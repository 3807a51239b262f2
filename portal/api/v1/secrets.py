"""REST: secrets of environments. Values go in; they come out by one route alone, which asks why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import IdempotencyKey, NameFilter, PageDocument, Pages, Paging, Reason, Search, Sort
from portal.api.v1.repeats import Repeatable, once
from portal.api.v1.secret_documents import (
    MasterKeyOrder,
    NewSecretOrder,
    NewVersionOrder,
    RevealedDocument,
    RevealOrder,
    RotateOrder,
    SecretChange,
    SecretDocument,
    StartedDocument,
)
from portal.domain.access import Actor, Permission
from portal.domain.secret import SecretQuery
from portal.services.secrets import NewVersion
from portal.wiring import core

router = APIRouter(tags=["secrets"])
Reader = Annotated[Actor, permitted(Permission.VIEW)]
Editor = Annotated[Actor, permitted(Permission.SECRET_EDIT)]
Revealer = Annotated[Actor, permitted(Permission.SECRET_REVEAL)]
SecretName = Annotated[str, Path(max_length=64)]


def _place(environment: str, name: SecretName) -> tuple[str, str]:
    return environment, name


Place = Annotated[tuple[str, str], Depends(_place)]
OneSecret = "/secrets/{environment}/{name}"


class SecretFilter(Paging):
    environment: NameFilter = ""
    service: NameFilter = ""
    form: str = Field(default="", pattern="^(file|variable)?$")
    state: str = Field(default="", pattern="^(due|overdue)?$", description="due: within seven days, or late.")
    text: Search = ""
    sort: Sort = "name"


@router.get("/secrets")
def list_secrets(actor: Reader, pages: Pages, wanted: Annotated[SecretFilter, Query()]) -> PageDocument[SecretDocument]:
    """Names, versions and dates; no values."""
    return pages.show(core().secrets.page(actor, SecretQuery(**wanted.model_dump())), SecretDocument)


@router.post("/secrets", status_code=201)
def create_secret(
    actor: Editor, order: NewSecretOrder, reason: Reason = "", key: IdempotencyKey = ""
) -> SecretDocument:
    """Containers that are made from now on get it."""

    def create() -> SecretDocument:
        wanted = order.order(order.environment, order.name)
        return SecretDocument.of(core().secrets.create(actor, wanted, order.value(), reason=reason))

    return once(actor, Repeatable(key, "secret.create", order, SecretDocument), create)


@router.get(OneSecret)
def show_secret(actor: Reader, environment: str, name: SecretName) -> SecretDocument:
    return SecretDocument.of(core().secrets.secret(actor, environment, name))


@router.put(OneSecret)
def save_secret(
    actor: Editor, environment: str, name: SecretName, order: SecretChange, reason: Reason = ""
) -> SecretDocument:
    """Its value and the containers that run stay as they are."""
    return SecretDocument.of(core().secrets.save(actor, order.order(environment, name), reason=reason))


@router.delete(OneSecret, status_code=204)
def remove_secret(actor: Editor, environment: str, name: SecretName, reason: Reason) -> Response:
    core().secrets.remove(actor, environment, name, reason=reason)
    return Response(status_code=204)


@router.post(OneSecret + "/versions", status_code=201)
def add_secret_version(
    actor: Editor, place: Place, order: NewVersionOrder, reason: Reason = "", key: IdempotencyKey = ""
) -> SecretDocument:
    def add() -> SecretDocument:
        new = NewVersion(*place, order.value(), order.is_next)
        return SecretDocument.of(core().secrets.put(actor, new, reason=reason))

    return once(actor, Repeatable(key, f"secret.put {'/'.join(place)}", order, SecretDocument), add)


@router.delete(OneSecret + "/versions/{number}")
def revoke_secret_version(
    actor: Editor, environment: str, name: SecretName, number: int, reason: Reason
) -> SecretDocument:
    """Its value is gone for good; what a container has, or what is current, is not revoked."""
    return SecretDocument.of(core().secrets.revoke(actor, environment, name, version=number, reason=reason))


@router.post(OneSecret + "/reveal")
def reveal_secret(
    actor: Revealer, environment: str, name: SecretName, order: RevealOrder, response: Response
) -> RevealedDocument:
    """That it was asked for, by whom and why, is in the audit trail before the answer is given."""
    response.headers["Cache-Control"] = "no-store"
    shown = core().secrets.reveal(actor, environment, name, version=order.version, reason=order.reason)
    return RevealedDocument.of(shown)


@router.post(OneSecret + "/rotations", status_code=202)
def rotate_secret(
    actor: Editor, place: Place, order: RotateOrder, reason: Reason = "", key: IdempotencyKey = ""
) -> StartedDocument:
    """A new value is made, tried and put into use, and the old one revoked once nothing has it, as the secret says."""

    def rotate() -> StartedDocument:
        return StartedDocument(operation=core().secret_schedule.rotate(actor, *place, reason=reason).id)

    return once(actor, Repeatable(key, f"secret.rotate {'/'.join(place)}", order, StartedDocument), rotate)


@router.post("/master-key/rotations", status_code=202)
def rotate_master_key(actor: Editor, order: MasterKeyOrder, key: IdempotencyKey = "") -> StartedDocument:
    """Everything that is sealed is sealed anew while the portal goes on; then the old key is put away."""

    def rotate() -> StartedDocument:
        return StartedDocument(operation=core().secret_schedule.change_master_key(actor, reason=order.reason).id)

    return once(actor, Repeatable(key, "master_key.rotate", order, StartedDocument), rotate)
