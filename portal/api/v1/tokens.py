"""REST: tokens, with which programs come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order, Reason
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.identity import LONGEST_TOKEN_DAYS, TokenOrder
from portal.wiring import core

router = APIRouter(tags=["tokens"])
Owner = Annotated[Actor, permitted(Permission.TOKEN_OWN)]
OfUser = Annotated[str, Query(max_length=64, description="Whose; empty for your own, * for everybody's.")]


class TokenOrderBody(Order):
    name: str = Field(max_length=60)
    user: str = Field(default="", max_length=64, description="Whose it is; empty for your own.")
    scopes: list[Permission] | None = Field(default=None, description="Narrows it; null: all that its owner may.")
    days: int = Field(default=90, ge=1, le=LONGEST_TOKEN_DAYS)


class TokenDocument(Document):
    id: int
    prefix: str = Field(description="The first characters of its secret.")
    name: str
    user: str
    scopes: list[Permission] | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class NewTokenDocument(TokenDocument):
    """`secret` is shown this once; it is empty when the same request is repeated by its Idempotency-Key."""

    secret: str = Field(default="", repr=False)


@router.get("/tokens")
def list_tokens(actor: Owner, user: OfUser = "") -> list[TokenDocument]:
    """The newest first."""
    return [TokenDocument.of(token) for token in core().identity.tokens(actor, user=user or None)]


@router.post("/tokens", status_code=201)
def create_token(
    actor: Owner, order: TokenOrderBody, reason: Reason = "", key: IdempotencyKey = ""
) -> NewTokenDocument:
    def create() -> NewTokenDocument:
        scopes = None if order.scopes is None else frozenset(order.scopes)
        wanted = TokenOrder(order.name, order.user, scopes, order.days)
        secret, token = core().identity.create_token(actor, wanted, reason=reason)
        return NewTokenDocument(**TokenDocument.of(token).model_dump(), secret=secret)

    return once(actor, Repeatable(key, "token.create", order, NewTokenDocument), create)


@router.delete("/tokens/{token_id}")
def revoke_token(actor: Owner, token_id: int, reason: Reason = "") -> TokenDocument:
    """Refused from the next request on."""
    return TokenDocument.of(core().identity.revoke_token(actor, token_id, reason=reason))
