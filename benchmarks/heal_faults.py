"""Faults that are done to real containers, their network, the proxy, the gate, the portal and its database."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.demo_stand import Stand

AWAY_SECONDS = 10.0


class HealStand(Stand):
    """With what it takes to do harm."""

    turn = 0

    def names(self) -> list[str]:
        """Another one first at each fault."""
        names = sorted(container.name for container in self.containers())
        first = self.turn % max(1, len(names))
        return names[first:] + names[:first]

    @property
    def network(self) -> str:
        return str(self.environment["PORTAL_NETWORK"])

    def proxy(self, command: str) -> str:
        """A hand at the proxy's own command line."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(5)
            admin.connect(str(self.folder / "proxy" / "admin.sock"))
            admin.sendall(command.encode() + b"\n")
            return admin.recv(65536).decode("utf-8", "replace")

    def stop_gate(self) -> None:
        self._gate.terminate()
        self._gate.wait(15)

    def start_gate(self) -> None:
        listen = str(self.folder / "gate.sock")
        gate = [sys.executable, "-m", "portal.gate", "--engine", "/var/run/docker.sock", "--listen", listen]
        self._gate = self._begin([*gate, "--with-parent"], "gate")


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()


def _inspect(name: str) -> dict[str, Any]:
    return json.loads(docker("inspect", name))[0]


def _recreate(stand: HealStand, *, image: str = "", has_labels: bool = True, variables: tuple[str, ...] = ()) -> None:
    """A hand removes a container and runs another one under its name and address."""
    name = stand.names()[0]
    found = _inspect(name)
    labels = found["Config"]["Labels"] if has_labels else {}
    address = found["NetworkSettings"]["Networks"][stand.network]["IPAddress"]
    docker("rm", "-f", name)
    words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    words += [word for line in (*found["Config"]["Env"], *variables) for word in ("-e", line)]
    place = ["--network", stand.network, "--ip", address]
    docker("run", "-d", "--name", name, *words, *place, image or found["Image"])


def _out_of_memory(stand: HealStand) -> None:
    name = stand.names()[0]
    pid = _inspect(name)["State"]["Pid"]
    Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
    docker("exec", name, "python3", "-c", "x = bytearray(400_000_000)")


def _remove_network(stand: HealStand) -> None:
    for name in stand.names():
        docker("network", "disconnect", "-f", stand.network, name)
    docker("network", "rm", stand.network)


def _kill_proxy(stand: HealStand) -> None:
    """Its master and its worker, both by their ids."""
    with socket.socket(socket.AF_UNIX) as master:
        master.settimeout(5)
        master.connect(str(stand.folder / "proxy" / "master.sock"))
        master.sendall(b"show proc\n")
        master.shutdown(socket.SHUT_WR)
        lines = b"".join(iter(lambda: master.recv(4096), b"")).decode().splitlines()
    for line in lines:
        fields = line.split()
        if len(fields) > 1 and fields[0].isdigit() and fields[1] in ("master", "worker"):
            os.kill(int(fields[0]), signal.SIGKILL)


def _gate_away(stand: HealStand) -> None:
    name = stand.names()[0]
    stand.stop_gate()
    docker("kill", name)
    time.sleep(AWAY_SECONDS)
    stand.start_gate()


def _portal_killed(stand: HealStand) -> None:
    stand.kill_worker()
    docker("kill", stand.names()[0])
    time.sleep(1.0)
    stand.start_worker()


def _database_locked(stand: HealStand) -> None:
    name = stand.names()[0]

    def hold() -> None:
        with sqlite3.connect(stand.folder / "portal.db", isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(AWAY_SECONDS)
            connection.execute("ROLLBACK")

    threading.Thread(target=hold, daemon=True).start()
    time.sleep(0.3)
    docker("kill", name)


def _server(stand: HealStand) -> str:
    lines = stand.proxy("show servers state").splitlines()
    fields = next(line.split() for line in lines if stand.names()[0] in line and "stable:" not in line)
    return f"{fields[1]}/{fields[3]}"


def _each(*words: str) -> Callable[[HealStand], None]:
    return lambda stand: [docker(*words, name) for name in stand.names()].clear()


def _one(*words: str) -> Callable[[HealStand], None]:
    return lambda stand: [docker(*words, stand.names()[0])].clear()


def _hand(command: str) -> Callable[[HealStand], None]:
    """`{maps}` is where the maps are, `{server}` one server."""

    def act(stand: HealStand) -> None:
        maps = str(stand.folder / "proxy")
        stand.proxy(command.format(maps=maps, server=_server(stand) if "{server}" in command else ""))

    return act


def _write(file: str, change: Callable[[str], str]) -> Callable[[HealStand], None]:
    def act(stand: HealStand) -> None:
        path = stand.folder / "proxy" / file
        path.write_text(change(path.read_text("utf-8")), "utf-8")

    return act


FAULTS: dict[str, Callable[[HealStand], None]] = {
    "a container killed": _one("kill"),
    "all containers killed": _each("kill"),
    "a container removed": _one("rm", "-f"),
    "all containers removed": _each("rm", "-f"),
    "a container stopped by hand": _one("stop", "-t", "1"),
    "a container paused": _one("pause"),
    "all containers paused": _each("pause"),
    "a process that hangs": _one("kill", "-s", "STOP"),
    "all processes hang": _each("kill", "-s", "STOP"),
    "a process told to end": _one("kill", "-s", "TERM"),
    "a container out of memory": _out_of_memory,
    "a container cut from the network": lambda s: [docker("network", "disconnect", s.network, s.names()[0])].clear(),
    "the network removed": _remove_network,
    "a container renamed": lambda s: [docker("rename", s.names()[0], s.names()[0] + "-moved")].clear(),
    "another image in its place": lambda s: _recreate(s, image="hello:1.1.0"),
    "a stranger under its name": lambda s: _recreate(s, has_labels=False),
    "made anew with another variable": lambda s: _recreate(s, variables=("LOG_LEVEL=debug",)),
    "memory limit changed": _one("update", "--memory", "400m", "--memory-swap", "400m"),
    "processor limit changed": _one("update", "--cpus", "0.1"),
    "process limit changed": _one("update", "--pids-limit", "17"),
    "restart policy changed": _one("update", "--restart", "no"),
    "the proxy killed": _kill_proxy,
    "the map of shares cleared": _hand("clear map {maps}/split.map"),
    "all traffic sent to the empty side": _hand("set map {maps}/split.map hello:prod 100"),
    "the map of hosts cleared": _hand("clear map {maps}/hosts.map"),
    "a server disabled by hand": _hand("set server {server} state maint"),
    "a server drained by hand": _hand("set server {server} state drain"),
    "a server sent elsewhere": _hand("set server {server} addr 127.0.0.9 port 9"),
    "the proxy's configuration edited": _write("haproxy.cfg", lambda text: text.replace("maxconn", "# maxconn", 1)),
    "a map file emptied": _write("split.map", lambda text: text[:0]),
    "the gate away for 10 s, a container killed": _gate_away,
    "the portal killed, a container killed": _portal_killed,
    "the database locked for 10 s, a container killed": _database_locked,
}
