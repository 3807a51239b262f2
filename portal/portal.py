"""What Reflex compiles and uvicorn serves: pages, the API before them, the workers beside, the guard in front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx
from starlette.applications import Starlette
from starlette.routing import Mount

from portal.api import external, reader, sessions, watching
from portal.api.origin import SameOrigin
from portal.api.page_paths import PagePaths
from portal.api.v1.entry import rest
from portal.kit.rest import REST_ROOT
from portal.web.guard import Guard
from portal.web.openings import add_pages, wraps
from portal.web.serve import ensure_open
from portal.web.states import live
from portal.wiring import core
from portal.workers.running import Workers

HANDLER_GRACE_SECONDS = 8
STYLES = ("tokens", "base", "shell", "parts", "tables", "kit", "pages", "accounts", "operate")

_ROUTES = (*sessions.routes, *external.routes, *watching.routes, *reader.routes, Mount(REST_ROOT, rest))

app = rx.App(
    api_transformer=[
        Starlette(routes=_ROUTES),
        SameOrigin,
        PagePaths,
    ],
    stylesheets=[f"/styles/{name}.css" for name in STYLES],
    head_components=[
        rx.el.script(src="/portal/boot.js"),
        rx.el.link(rel="icon", href="/portal/mark.svg", type="image/svg+xml"),
        rx.el.meta(name="viewport", content="width=device-width, initial-scale=1, viewport-fit=cover"),
    ],
    html_lang="en",
    reset_style=False,
    toaster=None,
    app_wraps=wraps(),
)
app.add_middleware(Guard(), index=0)
live.attend(app)
add_pages(app)


@asynccontextmanager
async def at_work() -> AsyncIterator[None]:
    """The workers of this process, unless others do the work; event handlers that run at the end are finished."""
    app.event_processor.graceful_shutdown_timeout = HANDLER_GRACE_SECONDS
    await asyncio.to_thread(ensure_open)
    settings = core().settings
    with watching.watched():
        if settings.role == "web":
            yield
            return
        await asyncio.to_thread((workers := Workers(core())).start)
        try:
            yield
        finally:
            await asyncio.to_thread(workers.stop, ends_traffic=settings.is_demo)


app.register_lifespan_task(at_work)
