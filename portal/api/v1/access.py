"""REST: the table of permissions and roles, and why somebody may or may not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document
from portal.api.v1.me import GrantDocument
from portal.domain.access import EVERYWHERE, Actor, Permission, Reach, Role
from portal.services.access import table
from portal.wiring import core

router = APIRouter(tags=["access"])
Anybody = Annotated[Actor, permitted(None)]
Person = Annotated[str, Query(max_length=64, description="Whom it is about; empty for yourself.")]
Environment = Annotated[str, Query(max_length=40, description="Where; * for all environments.")]


class LineDocument(Document):
    """A permission, where a role has to be given for it to count, and the roles that have it."""

    permission: Permission
    reach: Reach
    roles: list[Role]


class AnswerDocument(Document):
    """`because` are the grants that allow it; else `would_need` are the roles that would, given in `place`."""

    person: str
    permission: Permission
    environment: str
    is_allowed: bool
    because: list[GrantDocument]
    would_need: list[Role]
    place: str
    is_disabled: bool
    granters: list[str] = Field(description="Who could change it.")


@router.get("/access")
def show_access_table(actor: Anybody) -> list[LineDocument]:
    return [LineDocument.of(line) for line in table()]


@router.get("/access/{permission}")
def explain_access(
    actor: Anybody, permission: Permission, person: Person = "", environment: Environment = EVERYWHERE
) -> AnswerDocument:
    found = core().access.explanation(actor, permission, person=person, environment=environment)
    answer = found.answer
    return AnswerDocument(
        person=found.person,
        permission=answer.permission,
        environment=answer.environment,
        is_allowed=answer.is_allowed,
        because=[GrantDocument.of(grant) for grant in answer.because],
        would_need=list(answer.would_need),
        place=answer.place,
        is_disabled=found.is_disabled,
        granters=list(found.granters),
    )
