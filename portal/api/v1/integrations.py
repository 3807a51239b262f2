"""REST: what the portal works with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.languages import sentence
from portal.api.v1.documents import Document
from portal.domain.access import Actor, Permission
from portal.domain.health import CheckStatus
from portal.services.integrations import Integration
from portal.wiring import core

router = APIRouter(tags=["integrations"])
Reader = Annotated[Actor, permitted(Permission.SETTINGS_READ)]
Name = Annotated[str, Path(max_length=40)]


class IntegrationDocument(Document):
    """`status` is empty as long as nobody has looked."""

    name: str
    is_on: bool = Field(description="Whether it is set up.")
    status: CheckStatus | None = None
    output: str = Field(default="", description="What it said.")
    duration_ms: float | None = None
    age_seconds: float = Field(description="How long ago it was looked at.")
    variables: list[str] = Field(description="The settings that concern it.")

    @classmethod
    def of(cls, shown: object) -> IntegrationDocument:
        assert isinstance(shown, Integration)
        check = shown.check
        if check is None:
            return cls.model_validate(shown)
        output = sentence(check.key, **check.params) if check.key else check.output
        seen = {"status": check.status, "output": output, "duration_ms": check.duration_ms}
        return cls.model_validate(shown).model_copy(update=seen)


@router.get("/integrations")
def list_integrations(actor: Reader) -> list[IntegrationDocument]:
    """Container engine, proxy, database, Git, GitHub and MCP."""
    return [IntegrationDocument.of(integration) for integration in core().integrations.all(actor)]


@router.post("/integrations/{name}/test")
def test_integration(actor: Reader, name: Name) -> IntegrationDocument:
    """Look at it now, ten seconds at most."""
    return IntegrationDocument.of(core().integrations.test(actor, name))
