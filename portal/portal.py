"""The application that Reflex compiles and uvicorn serves: pages, the API before them, and the guard in front of both."""

from __future__ import annotations

import reflex as rx
from starlette.applications import Starlette

from portal.api import sessions
from portal.api.origin import SameOrigin
from portal.web import live, pages
from portal.web.guard import Guard
from portal.web.overlay import overlay

app = rx.App(
    api_transformer=[Starlette(routes=[*sessions.routes]), SameOrigin],
    stylesheets=[
        "/styles/tokens.css",
        "/styles/base.css",
        "/styles/shell.css",
        "/styles/parts.css",
        "/styles/pages.css",
    ],
    head_components=[
        rx.el.script(src="/portal/boot.js"),
        rx.el.link(rel="icon", href="/portal/mark.svg", type="image/svg+xml"),
        rx.el.meta(name="viewport", content="width=device-width, initial-scale=1, viewport-fit=cover"),
    ],
    html_lang="en",
    reset_style=False,
    toaster=None,
    app_wraps={(5, "Overlay"): overlay},
)
app.add_middleware(Guard(), index=0)
live.attend(app)
pages.add_to(app)
