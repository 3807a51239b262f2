"""HAProxy as a supervised process that outlives a portal that is killed."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import BinaryIO

from portal.adapters.haproxy.console import Console
from portal.adapters.haproxy.files import ProxyFolder, held
from portal.adapters.haproxy.reading import master_pid
from portal.domain.errors import Unavailable

_OUTPUT_LIMIT_BYTES = 1_048_576
_SHORTEST_LIFE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0


class HAProxyProcess:
    """Keeps one HAProxy running on the files of a folder (`HAProxyTraffic.prepare` writes them first).

    It starts a proxy, or adopts the one that an earlier portal left running there. When the proxy dies, the next one is
    started at once; one that dies again within a second is started again after a pause that doubles up to 5 s. The
    proxy is its own session: a portal that is killed takes no traffic with it.
    """

    def __init__(self, folder: Path, *, program: str = "haproxy") -> None:
        self.folder = ProxyFolder.at(folder)
        self.program = program
        self.starts = 0
        self._master = Console(self.folder.master_socket, timeout_seconds=2.0)
        self._halt = threading.Event()
        self._watch: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the proxy's master, None while there is none."""
        try:
            return master_pid(self._master.ask_master("show proc"))
        except Unavailable:
            return None

    def start(self, *, timeout_seconds: float = 10.0) -> None:
        """Answering afterwards. Unavailable("proxy_start_failed", reason=…) or ("proxy_missing", program=…)."""
        if shutil.which(self.program) is None:
            raise Unavailable("proxy_missing", program=self.program)
        self._halt.clear()
        if self._ensure(timeout_seconds) is None:
            raise Unavailable("proxy_start_failed", reason=self.last_words())
        if self._watch is None:
            self._watch = threading.Thread(target=self._supervise, name="haproxy-watch", daemon=True)
            self._watch.start()

    def release(self) -> None:
        """Stop watching and leave the proxy running, for the next portal to adopt."""
        self._halt.set()
        if self._watch is not None:
            self._watch.join(timeout=5.0)
            self._watch = None

    def stop(self, *, grace_seconds: float = 10.0) -> None:
        """End the proxy: no new connection, open requests may finish within the grace, then it is terminated."""
        self.release()
        pid = self.pid
        for number, patience in ((signal.SIGUSR1, grace_seconds), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            if pid is None or self._is_gone_after(pid, number, patience):
                break
        self._reap()

    def last_words(self) -> str:
        """The end of what HAProxy printed."""
        try:
            return self.folder.output.read_text("utf-8", "replace")[-400:].strip()
        except OSError:
            return ""

    def _ensure(self, timeout_seconds: float) -> int | None:
        """The proxy that answers, started if there is none. Under a lock, so that two portals never start two."""
        with held(self.folder.root / "process.lock", timeout_seconds=timeout_seconds + 5):
            pid = self.pid
            if pid is None:
                self._launch()
                pid = self._answering_within(timeout_seconds)
        return pid

    def _launch(self) -> None:
        self._reap()
        command = [self.program, "-W", "-S", str(self.folder.master_socket), "-f", str(self.folder.config)]
        try:
            with self._output() as output:
                self._child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
                )
        except OSError as failure:
            raise Unavailable("proxy_start_failed", reason=failure.strerror) from failure
        self.starts += 1

    def _output(self) -> BinaryIO:
        path = self.folder.output
        is_full = path.exists() and path.stat().st_size > _OUTPUT_LIMIT_BYTES
        return path.open("wb" if is_full else "ab")

    def _answering_within(self, seconds: float) -> int | None:
        """The master, once its worker answers too."""
        worker, deadline = Console(self.folder.admin_socket, timeout_seconds=2.0), time.monotonic() + seconds
        while time.monotonic() < deadline and not self._has_failed():
            try:
                worker.ask("show version")
                if (pid := self.pid) is not None:
                    return pid
            except Unavailable:
                pass
            time.sleep(0.01)
        return None

    def _has_failed(self) -> bool:
        return self._child is not None and self._child.poll() is not None

    def _supervise(self) -> None:
        pause = 0.0
        while not self._halt.is_set():
            began = time.monotonic()
            self._await_death()
            if self._halt.is_set():
                return
            is_crashing = time.monotonic() - began < _SHORTEST_LIFE_SECONDS
            pause = min(_LONGEST_PAUSE_SECONDS, max(0.1, pause * 2)) if is_crashing else 0.0
            if not self._halt.wait(pause):
                self._revive()

    def _revive(self) -> None:
        try:
            self._ensure(10.0)
        except Unavailable:
            return

    def _await_death(self) -> None:
        """Until the master has ended or the watch is called off. An adopted master is no child: hence the pidfd."""
        pid = self.pid
        if pid is None:
            return
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return
        try:
            while not self._halt.is_set() and not select.select([descriptor], [], [], 0.2)[0]:
                pass
        finally:
            os.close(descriptor)

    def _is_gone_after(self, pid: int, number: signal.Signals, patience_seconds: float) -> bool:
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return True
        try:
            signal.pidfd_send_signal(descriptor, number)
            return bool(select.select([descriptor], [], [], patience_seconds)[0])
        except OSError:
            return True
        finally:
            os.close(descriptor)

    def _reap(self) -> None:
        if self._child is None:
            return
        try:
            self._child.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            return
        self._child = None
