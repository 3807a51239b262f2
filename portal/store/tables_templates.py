"""The table of templates of environments."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class EnvironmentTemplateRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "environment_template"
    name: str = Field(primary_key=True, max_length=40)
    document: dict[str, Any] = Field(sa_type=JSON)
