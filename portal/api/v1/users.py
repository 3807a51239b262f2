"""REST: users and their roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import (
    Document,
    IdempotencyKey,
    NameFilter,
    Order,
    PageDocument,
    Pages,
    Paging,
    Reason,
    Search,
)
from portal.api.v1.me import GrantDocument
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Grant, Permission
from portal.domain.identity import (
    LONGEST_INVITATION_HOURS,
    LONGEST_PASSWORD,
    NewPerson,
    NewUser,
    UserQuery,
    invitation_path,
)
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
    has_second_factor: bool


class UserFilter(Paging):
    """`state` is active, disabled, locked or invited; `sort` a field of the list, with a hyphen before it downwards."""

    text: Search = ""
    role: Literal["", "viewer", "developer", "release_manager", "operator", "administrator"] = ""
    environment: NameFilter = ""
    state: Literal["", "active", "disabled", "locked", "invited"] = ""
    sort: str = Field(default="name", max_length=20)


class InvitationOrder(Order):
    """Somebody who sets their own password by a link."""

    name: str = Field(max_length=64)
    display_name: str = Field(default="", max_length=100)
    grants: list[GrantDocument] = Field(default_factory=list, max_length=100)
    hours: int = Field(default=72, ge=1, le=LONGEST_INVITATION_HOURS, description="How long the link leads in.")


class LinkOrder(Order):
    hours: int = Field(default=24, ge=1, le=LONGEST_INVITATION_HOURS, description="How long it leads in.")


class LinkDocument(Document):
    """The person opens `path`, `#` and `secret` on this portal. The secret is shown this once."""

    user: str
    path: str
    secret: str = Field(default="", repr=False)


def _grants(documents: list[GrantDocument]) -> tuple[Grant, ...]:
    return tuple(Grant(document.role, document.environment) for document in documents)


@router.get("/users")
def list_users(actor: Editor, pages: Pages, wanted: Annotated[UserFilter, Query()]) -> PageDocument[UserDocument]:
    return pages.show(core().identity.users_page(actor, UserQuery(**wanted.model_dump())), UserDocument)


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


@router.delete("/users/{name}/lock")
def unlock_user(actor: Editor, name: UserName, reason: Reason = "") -> UserDocument:
    """They need not wait any longer after failed sign-ins."""
    return UserDocument.of(core().identity.unlock(actor, name, reason=reason))


@router.delete("/users/{name}/second-factor", status_code=204)
def remove_user_second_factor(actor: Editor, name: UserName, reason: Reason = "") -> None:
    """For somebody who has lost it; their sessions end."""
    core().identity.remove_second_factor(actor, name, reason=reason)


@router.post("/users/invitations", status_code=201)
def invite_user(actor: Editor, order: InvitationOrder, reason: Reason = "", key: IdempotencyKey = "") -> LinkDocument:
    """The user cannot sign in before the link was used."""

    def invite() -> LinkDocument:
        new = NewPerson(order.name, _grants(order.grants), order.display_name, order.hours)
        secret, user = core().identity.invite(actor, new, reason=reason)
        return LinkDocument(user=user.name, path=invitation_path(user.name), secret=secret)

    return once(actor, Repeatable(key, "user.invite", order, LinkDocument), invite)


@router.post("/users/{name}/link", status_code=201)
def make_user_link(
    actor: Editor, name: UserName, order: LinkOrder, reason: Reason = "", key: IdempotencyKey = ""
) -> LinkDocument:
    """By which they set a new password; earlier links of theirs end."""

    def make() -> LinkDocument:
        secret = core().identity.make_reset_link(actor, name, hours=order.hours, reason=reason)
        return LinkDocument(user=name, path=invitation_path(name), secret=secret)

    return once(actor, Repeatable(key, f"user.link {name}", order, LinkDocument), make)


@router.delete("/users/{name}/link", status_code=204)
def end_user_link(actor: Editor, name: UserName, reason: Reason = "") -> None:
    core().identity.end_invitation(actor, name, reason=reason)
