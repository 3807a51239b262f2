"""Answers a page at the address that a person types, without a detour to the same address with a slash."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from portal.api.origin import Application, Receive, Scope, Send
from portal.api.policy_header import FRONT_END


class PagePaths:
    """The file server keeps each page as a folder, and would send `/releases` on to `/releases/`: a round trip more."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in page_paths(FRONT_END):
            path: str = scope["path"] + "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._application(scope, receive, send)


@cache
def page_paths(folder: Path) -> frozenset[str]:
    """The address of every page that was built in a folder of its own."""
    pages = (file.parent.relative_to(folder).as_posix() for file in folder.rglob("index.html"))
    return frozenset(f"/{page}" for page in pages if page != ".")
