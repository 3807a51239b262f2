"""What may be taken away beside containers: images that nobody uses, volumes and networks of ours that nobody uses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlencode

from portal.gate.engine import Engine
from portal.gate.heads import Request
from portal.gate.refusals import Refusal

Document = Mapping[str, Any]
OTHERS_KEPT = ("Id", "Names", "Image", "ImageID", "Created", "State", "Status")


async def demand_unused(engine: Engine, request: Request, *, filters: Mapping[str, str]) -> None:
    """Refusal if a container of anybody, running or not, matches one of the filters; or if the engine does not say."""
    for name, value in filters.items():
        query = urlencode({"all": "1", "filters": json.dumps({name: [value]})})
        status, found = await engine.ask("GET", request.target("/containers/json", {}) + f"?{query}")
        if status != 200 or not isinstance(found, list):
            raise Refusal(f"{value[:80]}: not known whether it is used")
        if found:
            raise Refusal(f"{value[:80]}: in use", status=409)


def without_ours(rows: Any, label: str) -> list[dict[str, Any]]:
    """Containers of others, with no more than what a list needs: their labels and commands stay behind."""
    key, _, value = label.partition("=")
    return [
        {name: row[name] for name in OTHERS_KEPT if name in row}
        for row in _documents(rows)
        if _label(row, key) != value
    ]


def our_volumes(usage: Any, label: str) -> dict[str, Any]:
    """Of an account of disk use only our volumes."""
    key, _, value = label.partition("=")
    volumes = _documents(cast("Document", usage).get("Volumes") if isinstance(usage, dict) else None)
    return {"Volumes": [volume for volume in volumes if _label(volume, key) == value]}


def _documents(found: Any) -> Iterable[Document]:
    items = cast("list[Any]", found) if isinstance(found, list) else []
    return [cast("Document", item) for item in items if isinstance(item, dict)]


def _label(document: Document, key: str) -> Any:
    labels = document.get("Labels")
    return cast("Document", labels).get(key) if isinstance(labels, dict) else None
