"""HAProxy as a supervised process that outlives a portal that is killed."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from portal.adapters.haproxy.console import Console
from portal.adapters.haproxy.files import ProxyFolder, held
from portal.adapters.haproxy.reading import master_pid
from portal.domain.errors import Unavailable

_SHORTEST_LIFE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0
_LOOK_SECONDS = 0.2


class HAProxyProcess:
    """Keeps one HAProxy running on the files of a folder (`HAProxyTraffic.prepare` writes them first).

    It starts a proxy, or adopts the one that an earlier portal left running there. When the proxy dies, the next one is
    started at once; one that dies again within a second is started again after a pause that doubles up to 5 s. The
    proxy is a daemon and no child: a portal that is killed takes no traffic with it.
    """

    def __init__(self, folder: Path, *, program: str = "haproxy") -> None:
        self.folder = ProxyFolder.at(folder)
        self.program = program
        self.starts = 0
        self._master = Console(self.folder.master_socket, timeout_seconds=2.0)
        self._worker = Console(self.folder.admin_socket, timeout_seconds=2.0)
        self._halt = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the proxy's master, None while there is none (and for a moment during a reload)."""
        try:
            return master_pid(self._master.ask_master("show proc"))
        except Unavailable:
            return None

    def start(self, *, timeout_seconds: float = 10.0) -> None:
        """Answering afterwards. Unavailable("proxy_start_failed", reason=…) or ("proxy_missing", program=…)."""
        if shutil.which(self.program) is None:
            raise Unavailable("proxy_missing", program=self.program)
        self._halt.clear()
        self._ensure(timeout_seconds)
        if self._watch is None:
            self._watch = threading.Thread(target=self._supervise, name="haproxy-watch", daemon=True)
            self._watch.start()

    def release(self) -> None:
        """Stop watching and leave the proxy running, for the next portal to adopt."""
        self._halt.set()
        if self._watch is not None:
            self._watch.join(timeout=15.0)
            self._watch = None

    def stop(self, *, grace_seconds: float = 10.0) -> None:
        """End the proxy: no new connection, open requests may finish within the grace, then it is terminated."""
        self.release()
        pid = self._found(timeout_seconds=2.0)
        for number, patience in ((signal.SIGUSR1, grace_seconds), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            if pid is None or _is_gone_after(pid, number, patience_seconds=patience):
                return

    def _ensure(self, timeout_seconds: float) -> None:
        """A proxy answers afterwards. Under a lock, so that two portals never start two."""
        with held(self.folder.root / "process.lock", timeout_seconds=timeout_seconds + 5):
            if self._found(timeout_seconds=timeout_seconds) is None:
                self._launch(timeout_seconds)

    def _found(self, *, timeout_seconds: float) -> int | None:
        """The master. In the middle of a reload it is deaf for a moment, while a worker still answers."""
        deadline = time.monotonic() + timeout_seconds
        while (pid := self.pid) is None and self._has_worker() and time.monotonic() < deadline:
            time.sleep(0.02)
        return pid

    def _has_worker(self) -> bool:
        try:
            return bool(self._worker.ask("show version"))
        except Unavailable:
            return False

    def _launch(self, timeout_seconds: float) -> None:
        """HAProxy goes to the background once its addresses are bound, or says why it cannot."""
        command = [self.program, "-W", "-D", "-S", str(self.folder.master_socket), "-f", str(self.folder.config)]
        try:
            with self.folder.output.open("wb") as output:
                code = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    timeout=timeout_seconds,
                    check=False,
                ).returncode
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise Unavailable("proxy_start_failed", reason=failure) from failure
        if code:
            raise Unavailable("proxy_start_failed", reason=self._last_words() or f"exit status {code}")
        self.starts += 1
        self._await_answer(timeout_seconds)

    def _await_answer(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not (self._has_worker() and self.pid):
            if time.monotonic() > deadline:
                raise Unavailable("proxy_start_failed", reason="it does not answer")
            time.sleep(0.01)

    def _last_words(self) -> str:
        return self.folder.output.read_text("utf-8", "replace")[-400:].strip()

    def _supervise(self) -> None:
        pause_seconds = 0.0
        while not self._halt.is_set():
            began = time.monotonic()
            self._await_death()
            is_crashing = time.monotonic() - began < _SHORTEST_LIFE_SECONDS
            pause_seconds = min(_LONGEST_PAUSE_SECONDS, max(0.1, pause_seconds * 2)) if is_crashing else 0.0
            if not self._halt.wait(pause_seconds):
                self._revive()

    def _revive(self) -> None:
        try:
            self._ensure(10.0)
        except Unavailable:
            # It is tried again after the pause; until then the traffic port says that the proxy is not alive.
            return

    def _await_death(self) -> None:
        """Until the master has ended or the watch is called off."""
        pid = self._found(timeout_seconds=_SHORTEST_LIFE_SECONDS)
        if pid is None:
            return
        with _handle(pid) as descriptor:
            while descriptor is not None and not self._halt.is_set() and not _has_ended(descriptor, _LOOK_SECONDS):
                pass


@contextmanager
def _handle(pid: int) -> Generator[int | None]:
    """A descriptor of the process, which is nobody's child here; None if it is gone already."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _has_ended(descriptor: int, patience_seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(patience_seconds * 1000))


def _is_gone_after(pid: int, number: signal.Signals, *, patience_seconds: float) -> bool:
    """Send the signal and wait."""
    with _handle(pid) as descriptor:
        if descriptor is None:
            return True
        try:
            signal.pidfd_send_signal(descriptor, number)
        except OSError:
            return True
        return _has_ended(descriptor, patience_seconds)
