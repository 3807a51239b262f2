"""A gentle load: so many requests a second from a pool of users who keep their cookie, each answer recorded if asked.

python load.py http://127.0.0.1:8080/ --rate 80 [--seconds 60] [--users 2000] [--record answers.txt]

A recorded line: time of the answer (seconds since the epoch), version or -, status or 0, milliseconds, what went wrong.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import signal
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

RATE_OF_A_THREAD = 20.0


class Load:
    def __init__(self, url: str, rate: float, *, users: int, record: TextIO | None) -> None:
        self.url = urlsplit(url)
        self.threads = max(1, round(rate / RATE_OF_A_THREAD))
        self.pause_seconds = self.threads / rate
        self.users = [str(uuid.uuid4()) for _ in range(users)]
        self.record = record
        self.halt = threading.Event()
        self.writing = threading.Lock()

    def run(self, seconds: float) -> None:
        workers = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(self.threads)]
        for worker in workers:
            worker.start()
        self.halt.wait(seconds or None)
        self.halt.set()
        for worker in workers:
            worker.join(timeout=15)

    def _work(self, number: int) -> None:
        """One client with one connection; requests fall due at a steady pace, late ones are not made up for."""
        connection: http.client.HTTPConnection | None = None
        due = time.monotonic() + self.pause_seconds * number / self.threads
        while not self.halt.wait(max(0.0, due - time.monotonic())):
            due = max(due + self.pause_seconds, time.monotonic() - self.pause_seconds)
            connection = self._ask(connection)

    def _ask(self, connection: http.client.HTTPConnection | None) -> http.client.HTTPConnection | None:
        started, version, status, wrong = time.time(), "-", 0, ""
        try:
            if connection is None:
                connection = http.client.HTTPConnection(self.url.hostname or "", self.url.port or 80, timeout=10)
            headers = {"Cookie": f"cfp_uid={random.choice(self.users)}", "User-Agent": "load"}
            connection.request("GET", self.url.path or "/", headers=headers)
            answer = connection.getresponse()
            body, status = answer.read(), answer.status
            version = _version(body)
            if answer.will_close:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            wrong = type(error).__name__
            if connection is not None:
                connection.close()
        self._note(f"{time.time():.4f} {version} {status} {(time.time() - started) * 1000:.1f} {wrong}\n")
        return connection

    def _note(self, line: str) -> None:
        if self.record is not None:
            with self.writing:
                self.record.write(line)


def _version(body: bytes) -> str:
    try:
        found = json.loads(body)
        return str(found.get("version", "-")) if isinstance(found, dict) else "-"
    except ValueError:
        return "-"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=80.0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--record", default="")
    asked = parser.parse_args()
    record = Path(asked.record).open("a", buffering=1, encoding="ascii") if asked.record else None  # noqa: SIM115
    load = Load(asked.url, asked.rate, users=asked.users, record=record)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: load.halt.set())
    load.run(asked.seconds)
    if record is not None:
        record.close()


if __name__ == "__main__":
    sys.exit(main())
