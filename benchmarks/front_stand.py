"""A portal on the memory adapters, served as in production, with a canary on its way and a browser's way in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from portal import wiring
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.identity import NewUser, TokenOrder
from portal.domain.rollout import Rollout, State
from portal.services.rollouts import RolloutOrder
from portal.settings import Settings
from portal.store.rollouts import RolloutQuery
from portal.web.build import ROOT, ensure_built

NAME, PASSWORD = "frieda", "a long way to the front page"
WATCHED = "strategy: canary\nsteps: [{weight: 10}, {observe: 2h}, {weight: 50}]"
START_SECONDS = 90.0
PEOPLE = 10
ROLES = (Role.DEVELOPER, Role.RELEASE_MANAGER, Role.OPERATOR, Role.ADMINISTRATOR)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def person(number: int) -> str:
    """The name of one of the people who look; they have every role that sees the trail of a change."""
    return f"watcher-{number}"


class FrontStand:
    """`url` leads to it, `rollout` is the canary that is watched."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        chosen = {"PORTAL_DATA": str(folder), "PORTAL_PORT": str(port)}
        chosen |= {"PORTAL_ENGINE": "memory", "PORTAL_PROXY": "memory"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "CODEX_"))}
        self.core = wiring.build(Settings.from_environment(chosen))
        self.core.demonstration.load()
        everything = (Grant(Role.ADMINISTRATOR), Grant(Role.RELEASE_MANAGER))
        self._add(NAME, everything)
        for number in range(PEOPLE):
            self._add(person(number), (Grant(ROLES[number % len(ROLES)]),))
        self.core.identity.end_set_up(SYSTEM)
        self.log = folder / "serve.log"
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "portal.cli", "serve"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=kept | chosen, stdout=log, stderr=log)

    def begin(self) -> None:
        """Wait until it answers and the canary is watched."""
        self._await_door()
        first = self.core.rollouts.page(SYSTEM, RolloutQuery()).items[0]
        self._until(first, State.SUCCEEDED)
        order = RolloutOrder("hello", "prod", "1.1.0", "to be watched", WATCHED)
        self.rollout = self.core.rollouts.start(SYSTEM, order)
        self._until(self.rollout, State.OBSERVING)

    def _add(self, name: str, grants: tuple[Grant, ...]) -> None:
        self.core.identity.create_user(SYSTEM, NewUser(name, PASSWORD, grants, is_password_temporary=False))

    def sign_in(self, name: str = NAME) -> str:
        """The session cookie as `name=value`."""
        form = {"name": name, "password": PASSWORD}
        answer = httpx.post(f"{self.url}/auth/sign-in", data=form, headers={"origin": self.url}, timeout=30)
        return answer.headers["set-cookie"].partition(";")[0]

    def token(self) -> str:
        """For a program of the same person."""
        return self.core.identity.create_token(SYSTEM, TokenOrder("measure", user=NAME))[0]

    def cpu_seconds(self) -> float:
        """What the serving process has used of any core so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """What the serving process holds in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.core.database.close()

    def _await_door(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/sign-in", follow_redirects=True, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError(f"the portal did not start: {self.log.read_text()[-2000:]}")

    def _until(self, rollout: Rollout, *states: State) -> None:
        end = time.monotonic() + START_SECONDS
        while self.core.rollouts.rollout(SYSTEM, rollout.id).state not in states:
            if time.monotonic() > end:
                raise RuntimeError(f"still {self.core.rollouts.rollout(SYSTEM, rollout.id).state}")
            time.sleep(0.05)


@contextmanager
def front_stand() -> Iterator[FrontStand]:
    """Built, served and furnished; ended and removed afterwards."""
    ensure_built(lambda line: print(line, file=sys.stderr, flush=True))
    folder = Path(tempfile.mkdtemp(prefix="front-"))
    stand = FrontStand(folder)
    try:
        stand.begin()
        yield stand
    finally:
        stand.end()
        shutil.rmtree(folder, ignore_errors=True)
