"""REST: who the token speaks for, and what it may do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document
from portal.domain.access import EVERYWHERE, Actor, Permission, Role, environments_with, may
from portal.domain.identity import Preferences
from portal.wiring import core

router = APIRouter(tags=["me"])
Anybody = Annotated[Actor, permitted(None)]


class GrantDocument(Document):
    """A role in one environment, or everywhere (*)."""

    role: Role
    environment: str = Field(default=EVERYWHERE, max_length=40)


class MeDocument(Document):
    """`permissions` maps each permission to the environments where you have it; * stands for all."""

    name: str
    kind: str
    person: str
    grants: list[GrantDocument]
    permissions: dict[Permission, list[str]]


class PreferencesDocument(Document):
    """How you like to read; empty for what the browser says. `zone` is a name such as Asia/Shanghai."""

    language: str = Field(default="", max_length=2)
    theme: str = Field(default="", max_length=5)
    zone: str = Field(default="", max_length=60)


@router.get("/me/preferences")
def show_my_preferences(actor: Anybody) -> PreferencesDocument:
    return PreferencesDocument.of(core().identity.preferences(actor))


@router.put("/me/preferences")
def set_my_preferences(actor: Anybody, order: PreferencesDocument) -> PreferencesDocument:
    return PreferencesDocument.of(core().identity.set_preferences(actor, Preferences(**order.model_dump())))


@router.get("/me")
def show_me(actor: Anybody) -> MeDocument:
    mine = [permission for permission in Permission if may(actor, permission)]
    return MeDocument(
        name=actor.name,
        kind=actor.kind,
        person=actor.human,
        grants=[GrantDocument.of(grant) for grant in actor.grants],
        permissions={permission: _places(actor, permission) for permission in mine},
    )


def _places(actor: Actor, permission: Permission) -> list[str]:
    places = environments_with(actor, permission)
    return [EVERYWHERE] if places is None else sorted(places)
