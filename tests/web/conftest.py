"""Drives event handlers through the real guard and the real event processor, without a browser, a socket or a build."""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor

from portal import wiring
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.identity import NewUser
from portal.kit.cookies import SESSION_COOKIE
from tests.stage import PortalStage

ROOT = "reflex___state____state"
ROLES = {
    "alice": Role.RELEASE_MANAGER,
    "bob": Role.DEVELOPER,
    "carol": Role.VIEWER,
    "dave": Role.OPERATOR,
}


def password_of(name: str) -> str:
    return f"{name} opens the door"


class Tab:
    """One tab of a browser: it keeps its token, its cookie and its address."""

    def __init__(self, processor: BaseStateEventProcessor, states: StateManagerMemory, sent: list[Any]) -> None:
        self._processor, self._states, self._sent = processor, states, sent
        self.token = str(uuid.uuid4())
        self.cookie = ""
        self.path = "/"
        self.query: dict[str, str] = {}

    def sign_in(self, name: str) -> Tab:
        secret, _ = wiring.core().identity.sign_in(name, password_of(name), address="127.0.0.1")
        self.cookie = f"{SESSION_COOKIE}={secret}"
        return self

    def at(self, path: str, **query: str) -> Tab:
        self.path, self.query = path, query
        return self

    def _router_data(self) -> dict[str, Any]:
        search = "&".join(f"{name}={value}" for name, value in self.query.items())
        shown = f"{self.path}?{search}" if search else self.path
        headers = {"cookie": self.cookie, "origin": "http://portal.test"}
        address = {"pathname": self.path, "asPath": shown, "query": self.query}
        return {**address, "headers": headers, "token": self.token, "sid": "s", "ip": "127.0.0.1"}

    async def open(self) -> list[str]:
        """Show the page at the tab's address: the state is sent and the page's own handlers run."""
        return await self.send_named(f"{ROOT}.hydrate_and_load")

    async def call(self, handler: Any, *arguments: Any) -> list[str]:
        """Send the event as a browser would; the names of the events that came back."""
        handler = getattr(handler, "handler", handler)
        spec = handler(*arguments) if arguments else handler
        event = Event.from_event_type(spec, router_data=self._router_data())[0]
        return await self.send(event)

    async def send(self, event: Event) -> list[str]:
        self._sent.clear()
        future = await self._processor.enqueue(self.token, event)
        await future.wait_all()
        return [item.name for kind, item in self._sent if kind == "event"]

    async def send_named(self, name: str, **payload: Any) -> list[str]:
        """An event under any name at all, as a client that is no browser can send it."""
        return await self.send(Event(name=name, payload=payload, router_data=self._router_data()))

    @property
    def deltas(self) -> list[Any]:
        return [item for kind, item in self._sent if kind == "delta"]

    async def state(self, cls: type[rx.State]) -> Any:
        root = await self._states.get_state(BaseStateToken(ident=self.token, cls=cls))
        return await root.get_state(cls)

    @contextmanager
    def handling(self) -> Iterator[None]:
        """As inside of a handler of this tab; what it sends from then on is in `deltas`."""
        self._sent.clear()
        context = self._processor._root_context
        assert context is not None
        with context.fork(token=self.token):
            yield


@pytest.fixture(scope="session")
def app() -> rx.App:
    from portal.portal import app as application

    return application


@pytest.fixture
def stage() -> Iterator[PortalStage]:
    """The furnished stage as the portal of this process, with the cast as its users; its database in memory."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        stage = PortalStage(Path(folder)).furnish()
        for name, role in ROLES.items():
            stage.core.identity.create_user(SYSTEM, NewUser(name, password_of(name), (Grant(role),)))
        wiring.use(stage.core)
        yield stage
        stage.core.database.close()


@pytest.fixture
async def tab(app: rx.App, stage: PortalStage) -> AsyncIterator[Callable[[], Tab]]:
    """Makes tabs."""
    states, sent = StateManagerMemory(), []
    app._state_manager = states
    processor = BaseStateEventProcessor(middleware=app, backend_exception_handler=None)
    processor.configure(state_manager=states)

    async def delta(_token: str, change: Any) -> None:
        sent.append(("delta", change))

    async def events(_token: str, *given: Any) -> None:
        sent.extend(("event", item) for item in given)

    assert processor._root_context is not None
    processor._root_context = dataclasses.replace(
        processor._root_context, emit_delta_impl=delta, emit_event_impl=events
    )
    async with processor:
        yield lambda: Tab(processor, states, sent)
