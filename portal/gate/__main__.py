"""Starts the gate: `python -m portal.gate --engine /var/run/docker.sock --listen /run/portal/gate.sock`.

Prints one JSON line when it is ready and ends with status 0 on SIGTERM or SIGINT, 2 if it cannot listen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys

from portal.gate.engine import Engine
from portal.gate.heads import HEAD_MAX
from portal.gate.listening import ListenRefused, bind, unlink
from portal.gate.policy import Openings
from portal.gate.server import Gate

PURPOSE = "Lets through to the engine what the portal needs, for our own containers, and nothing else."


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m portal.gate", description=PURPOSE)
    parser.add_argument("--engine", default="/var/run/docker.sock", help="socket of Docker or Podman")
    parser.add_argument("--listen", required=True, help="socket to listen on")
    parser.add_argument("--mode", default="0600", choices=("0600", "0660"), help="rights of that socket")
    parser.add_argument("--label", default="codexfather.managed=1", help="what marks a container as ours")
    parser.add_argument("--connections", type=int, default=128, help="open at once")
    parser.add_argument("--image-bytes", type=int, default=2 << 30, help="largest image archive")
    parser.add_argument("--exec", action="store_true", help="let commands be run inside our containers")
    parser.add_argument("--show-others", action="store_true", help="let containers of others be listed")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started it is gone")
    return parser.parse_args(argv)


async def _run(given: argparse.Namespace) -> None:
    gate = Gate(
        Engine(given.engine),
        given.label,
        connections_max=given.connections,
        image_max=given.image_bytes,
        openings=Openings(lets_execute=given.exec, shows_others=given.show_others),
    )
    listener, inode = bind(given.listen, int(given.mode, 8))
    try:
        ended = _set_by_signals()
        server = await asyncio.start_unix_server(gate.serve, sock=listener, limit=HEAD_MAX, backlog=128)
        _tell_ready(given)
        await _wait(ended, watches_parent=given.with_parent)
        server.close()
    finally:
        unlink(given.listen, inode)


def _tell_ready(given: argparse.Namespace) -> None:
    line = {"event": "ready", "listen": given.listen, "engine": given.engine, "pid": os.getpid()}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _set_by_signals() -> asyncio.Event:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


async def _wait(ended: asyncio.Event, *, watches_parent: bool) -> None:
    parent = os.getppid()
    while not ended.is_set():
        try:
            async with asyncio.timeout(1.0 if watches_parent else None):
                await ended.wait()
        except TimeoutError:
            if os.getppid() != parent:
                return


def main(argv: list[str] | None = None) -> int:
    """Runs until told to end."""
    given = _arguments(argv)
    try:
        asyncio.run(_run(given))
    except ListenRefused as error:
        sys.stderr.write(f"gate: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
