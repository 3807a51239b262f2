"""A saved view: the filters of a list under a name, for oneself or for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from portal.domain.errors import Invalid
from portal.domain.lists import FILTERS

LONGEST_NAME, LONGEST_QUERY = 60, 500


@dataclass(frozen=True, slots=True)
class SavedView:
    """`noun` names the list, `query` is the part of its address after the question mark, without a page."""

    id: int
    owner: str
    noun: str
    name: str
    query: str
    is_shared: bool = False
    created_at: datetime | None = None


def check_view(view: SavedView) -> SavedView:
    """The view with its query in normal form; Invalid(…, field=…) for an unknown list or a filter that it has not."""
    allowed = FILTERS.get(view.noun)
    if allowed is None:
        raise Invalid("view_list_bad", field="noun", noun=view.noun[:40])
    name = " ".join(view.name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("view_name_bad", field="name", limit=LONGEST_NAME)
    if len(view.query) > LONGEST_QUERY:
        raise Invalid("view_query_bad", field="query", filter=view.query[:40])
    pairs = sorted((key, value) for key, value in parse_qsl(view.query.lstrip("?"), max_num_fields=40))
    strange = next((key for key, _ in pairs if key not in allowed), None)
    if strange is not None:
        raise Invalid("view_query_bad", field="query", filter=strange[:40])
    return SavedView(view.id, view.owner, view.noun, name, urlencode(pairs), view.is_shared, view.created_at)
