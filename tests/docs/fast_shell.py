"""A shell in which `codex-portal` starts at once: a process that has everything imported is copied for each command.

Run as a program, it is that process: `python -m tests.docs.fast_shell SOCKET` serves until it is ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LONGEST_REQUEST_BYTES = 65_536
START_SECONDS = 30
LONGEST_SECONDS = 30
STANDARD_FILES = (0, 1, 2)
COMMAND = """\
#!{python} -SI
import json, os, socket, sys
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({place!r})
    socket.send_fds(connection, [request], [0, 1, 2])
    sys.exit(int(connection.recv(16) or b"1"))
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """bash, in which the programs of `folder` come first."""

    folder: Path

    def run(
        self, text: str, *, cwd: Path, environment: Mapping[str, str], typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Every line of the text, until one fails; `typed` is what the first that asks is told."""
        path = os.pathsep.join((str(self.folder), str(Path(sys.executable).parent), os.environ["PATH"]))
        shell = ["bash", "-euo", "pipefail", "-c", text]
        return subprocess.run(
            shell,
            cwd=cwd,
            env={"PATH": path, **environment},
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            input=typed,
        )


@contextmanager
def fast_shell(folder: Path) -> Iterator[Shell]:
    """A shell whose `codex-portal` is the one of this checkout; `folder` is empty and has a short path."""
    place = folder / "socket"
    command = folder / "codex-portal"
    command.write_text(COMMAND.format(python=sys.executable, place=str(place)), "utf-8")
    command.chmod(0o755)
    with subprocess.Popen([sys.executable, "-m", __name__, str(place)]) as process:
        end = time.monotonic() + START_SECONDS
        while not place.exists():
            assert process.poll() is None, "the process that is copied did not start"
            assert time.monotonic() < end, "the process that is copied did not start in time"
            time.sleep(0.02)
        try:
            yield Shell(folder)
        finally:
            process.terminate()


def _import_everything() -> None:
    from portal.cli.application import NOUNS
    from portal.i18n import catalogue

    for place in NOUNS.values():
        importlib.import_module(place.partition(":")[0])
    for name in ("portal.wiring", "portal.cli.own", "portal.store.migrate", "httpx"):
        importlib.import_module(name)
    for locale in ("en", "zh"):
        catalogue(locale)
    gc.freeze()  # or each copy would copy all of it by looking for garbage


def _serve(place: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the copies
    _import_everything()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place + ".new")
        listener.listen()
        Path(place + ".new").rename(place)
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _perform(connection)
            connection.close()


def _perform(connection: socket.socket) -> None:
    """One command in a copy of this process, which ends with it."""
    from portal.cli.application import run

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, files, _, _ = socket.recv_fds(connection, LONGEST_REQUEST_BYTES, len(STANDARD_FILES))
    words, folder, environment = json.loads(request)
    for file, standard in zip(files, STANDARD_FILES, strict=True):
        os.dup2(file, standard)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        code = run(words)
    finally:
        if sys.exc_info()[0]:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
