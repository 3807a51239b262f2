"""A gentle load that counts what its clients saw fail."""

from __future__ import annotations

import http
import http.client
import random
import threading
import time

PAUSE_SECONDS = 0.015


class Load:
    """Some clients in threads, each with one connection and ever new users; every fourth request is a POST, which no
    proxy may repeat."""

    def __init__(self, port: int, *, clients: int = 2, posts: float = 0.25) -> None:
        self._posts = posts
        self.requests = 0
        self.failures: list[str] = []
        self._port = port
        self._halt = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._halt.set()
        for thread in self._threads:
            thread.join(15)

    def _run(self, number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        while not self._halt.wait(PAUSE_SECONDS):
            failure = self._ask(connection, chance)
            with self._lock:
                self.requests += 1
                if failure:
                    self.failures.append(f"{time.time():.3f} {failure}")
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, chance: random.Random) -> str:
        """What went wrong, if it is the proxy's or the portal's doing: an answer of a version's own is none."""
        method, body = ("POST", b"x" * 100) if chance.random() < self._posts else ("GET", None)
        headers = {"Host": "hello.localhost", "Cookie": f"cfp_uid={chance.getrandbits(64):x}"}
        try:
            connection.request(method, "/", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as failure:
            connection.close()
            return f"{method} {failure!r}"
        is_fine = answer.status == http.HTTPStatus.OK or answer.headers.get("X-Version")
        return "" if is_fine else f"{method} {answer.status}"
