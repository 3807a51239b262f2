"""REST: what is otherwise than it should be: repairing it, adopting it, leaving it alone; scores and self-healing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.languages import sentence
from portal.api.v1.documents import Document, IdempotencyKey, NameFilter, Order, PageDocument, Pages, Paging, Search
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.consistency import Likeness
from portal.domain.drift import DriftQuery, Finding, Rule, words_of
from portal.domain.healing import HealingMode
from portal.services.drift import EnvironmentDrift, FindingView
from portal.wiring import core

router = APIRouter(tags=["drift"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Controller = Annotated[Actor, permitted(Permission.CONTAINER_CONTROL)]
Name = Annotated[str, Path(max_length=60)]
Number = Annotated[int, Path(ge=1)]


class DriftFilter(Paging):
    environment: NameFilter = ""
    service: NameFilter = ""
    severity: Literal["", "low", "medium", "high"] = ""
    field: NameFilter = ""
    look: Literal["open", "ignored", "ended"] = "open"
    text: Search = ""
    sort: str = Field(default="-severity", max_length=30)


class FindingDocument(Document):
    """One thing that differs. Values that may be secret are not told: `•••` stands for them."""

    id: int
    subject: str = Field(description="container, proxy or engine.")
    name: str
    environment: str
    service: str
    field: str
    text: str = Field(description="What differs, in words.")
    desired: str
    actual: str
    severity: str
    origin: str = Field(description="by_hand: changed since it was made; pending: what is wanted has changed.")
    first_seen: datetime
    last_seen: datetime
    ended_at: datetime | None
    ending: str | None
    ended_by: str
    rule: int | None

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Finding)
        place = shown.place
        given: dict[str, Any] = {
            name: getattr(shown, name) for name in cls.model_fields if name not in ("text", *_OF_PLACE)
        }
        about = {name: getattr(place, name) for name in _OF_PLACE}
        key, params = words_of(shown)
        return cls(**given, **about, text=sentence(key, **params))


_OF_PLACE = ("subject", "name", "environment", "service")


class FindingViewDocument(Document):
    """With what you may do about it."""

    finding: FindingDocument
    can_repair: bool
    can_adopt: bool
    can_ignore: bool


class DriftOrder(Order):
    reason: str = Field(min_length=1, max_length=500)


class RepairDocument(Document):
    """`operation` is the number of what does it; none if it is done."""

    operation: int | None


class RuleOrder(Order):
    """What is left alone. A field stands for all that begin with it and a point."""

    environment: str = Field(default="*", max_length=60)
    service: str = Field(default="*", max_length=60)
    field: str = Field(default="*", max_length=200)
    days: int = Field(ge=1, le=365)
    reason: str = Field(min_length=1, max_length=500)


class RuleDocument(Document):
    id: int
    environment: str
    service: str
    field: str
    reason: str
    by: str
    at: datetime
    expires_at: datetime


class EnvironmentDriftDocument(Document):
    """How far an environment is as it should be, in per cent of what was compared."""

    environment: str
    percent: float
    points: int
    differing: int
    ignored: int
    reasons: dict[str, int] = Field(description="What differs most often.")
    healing: str = Field(description="off, alive (what keeps services from serving) or exact (changes by hand too).")
    ill: int = Field(description="How many containers are being brought back.")
    looked_at: datetime | None

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, EnvironmentDrift)
        score = shown.score
        return cls(
            environment=shown.environment,
            percent=score.percent,
            points=score.points,
            differing=score.differing,
            ignored=score.ignored,
            reasons=dict(score.reasons),
            healing=shown.mode,
            ill=shown.ill,
            looked_at=shown.looked_at,
        )


class DifferenceDocument(Document):
    service: str
    field: str
    left: str
    right: str


class LikenessDocument(Document):
    percent: float
    points: int
    differences: list[DifferenceDocument]


class HealingOrder(Order):
    mode: HealingMode
    reason: str = Field(min_length=1, max_length=500)


@router.get("/drift")
def list_drift(actor: Viewer, wanted: Annotated[DriftFilter, Query()], pages: Pages) -> PageDocument[FindingDocument]:
    """What differs now, what is left alone, or what has ended, of the environments that you may see."""
    return pages.show(core().drift.page(actor, DriftQuery(**wanted.model_dump())), FindingDocument)


@router.get("/drift/environments")
def list_environment_drift(actor: Viewer) -> list[EnvironmentDriftDocument]:
    """The score of each environment that you may see, and what is put right there without asking."""
    return [EnvironmentDriftDocument.of(each) for each in core().drift.environments(actor)]


@router.put("/drift/environments/{environment}/healing")
def set_healing(actor: Controller, environment: Name, order: HealingOrder) -> EnvironmentDriftDocument:
    """What is put right there without asking."""
    core().drift.set_mode(actor, environment, order.mode, reason=order.reason)
    found = next(e for e in core().drift.environments(actor) if e.environment == environment)
    return EnvironmentDriftDocument.of(found)


@router.get("/drift/environments/{environment}/likeness/{other}")
def show_likeness(actor: Viewer, environment: Name, other: Name) -> LikenessDocument:
    """How like two environments are, and what differs. Values of variables are not told."""
    return _likeness(core().drift.likeness(actor, environment, other))


def _likeness(found: Likeness) -> LikenessDocument:
    """As everywhere, the values of variables are left out."""
    shown = [
        DifferenceDocument(
            service=d.service,
            field=d.field,
            left="" if d.field.startswith("environment.") else d.left,
            right="" if d.field.startswith("environment.") else d.right,
        )
        for d in found.differences
    ]
    return LikenessDocument(percent=found.percent, points=found.points, differences=shown)


@router.get("/drift/rules")
def list_drift_rules(actor: Viewer) -> list[RuleDocument]:
    """The rules by which something is left alone."""
    return [RuleDocument.of(rule) for rule in core().drift.rules(actor)]


@router.post("/drift/rules", status_code=201)
def ignore_drift(actor: Controller, order: RuleOrder, key: IdempotencyKey = "") -> RuleDocument:
    """Leave something alone until the rule runs out."""

    def act() -> RuleDocument:
        now = core().clock.now()
        wanted = Rule(0, order.environment, order.service, order.field, order.reason, "", now, expires_at=now)
        return RuleDocument.of(core().drift.ignore(actor, wanted, days=order.days))

    return once(actor, Repeatable(key, "drift.rule", order, RuleDocument), act)


@router.put("/drift/rules/{rule_id}/end")
def end_drift_rule(actor: Controller, rule_id: Number, order: DriftOrder) -> list[RuleDocument]:
    """End it before it runs out; those that are left."""
    core().drift.end_rule(actor, rule_id, reason=order.reason)
    return [RuleDocument.of(rule) for rule in core().drift.rules(actor)]


@router.get("/drift/{finding_id}")
def show_drift(actor: Viewer, finding_id: Number) -> FindingViewDocument:
    return _view(core().drift.view(actor, finding_id))


@router.post("/drift/{finding_id}/repair", status_code=202)
def repair_drift(actor: Controller, finding_id: Number, order: DriftOrder, key: IdempotencyKey = "") -> RepairDocument:
    """Make it as it should be. A container is replaced by an operation, without losing a request."""

    def act() -> RepairDocument:
        job = core().drift.repair(actor, finding_id, reason=order.reason)
        return RepairDocument(operation=job.id if job else None)

    return once(actor, Repeatable(key, f"drift.repair.{finding_id}", order, RepairDocument), act)


@router.post("/drift/{finding_id}/adopt")
def adopt_drift(actor: Viewer, finding_id: Number, order: DriftOrder, key: IdempotencyKey = "") -> FindingDocument:
    """Make what is so what is wanted there: a bound of processor or memory, or one container fewer."""

    def act() -> FindingDocument:
        core().drift.adopt(actor, finding_id, reason=order.reason)
        return FindingDocument.of(core().drift.view(actor, finding_id).finding)

    return once(actor, Repeatable(key, f"drift.adopt.{finding_id}", order, FindingDocument), act)


def _view(view: FindingView) -> FindingViewDocument:
    return FindingViewDocument(
        finding=FindingDocument.of(view.finding),
        can_repair=view.can_repair,
        can_adopt=view.can_adopt,
        can_ignore=view.can_ignore,
    )
