"""Two processes serve the pages of one portal: PostgreSQL keeps what it knows, Redis the state of the pages."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import pytest
import redis

from benchmarks.front_crowd import close_pages, open_page
from portal import wiring
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.identity import NewUser, TokenOrder
from portal.domain.rollout import State
from portal.kit.cookies import SESSION_COOKIE
from portal.services.rollouts import RolloutOrder
from portal.settings import Settings
from portal.store.rollouts import RolloutQuery
from portal.web.build import ROOT, ensure_built

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]
PASSWORD = "a long walk on the beach"
WATCHED = "strategy: canary\nsteps: [{weight: 10}, {observe: 2h}, {weight: 50}]"
START_SECONDS, SEEN_SECONDS = 90.0, 15.0
MARKS = count()


def await_(holds: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_answering(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def process(shared: dict[str, str], role: str, log: Path) -> Iterator[str]:
    """One process of the portal; the address at which it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "CODEX_"))}
    environment = {**kept, **shared, "PORTAL_PORT": str(port), "PORTAL_ROLE": role}
    command = [sys.executable, "-m", "portal.cli", "serve"]
    with log.open("wb") as file, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file) as one:
        try:
            await_(lambda: one.poll() is not None or is_answering(url))
            assert one.poll() is None, log.read_text()[-2000:]
            yield url
        finally:
            one.terminate()


@pytest.fixture
def shared(tmp_path: Path, postgres_database_url: str, redis_url: str) -> dict[str, str]:
    """What all processes of the portal are told."""
    return {
        "PORTAL_DATA": str(tmp_path),
        "PORTAL_ENGINE": "memory",
        "PORTAL_PROXY": "memory",
        "PORTAL_DATABASE_URL": postgres_database_url,
        "PORTAL_REDIS_URL": redis_url,
    }


@pytest.fixture
def core(shared: dict[str, str]) -> Iterator[wiring.Core]:
    ensure_built()
    core = wiring.build(Settings.from_environment(shared))
    core.demonstration.load()
    roles = (Grant(Role.ADMINISTRATOR), Grant(Role.RELEASE_MANAGER))
    core.identity.create_user(SYSTEM, NewUser("alice2", PASSWORD, roles, is_password_temporary=False))
    core.identity.end_set_up(SYSTEM)
    yield core
    core.database.close()


def watched(core: wiring.Core) -> int:
    """A canary that is looked at for hours; whichever process works moves it there."""

    def is_at(number: int, state: State) -> bool:
        return core.rollouts.rollout(SYSTEM, number).state is state

    first = core.rollouts.page(SYSTEM, RolloutQuery()).items[0].id
    await_(lambda: is_at(first, State.SUCCEEDED))
    number = core.rollouts.start(SYSTEM, RolloutOrder("hello", "prod", "1.1.0", "to be watched", WATCHED)).id
    await_(lambda: is_at(number, State.OBSERVING))
    return number


@dataclass(frozen=True, slots=True)
class Alice:
    """Her cookie, and her program at one process."""

    core: wiring.Core
    rollout: int

    def cookie(self) -> str:
        return f"{SESSION_COOKIE}={self.core.identity.sign_in('alice2', PASSWORD, address='127.0.0.1')[0]}"

    async def changes(self, url: str) -> str:
        """Pauses the rollout, or lets it go on; the mark of what she did."""
        token = self.core.identity.create_token(SYSTEM, TokenOrder("measure", user="alice2"))[0]
        turn = next(MARKS)
        order = {"action": ("pause", "resume")[turn % 2], "reason": f"mark-{turn}"}
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
            (await client.post(f"{url}/api/v1/rollouts/{self.rollout}/actions", json=order)).raise_for_status()
        return f"mark-{turn}"

    async def sees_changes(self, at: str, made_at: Sequence[str], *, token: str) -> None:
        """A tab at one process shows what is done at others."""
        page = await open_page(at, self.cookie(), f"/rollouts/{self.rollout}", token=token)
        for url in made_at:
            await asyncio.to_thread(await_, partial(page.marks.__contains__, await self.changes(url)), SEEN_SECONDS)
        close_pages([page])


def test_a_page_of_one_process_shows_what_another_changed(
    shared: dict[str, str], core: wiring.Core, tmp_path: Path
) -> None:
    with ExitStack() as both:
        first = both.enter_context(process(shared, "all", tmp_path / "first.log"))
        second = both.enter_context(process(shared, "web", tmp_path / "second.log"))
        alice, tab = Alice(core, watched(core)), str(uuid.uuid4())
        asyncio.run(alice.sees_changes(second, (first, first), token=tab))
        asyncio.run(alice.sees_changes(first, (second, second), token=tab))  # the tab comes back to the other process

        with redis.Redis.from_url(shared["PORTAL_REDIS_URL"]) as client:
            assert any(key.startswith(tab.encode()) for key in client.scan_iter())
