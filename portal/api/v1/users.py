"""REST: users and their roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order, Reason
from portal.api.v1.me import GrantDocument
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Grant, Permission
from portal.domain.identity import LONGEST_PASSWORD, NewUser
from portal.wiring import core

router = APIRouter(tags=["users"])
Editor = Annotated[Actor, permitted(Permission.USER_EDIT)]
UserName = Annotated[str, Path(max_length=64)]
Password = Annotated[str, Field(max_length=LONGEST_PASSWORD, repr=False)]


class GrantsOrder(Order):
    """All roles that the user shall have from now on."""

    grants: list[GrantDocument] = Field(max_length=100)


class UserOrder(Order):
    name: str = Field(max_length=64)
    password: Password
    display_name: str = Field(default="", max_length=100)
    grants: list[GrantDocument] = Field(default_factory=list, max_length=100)


class PasswordOrder(Order):
    password: Password


class UserDocument(Document):
    """A person. `is_password_temporary`: somebody else chose the password, and it should be changed."""

    name: str
    display_name: str
    grants: list[GrantDocument]
    created_at: datetime
    signed_in_at: datetime | None
    is_disabled: bool
    is_password_temporary: bool


def _grants(documents: list[GrantDocument]) -> tuple[Grant, ...]:
    return tuple(Grant(document.role, document.environment) for document in documents)


@router.get("/users")
def list_users(actor: Editor) -> list[UserDocument]:
    return [UserDocument.of(user) for user in core().identity.users(actor)]


@router.post("/users", status_code=201)
def create_user(actor: Editor, order: UserOrder, reason: Reason = "", key: IdempotencyKey = "") -> UserDocument:
    def create() -> UserDocument:
        new = NewUser(order.name, order.password, _grants(order.grants), order.display_name)
        return UserDocument.of(core().identity.create_user(actor, new, reason=reason))

    return once(actor, Repeatable(key, "user.create", order, UserDocument), create)


@router.put("/users/{name}/password", status_code=204)
def set_user_password(actor: Editor, name: UserName, order: PasswordOrder, reason: Reason = "") -> None:
    """All their sessions end, and they should change it."""
    core().identity.set_password(actor, name, order.password, reason=reason)


@router.put("/users/{name}/grants")
def set_user_grants(actor: Editor, name: UserName, order: GrantsOrder, reason: Reason = "") -> UserDocument:
    """In place of all that the user had; their sessions end."""
    return UserDocument.of(core().identity.set_grants(actor, name, _grants(order.grants), reason=reason))


@router.put("/users/{name}/disabled")
def disable_user(actor: Editor, name: UserName, reason: Reason = "") -> UserDocument:
    """Sessions and tokens of the user end at once."""
    return UserDocument.of(core().identity.disable(actor, name, reason=reason))


@router.delete("/users/{name}/disabled")
def enable_user(actor: Editor, name: UserName, reason: Reason = "") -> UserDocument:
    return UserDocument.of(core().identity.enable(actor, name, reason=reason))
