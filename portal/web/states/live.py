"""Keeps a page current: a loop a tab, woken by news or once a second, gone when the tab, page or person is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import reflex as rx
from reflex.istate.manager.token import BaseStateToken
from reflex_base.event.context import EventContext

from portal.domain.access import Actor
from portal.domain.errors import PortalError
from portal.web import wire
from portal.web.identity import identify_soon
from portal.web.lookout import Lookout
from portal.web.shared import FRESH_SECONDS
from portal.web.sight import Sight
from portal.web.states.session import SessionState
from portal.wiring import core

BEAT_SECONDS = 1.0
PRESENCE_SECONDS = 5.0

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


async def beats(state: rx.State, topic: str, *, at_least_seconds: float = BEAT_SECONDS) -> AsyncIterator[None]:
    """Yields at once, then after each news of the topic and at least so often while somebody looks.

    For background handlers. It ends when the tab is closed, shows another page, or belongs to somebody else.
    """
    tab, seen = Tab.of(state), core().topics.version(topic)
    while await tab.viewer() is not None:
        yield
        seen = await core().topics.news(topic, seen, timeout_seconds=at_least_seconds)


async def looks(
    state: rx.State, lookout: Lookout[Key, Made], key_of: Callable[[Actor], Key]
) -> AsyncIterator[tuple[Tab, Actor, Made | PortalError]]:
    """What many tabs look at through one lookout: yields at once, then when it or the person's rights have changed.

    The person is the one of this moment. Otherwise as `beats`.
    """
    tab = Tab.of(state)
    viewer, shown = await tab.viewer(), None
    while viewer is not None:
        key, former = key_of(viewer), viewer
        found = await lookout.next(core().topics, key, shown, timeout_seconds=PRESENCE_SECONDS)
        viewer = await tab.viewer(fresh_seconds=PRESENCE_SECONDS if found is shown else FRESH_SECONDS)
        if viewer is None or key_of(viewer) != key or found is None:
            continue
        if (found is not shown or viewer != former) and not await tab.is_behind():
            shown = found
            yield tab, viewer, found


@dataclass(slots=True)
class Tab:
    """A tab at the page that it showed when a handler began, and whose it was when it was last looked at.

    Its state is looked at without being sent.
    """

    state: BaseStateToken
    page: str
    owner: str = ""

    @classmethod
    def of(cls, state: rx.State) -> Tab:
        token = BaseStateToken(ident=EventContext.get().token, cls=state.__class__)
        return cls(token, _page(state.router_data))

    async def viewer(self, *, fresh_seconds: float = FRESH_SECONDS) -> Actor | None:
        """Who looks at it; None once it is closed, shows another page, or belongs to somebody else or to nobody.

        `fresh_seconds` is how old the look at the person's session may be.
        """
        if not await is_connected(self.state.ident):
            return None
        async with EventContext.get().state_manager.modify_state(self.state) as root:
            router, owner = root.router_data, await _owner(root)
        person = await identify_soon(router, fresh_seconds=fresh_seconds)
        if _page(router) != self.page or person.digest != owner or person.actor.is_anonymous:
            return None
        self.owner = owner
        return person.actor

    async def is_behind(self) -> bool:
        """Waits a moment if the tab has not taken what it was sent before: it is told the newest later."""
        line = wire.line_to(_namespace(), self.state.ident)
        if line is None or not line.is_behind():
            return False
        await asyncio.sleep(BEAT_SECONDS)
        return True

    async def show(self, sight: Sight) -> None:
        """Keep it in the state, and send what the tab has not seen of it, if it is still there and its owner's."""
        line, context = wire.line_to(_namespace(), self.state.ident), EventContext.get()
        async with context.state_manager.modify_state(self.state) as root:
            if _page(root.router_data) != self.page or await _owner(root) != self.owner:
                return
            has_more_to_tell = bool(root.dirty_vars or root.dirty_substates)
            names = keep(await root.get_state(self.state.cls), sight)
            delta = await root._get_resolved_delta() if line is None or has_more_to_tell else {}
            root._clean()
            if delta:
                await context.emit_delta(delta)
            elif names and line is not None:
                await line.send(self.state.cls.get_full_name(), sight, names)


def keep(state: Any, sight: Sight) -> tuple[str, ...]:
    """Set what the state does not show yet; the names of that. The state has a field `_sight`."""
    names = sight.changed(state._sight)
    for name in names:
        setattr(state, name, sight.values[name])
    if state._sight is not sight:
        state._sight = sight
    return names


async def _owner(root: Any) -> str:
    """What stands for the session to which the guard has bound the state; empty for none."""
    return (await root.get_state(SessionState))._bound_to or ""


def _page(router: Mapping[str, Any]) -> str:
    return str(router.get("asPath", "")).partition("?")[0].partition("#")[0].rstrip("/")


_attended: list[rx.App] = []


def attend(app: rx.App) -> None:
    """Make this the application whose tabs are kept current."""
    _attended[:] = [app]


def _namespace() -> Any:
    """What the tabs are connected to."""
    return _attended[0].event_namespace if _attended else None


async def is_connected(token: str) -> bool:
    """Whether a browser holds a websocket for this tab."""
    namespace = _namespace()
    return namespace is not None and await namespace._token_manager.is_token_connected(token)


def put(state: rx.State, **values: object) -> None:
    """Set what has changed and nothing else: what is set is sent, and a list is sent whole."""
    for name, value in values.items():
        if getattr(state, name) != value:
            setattr(state, name, value)
