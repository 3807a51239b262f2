"""Keeps a page current: a loop a tab, woken by news or once a second, gone when the tab, page or person is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from portal.web.identity import identify
from portal.web.states.session import SessionState
from portal.wiring import core

BEAT_SECONDS = 1.0


async def beats(state: rx.State, topic: str, *, at_least_seconds: float = BEAT_SECONDS) -> AsyncIterator[None]:
    """Yields at once, then after each news of the topic and at least so often while somebody looks.

    For background handlers. It ends when the tab is closed, shows another page, or belongs to somebody else.
    """
    page, seen = state.router.url.path, core().topics.version(topic)
    while await _is_watched(state, page):
        yield
        seen = await core().topics.news(topic, seen, timeout_seconds=at_least_seconds)


async def _is_watched(state: rx.State, page: str) -> bool:
    if not await is_connected(state.router.session.client_token):
        return False
    async with state:
        identified = await identify(state.router_data)
        session = await state.get_state(SessionState)
        is_here = state.router.url.path == page
        return is_here and session._bound_to == identified.digest and not identified.actor.is_anonymous


_attended: list[rx.App] = []


def attend(app: rx.App) -> None:
    """Make this the application whose tabs are kept current."""
    _attended[:] = [app]


async def is_connected(token: str) -> bool:
    """Whether a browser holds a websocket for this tab."""
    namespace: Any = _attended[0].event_namespace if _attended else None
    return namespace is not None and await namespace._token_manager.is_token_connected(token)


def put(state: rx.State, **values: object) -> None:
    """Set what has changed and nothing else: what is set is sent, and a list is sent whole."""
    for name, value in values.items():
        if getattr(state, name) != value:
            setattr(state, name, value)
