"""REST: what waits for a person's approval."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter

from portal.api.authentication import permitted
from portal.api.v1.documents import Document
from portal.api.v1.rollout_documents import RolloutDocument, RolloutViewDocument
from portal.domain.access import Actor, Permission
from portal.services.approvals import Inbox
from portal.wiring import core

router = APIRouter(tags=["approvals"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]


class InboxDocument(Document):
    """`waiting` is what you can decide now, with the evidence; `asked` what you asked for and others decide."""

    waiting: list[RolloutViewDocument]
    asked: list[RolloutDocument]
    total: int

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Inbox)
        return cls(
            waiting=[RolloutViewDocument.of(view) for view in shown.waiting],
            asked=[RolloutDocument.of(rollout) for rollout in shown.asked],
            total=shown.total,
        )


@router.get("/approvals")
def show_approvals(actor: Viewer) -> InboxDocument:
    """Decide by `POST /rollouts/{rollout_id}/actions` with the evidence hash that is shown here."""
    return InboxDocument.of(core().approvals.inbox(actor))
