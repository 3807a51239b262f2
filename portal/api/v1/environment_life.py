"""REST: environments made from templates and from others, for a time or for good, and taken away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order, Reason
from portal.api.v1.environments import EnvironmentDocument, ProtectionDocument
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.environment import Protection, Stage
from portal.domain.environment_template import EnvironmentTemplate, NewEnvironment
from portal.wiring import core

router = APIRouter(tags=["environments"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Editor = Annotated[Actor, permitted(Permission.ENVIRONMENT_EDIT)]
Name = Annotated[str, Path(max_length=60)]


class TemplateOrder(Order):
    """`lifetime_hours` 0 stands for an environment that stays."""

    stage: Stage
    replicas: int = Field(default=1, ge=1, le=50)
    lifetime_hours: int = Field(default=0, ge=0, le=8760)
    protection: ProtectionDocument = ProtectionDocument()
    plan: str = Field(default="", max_length=20_000)
    description: str = Field(default="", max_length=2000)


class TemplateDocument(TemplateOrder, Document):
    name: str
    is_built_in: bool


class NewEnvironmentOrder(Order):
    """`lifetime_hours` left out: as the template, or what it is cloned from, says; 0: it stays."""

    name: str = Field(max_length=40)
    owners: list[str] = Field(default_factory=list, max_length=20)
    lifetime_hours: int | None = Field(default=None, ge=0, le=8760)
    reason: str = Field(min_length=1, max_length=500)


class CreateOrder(NewEnvironmentOrder):
    template: str = Field(max_length=40)


class CloneOrder(NewEnvironmentOrder):
    has_data: bool = Field(default=False, description="Its volumes too, each into one of its own.")


class RefusedDocument(Document):
    what: str
    code: str


class ClonedDocument(Document):
    """What was begun, and what could not be cloned."""

    environment: str
    rollouts: list[int]
    copies: list[int]
    refused: list[RefusedDocument]


class ExpiryOrder(Order):
    """So many hours from now; 0: not at all."""

    hours: int = Field(ge=0, le=8760)
    reason: str = Field(min_length=1, max_length=500)


class RemovalOrder(Order):
    reason: str = Field(min_length=1, max_length=500)


class RemovalDocument(Document):
    """The operation that does it."""

    id: int
    target: str
    state: str


@router.get("/environment-templates")
def list_environment_templates(actor: Viewer) -> list[TemplateDocument]:
    return [TemplateDocument.of(template) for template in core().life.templates(actor)]


@router.put("/environment-templates/{name}")
def save_environment_template(actor: Editor, name: Name, order: TemplateOrder, reason: Reason = "") -> TemplateDocument:
    """Add it, or replace the one of this name."""
    fields = order.model_dump(exclude={"protection"})
    template = EnvironmentTemplate(name=name, protection=Protection(**order.protection.model_dump()), **fields)
    return TemplateDocument.of(core().life.save_template(actor, template, reason=reason))


@router.delete("/environment-templates/{name}", status_code=204)
def remove_environment_template(actor: Editor, name: Name, reason: Reason = "") -> None:
    """What was made from it stays."""
    core().life.remove_template(actor, name, reason=reason)


@router.post("/environments", status_code=201)
def create_environment(actor: Editor, order: CreateOrder, key: IdempotencyKey = "") -> EnvironmentDocument:
    """From a template."""

    def act() -> EnvironmentDocument:
        return EnvironmentDocument.of(core().life.create(actor, order.template, _new(order), reason=order.reason))

    return once(actor, Repeatable(key, "environment.create", order, EnvironmentDocument), act)


@router.post("/environments/{name}/clones", status_code=201)
def clone_environment(actor: Editor, name: Name, order: CloneOrder, key: IdempotencyKey = "") -> ClonedDocument:
    """Its rules, sizes and services, each brought there by a rollout."""

    def act() -> ClonedDocument:
        cloned = core().life.clone(actor, name, _new(order), reason=order.reason, has_data=order.has_data)
        return ClonedDocument(
            environment=cloned.environment.name,
            rollouts=list(cloned.rollouts),
            copies=list(cloned.copies),
            refused=[RefusedDocument(what=what, code=error.code) for what, error in cloned.refused],
        )

    return once(actor, Repeatable(key, f"environment.clone:{name}", order, ClonedDocument), act)


@router.put("/environments/{name}/expiry")
def extend_environment(actor: Editor, name: Name, order: ExpiryOrder) -> EnvironmentDocument:
    return EnvironmentDocument.of(core().life.extend(actor, name, hours=order.hours, reason=order.reason))


@router.post("/environments/{name}/removal", status_code=202)
def remove_environment(actor: Editor, name: Name, order: RemovalOrder, key: IdempotencyKey = "") -> RemovalDocument:
    """Containers, routes and volumes go; it is archived, and its history and the trail stay."""

    def act() -> RemovalDocument:
        return RemovalDocument.of(core().life.remove(actor, name, reason=order.reason))

    return once(actor, Repeatable(key, f"environment.remove:{name}", order, RemovalDocument), act)


def _new(order: NewEnvironmentOrder) -> NewEnvironment:
    return NewEnvironment(order.name, tuple(order.owners), order.lifetime_hours)
