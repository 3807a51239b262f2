"""REST: the settings of the process that answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.languages import sentence
from portal.api.v1.documents import Document, NameFilter
from portal.domain.access import Actor, Permission
from portal.domain.setting import Setting, Source
from portal.wiring import core

router = APIRouter(tags=["settings"])
Reader = Annotated[Actor, permitted(Permission.SETTINGS_READ)]
Words = Annotated[str, Query(max_length=100, description="In name, value or meaning.")]


class SettingDocument(Document):
    """One setting. A secret's value is `…`, or empty if it is not set."""

    variable: str
    group: str
    value: str
    default: str
    source: Source = Field(description="Where the value comes from; run_time: changed since the start.")
    file: str = Field(description="Where it was read from, if the source is a file.")
    meaning: str = Field(default="", description="In the language of the request.")
    is_secret: bool
    is_read_once: bool

    @classmethod
    def of(cls, shown: object) -> SettingDocument:
        assert isinstance(shown, Setting)
        return cls.model_validate(shown).model_copy(update={"meaning": sentence(f"setting.{shown.variable}")})


@router.get("/settings")
def list_settings(actor: Reader, text: Words = "", group: NameFilter = "") -> list[SettingDocument]:
    """Each with where its value comes from."""
    found = core().settings_book.settings(actor, text=text, group=group)
    return [SettingDocument.of(setting) for setting in found]
