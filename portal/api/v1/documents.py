"""What all documents of the REST API share: reading domain objects, pages of them, and their links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Generic, Self, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from portal.api.languages import cause_sentence
from portal.domain.page import LONGEST_PAGE, Page
from portal.domain.rollout import Cause

LONGEST_KEY = 200

Search = Annotated[str, Field(max_length=200, description="Only those that contain this text.")]
NameFilter = Annotated[str, Field(max_length=60)]
Since = Annotated[AwareDatetime | None, Field(description="Created at this time or later.")]
Until = Annotated[AwareDatetime | None, Field(description="Created before this time.")]
Sort = Annotated[str, Field(max_length=30, description="What to order by; `-` before it turns the order around.")]
Reason = Annotated[str, Query(max_length=500, description="Why; it is kept in the audit trail.")]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=LONGEST_KEY,
        description="The same key again does nothing and gives the first answer once more.",
    ),
]
Finite = Annotated[float | None, BeforeValidator(lambda value: value if value is None or isfinite(value) else None)]


class Document(BaseModel):
    """Something the API shows, read from the domain object of the same fields."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, shown: object) -> Self:
        return cls.model_validate(shown)


class Order(BaseModel):
    """Something the API is asked for. Fields it does not know are refused: a typing error must not pass silently."""

    model_config = ConfigDict(extra="forbid")


class CauseDocument(Document):
    """Why something stopped or waits: a code for programs and a sentence for people."""

    code: str
    params: dict[str, str]
    text: str

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Cause)
        return cls(code=shown.code, params=dict(shown.params), text=cause_sentence(shown))


def cause_document(cause: Cause | None) -> CauseDocument | None:
    return None if cause is None else CauseDocument.of(cause)


Shown = TypeVar("Shown", bound=Document)


class PageDocument(BaseModel, Generic[Shown]):
    """One page of a list; the Link header has the others (RFC 8288)."""

    items: list[Shown]
    total: int
    offset: int
    limit: int


class Paging(BaseModel):
    """Which part of a list is wanted. Filters it does not know are refused: a typing error must not give everything."""

    model_config = ConfigDict(extra="forbid")

    offset: int = Field(default=0, ge=0, le=1_000_000_000, description="How many to leave out.")
    limit: int = Field(default=50, ge=1, le=LONGEST_PAGE, description="How many to give at most.")


@dataclass(frozen=True, slots=True)
class Pager:
    """Shows one page of a list and puts its neighbours into the Link header: first, prev, next and last."""

    request: Request
    response: Response

    def show(self, page: Page[Any], document: type[Shown]) -> PageDocument[Shown]:
        self.response.headers["Link"] = ", ".join(self._links(page))
        items = [document.of(item) for item in page.items]
        return PageDocument(items=items, total=page.total, offset=page.offset, limit=page.limit)

    def _links(self, page: Page[Any]) -> Iterator[str]:
        last = max(0, (page.total - 1) // page.limit * page.limit)
        yield self._link("first", 0, page.limit)
        if page.offset > 0:
            yield self._link("prev", max(0, page.offset - page.limit), page.limit)
        if page.offset + page.limit < page.total:
            yield self._link("next", page.offset + page.limit, page.limit)
        yield self._link("last", last, page.limit)

    def _link(self, name: str, offset: int, limit: int) -> str:
        query = dict(self.request.query_params) | {"offset": str(offset), "limit": str(limit)}
        return f'<{self.request.url.path}?{urlencode(query)}>; rel="{name}"'


def _pager(request: Request, response: Response) -> Pager:
    return Pager(request, response)


Pages = Annotated[Pager, Depends(_pager)]
