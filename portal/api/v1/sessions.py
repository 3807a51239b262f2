"""REST: sessions of browsers, one's own and for those who may edit users everybody's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, PageDocument, Pages, Paging, Reason, Search
from portal.domain.access import Actor, Permission
from portal.domain.identity import SessionQuery
from portal.wiring import core

router = APIRouter(tags=["sessions"])
Anybody = Annotated[Actor, permitted(None)]
Editor = Annotated[Actor, permitted(Permission.USER_EDIT)]
SessionId = Annotated[str, Path(max_length=16)]
UserName = Annotated[str, Path(max_length=64)]


class SessionDocument(Document):
    """A signed-in browser. `id` opens nothing; `way` is how its person came in."""

    id: str
    user: str
    address: str
    agent: str
    way: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class SessionFilter(Paging):
    user: str = Field(default="", max_length=64, description="Whose; empty for your own, * for everybody's.")
    text: Search = ""


class EndedDocument(Document):
    ended: int = Field(description="How many sessions there were.")


@router.get("/sessions")
def list_sessions(
    actor: Anybody, pages: Pages, wanted: Annotated[SessionFilter, Query()]
) -> PageDocument[SessionDocument]:
    """Last seen first."""
    return pages.show(core().identity.sessions(actor, SessionQuery(**wanted.model_dump())), SessionDocument)


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(actor: Anybody, session_id: SessionId, reason: Reason = "") -> None:
    """Refused at its next event or request."""
    core().identity.end_session(actor, session_id, reason=reason)


@router.delete("/users/{name}/sessions")
def end_user_sessions(actor: Editor, name: UserName, reason: Reason = "") -> EndedDocument:
    """Signs the user out everywhere."""
    return EndedDocument(ended=core().identity.end_sessions(actor, name, reason=reason))
