"""REST: rollouts and rollbacks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.languages import sentence
from portal.api.v1.documents import (
    IdempotencyKey,
    NameFilter,
    Order,
    PageDocument,
    Pages,
    Paging,
    Search,
    Since,
    Sort,
    Until,
)
from portal.api.v1.repeats import Repeatable, once
from portal.api.v1.rollout_documents import (
    ActionOrder,
    BulkOrder,
    BulkOutcome,
    BulkReport,
    PointDocument,
    PreviewDocument,
    ReasonOrder,
    ReturnOrder,
    RolloutDocument,
    RolloutOrderBody,
    RolloutViewDocument,
)
from portal.domain.access import Actor, Permission
from portal.domain.errors import PortalError
from portal.domain.lists import NEWEST, RolloutQuery
from portal.domain.plan_text import parse_plan, plan_schema
from portal.services.plans import read_plan, write_plan
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from portal.wiring import core

router = APIRouter(tags=["rollouts"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Starter = Annotated[Actor, permitted(Permission.ROLLOUT_START)]
Returner = Annotated[Actor, permitted(Permission.ROLLBACK)]
GlassBreaker = Annotated[Actor, permitted(Permission.BREAK_GLASS)]


class PlanOrder(Order):
    plan: str | dict[str, object] = Field(description="As YAML text or as JSON.")


class PlanDocument(Order):
    plan: str = Field(description="The plan in its normal form, as YAML.")


class RolloutFilter(Paging):
    service: NameFilter = ""
    environment: NameFilter = ""
    state: str = Field(default="", max_length=30, description="One state, active (not over), over, or empty for all.")
    text: Search = ""
    strategy: str = Field(default="", max_length=30, description="rolling, blue_green, canary or return.")
    person: NameFilter = Field(default="", description="Who asked for it.")
    version: str = Field(default="", max_length=100, description="The version that was rolled out.")
    since: Since = None
    until: Until = None
    sort: Sort = NEWEST


@router.get("/rollouts")
def list_rollouts(
    actor: Viewer, pages: Pages, wanted: Annotated[RolloutFilter, Query()]
) -> PageDocument[RolloutDocument]:
    """The newest first."""
    return pages.show(core().rollouts.page(actor, RolloutQuery(**wanted.model_dump())), RolloutDocument)


@router.post("/rollouts/preview")
def preview_rollout(actor: Viewer, order: RolloutOrderBody) -> PreviewDocument:
    """What a start would do, how long it should take, and what forbids it now. Nothing is changed."""
    return PreviewDocument.of(core().rollouts.preview(actor, RolloutOrder(**order.model_dump())))


@router.post("/rollouts", status_code=201)
def start_rollout(actor: Starter, order: RolloutOrderBody, key: IdempotencyKey = "") -> RolloutDocument:
    """Stored, and worked on from here on, whatever happens to the portal's process."""
    return RolloutDocument.of(core().rollouts.start(actor, RolloutOrder(**order.model_dump(), key=key)))


@router.get("/rollouts/{rollout_id}")
def show_rollout(actor: Viewer, rollout_id: int) -> RolloutDocument:
    return RolloutDocument.of(core().rollouts.rollout(actor, rollout_id))


@router.get("/rollouts/{rollout_id}/view")
def view_rollout(actor: Viewer, rollout_id: int) -> RolloutViewDocument:
    """Everything needed to decide: traffic, steps, verdict, approvals, containers, timeline, and what you may do."""
    return RolloutViewDocument.of(core().views.view(actor, rollout_id))


@router.get("/rollouts/{rollout_id}/points")
def list_rollout_points(
    actor: Viewer, rollout_id: int, buckets: Annotated[int, Query(ge=10, le=500)] = 120
) -> list[PointDocument]:
    """Requests, errors and response times of both versions over time, the oldest first."""
    return [PointDocument.of(point) for point in core().views.points(actor, rollout_id, buckets=buckets)]


@router.post("/rollouts/{rollout_id}/actions")
def act_on_rollout(actor: Viewer, rollout_id: int, order: ActionOrder, key: IdempotencyKey = "") -> RolloutDocument:
    """Approve, reject, pause, resume, skip, promote, abort, retry or finish: each with its own permission."""
    request = ActionRequest(order.reason, key=key, evidence_hash=order.evidence_hash)
    return RolloutDocument.of(core().rollouts.act(actor, rollout_id, order.action, request=request))


@router.post("/rollouts/actions")
def act_on_rollouts(actor: Viewer, order: BulkOrder, key: IdempotencyKey = "") -> BulkReport:
    """Pause, resume or abort up to a hundred: each is done or refused by itself, with its own permission."""

    def act() -> BulkReport:
        outcomes = core().rollouts.act_on_each(actor, order.ids, order.action, reason=order.reason)
        return BulkReport(outcomes=[_outcome(number, error) for number, error in outcomes])

    return once(actor, Repeatable(key, "rollouts.act", order, BulkReport), act)


def _outcome(number: int, error: PortalError | None) -> BulkOutcome:
    if error is None:
        return BulkOutcome(id=number, is_done=True)
    text = sentence(f"error.{error.code}", **error.params)
    return BulkOutcome(id=number, is_done=False, code=error.code, text=text)


@router.post("/rollouts/{rollout_id}/break-glass")
def break_glass(actor: GlassBreaker, rollout_id: int, order: ReasonOrder, key: IdempotencyKey = "") -> RolloutDocument:
    """One of two people who let this rollout go on in spite of a freeze."""

    def break_it() -> RolloutDocument:
        return RolloutDocument.of(core().rollouts.break_glass(actor, rollout_id, order.reason))

    return once(actor, Repeatable(key, f"rollout.{rollout_id}.break_glass", order, RolloutDocument), break_it)


@router.post("/rollbacks", status_code=201)
def roll_back(actor: Returner, order: ReturnOrder, key: IdempotencyKey = "") -> RolloutDocument:
    """Return to a version that ran there before: at once, without analysis, approval or freeze."""
    return RolloutDocument.of(core().rollouts.roll_back(actor, RolloutOrder(**order.model_dump(), key=key)))


@router.get("/plans/schema", tags=["plans"])
def show_plan_schema(actor: Viewer) -> dict[str, object]:
    """The JSON Schema (2020-12) of a rollout plan."""
    return plan_schema()


@router.post("/plans/check", tags=["plans"])
def check_plan(actor: Viewer, order: PlanOrder) -> PlanDocument:
    """Whether a plan is right; the answer is its normal form."""
    written = read_plan(order.plan) if isinstance(order.plan, str) else order.plan
    return PlanDocument(plan=write_plan(parse_plan(written)))
