"""REST: how many containers a deployment has, their bounds, and the policy that changes their number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.scaling import ScalingChange, ScalingMetric, ScalingPolicy
from portal.services.scaling import ScalingView
from portal.wiring import core

router = APIRouter(tags=["deployments"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Scaler = Annotated[Actor, permitted(Permission.DEPLOYMENT_SCALE)]
Name = Annotated[str, Path(max_length=60)]


class ScalingPolicyDocument(Document):
    """Keeps the load of each container at `target`, within bounds, with a rest after each change."""

    is_on: bool = False
    least: int = Field(default=1, ge=1, le=50)
    most: int = Field(default=5, ge=1, le=50)
    metric: ScalingMetric = ScalingMetric.CPU
    target: float = Field(default=60.0, description="Per cent of its processors, or requests a second.")
    up_cooldown_seconds: int = Field(default=60, ge=10, le=86_400)
    down_cooldown_seconds: int = Field(default=300, ge=10, le=86_400)


class ScalingEntryDocument(Document):
    """Who or what changed the number, or why the policy did not."""

    at: datetime
    by: str
    verb: str = Field(description="up, down or hold")
    replicas: int
    wanted: int
    code: str
    params: dict[str, str]
    reason: str
    job_id: int | None


class ScalingDocument(Document):
    service: str
    environment: str
    replicas: int
    cpu_cores: float
    memory_bytes: int
    is_moving: bool = Field(description="A rollout or an operation is at work there.")
    policy: ScalingPolicyDocument
    entries: list[ScalingEntryDocument]


class ScaleOrder(Order):
    """What is left out stays as it is."""

    replicas: int | None = Field(default=None, ge=1, le=50)
    cpu_cores: float | None = Field(default=None, gt=0, le=1024)
    memory_bytes: int | None = Field(default=None, ge=6_291_456)
    reason: str = Field(min_length=1, max_length=500)


class ScalingPolicyOrder(ScalingPolicyDocument, Order):
    reason: str = Field(min_length=1, max_length=500)


class ScaleStartedDocument(Document):
    """The operation that does it."""

    id: int
    target: str
    state: str


@router.get("/deployments/{service}/{environment}/scaling")
def show_scaling(actor: Viewer, service: Name, environment: Name) -> ScalingDocument:
    """With the history, the newest first."""
    return _shown(core().scaling.view(actor, service, environment))


@router.post("/deployments/{service}/{environment}/scaling", status_code=202)
def scale(
    actor: Scaler, service: Name, environment: Name, order: ScaleOrder, key: IdempotencyKey = ""
) -> ScaleStartedDocument:
    """Begins an operation. Added containers take requests once they are healthy, removed ones finish theirs."""
    change = ScalingChange(order.replicas, order.cpu_cores, order.memory_bytes)

    def act() -> ScaleStartedDocument:
        job = core().scaling.scale(actor, (service, environment), change, reason=order.reason)
        return ScaleStartedDocument.of(job)

    return once(actor, Repeatable(key, f"scale:{service}@{environment}", order, ScaleStartedDocument), act)


@router.put("/deployments/{service}/{environment}/scaling/policy")
def set_scaling_policy(
    actor: Scaler, service: Name, environment: Name, order: ScalingPolicyOrder
) -> ScalingPolicyDocument:
    policy = ScalingPolicy(**order.model_dump(exclude={"reason"}))
    scale = core().scaling.set_policy(actor, (service, environment), policy, reason=order.reason)
    return ScalingPolicyDocument.of(scale.policy)


def _shown(view: ScalingView) -> ScalingDocument:
    return ScalingDocument(
        service=view.deployment.service,
        environment=view.deployment.environment,
        replicas=view.deployment.replicas,
        cpu_cores=view.limits.cpu_cores,
        memory_bytes=view.limits.memory_bytes,
        is_moving=view.is_moving,
        policy=ScalingPolicyDocument.of(view.scale.policy),
        entries=[ScalingEntryDocument.of(entry) for entry in view.entries],
    )
