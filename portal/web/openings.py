"""What happens when a page is opened, kept beside the built pages: a portal that serves them needs no more of them.

The pages and their components stay out of its memory.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from pathlib import Path
from typing import Any

import reflex as rx

from portal.web.build import OPENINGS, ROOT

BUILDING = "BUILDS_PORTAL_PAGES"
SERVING = "__REFLEX_SKIP_COMPILE"  # Reflex's own: no page is compiled in this process


def add_pages(app: rx.App) -> None:
    """All pages; where built ones are served, their addresses and what opening them calls, as the build left them."""
    file = ROOT / OPENINGS
    if _are_built():
        _add_built(app, json.loads(file.read_text("utf-8")))
        return
    from portal.web.pages.table import PAGES

    for page in PAGES:
        page.add_to(app)
    if os.environ.get(BUILDING):
        _keep(app, file)


def wraps() -> dict[tuple[int, str], Any]:
    """What lies over all pages, with its order; built pages have it already."""
    if _are_built():
        return {}
    from portal.web.overlay import overlay

    return {(5, "Overlay"): overlay}


def _are_built() -> bool:
    return bool(os.environ.get(SERVING)) and (ROOT / OPENINGS).is_file()


def _keep(app: rx.App, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(openings(app), indent=1), "utf-8")


def openings(app: rx.App) -> dict[str, list[tuple[str, str]]]:
    """By address: full name of the state and name of the handler, in the order in which they are called."""
    return {
        route: [(handler.state_full_name, handler.fn.__name__) for handler in _handlers(app, route)]
        for route in app._unevaluated_pages
    }


def _handlers(app: rx.App, route: str) -> list[Any]:
    return list(app._load_events.get(route, ()))


def _add_built(app: rx.App, kept: dict[str, list[tuple[str, str]]]) -> None:
    from portal.web import states

    for module in pkgutil.iter_modules(states.__path__):
        importlib.import_module(f"{states.__name__}.{module.name}")
    for route, calls in kept.items():
        app.add_page(rx.fragment, route=route, on_load=[_handler(*call) for call in calls])


def _handler(state: str, name: str) -> Any:
    return getattr(rx.State.get_class_substate(state), name)
