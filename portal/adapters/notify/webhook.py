"""The port `notifier` over HTTP: one signed POST, to a public address, without following anybody anywhere."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from typing import NoReturn
from urllib.parse import urlsplit

from portal.adapters.notify.addresses import Destination, resolve
from portal.domain.errors import Refused, Unavailable
from portal.domain.notification import Message

TIMEOUT_SECONDS = 10.0
ANSWER_KEPT = 200
TRANSIENT = frozenset({408, 423, 425, 429})


class WebhookNotifier:
    """Implements `portal.ports.notifier.Notifier`.

    The body is JSON. `X-Portal-Signature: t=<seconds>,v1=<hex>` is HMAC-SHA256 by the channel's secret over
    `<seconds>.<body>`; `X-Portal-Delivery` is the same for every attempt. Any 2xx answer means it arrived.
    """

    def __init__(self, *, lets_private: bool = False, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._lets_private, self._timeout_seconds = lets_private, timeout_seconds

    def send(self, message: Message) -> None:
        parts = urlsplit(message.target)
        is_secure = parts.scheme == "https"
        destination = resolve(
            parts.hostname or "", parts.port or (443 if is_secure else 80), lets_private=self._lets_private
        )
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        body = json.dumps({"delivery": message.key, **message.document}, ensure_ascii=False).encode()
        status, said = self._post(destination, path, body, headers=_headers(message, body), is_secure=is_secure)
        if not 200 <= status < 300:
            _reject(status, said)

    def _post(
        self, destination: Destination, path: str, body: bytes, *, headers: dict[str, str], is_secure: bool
    ) -> tuple[int, str]:
        connection = _Pinned(destination, self._timeout_seconds, is_secure=is_secure)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_KEPT).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable("delivery_failed", reason=f"{type(error).__name__}: {error}"[:ANSWER_KEPT]) from None
        finally:
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """To the address that was looked at; the name is for the certificate and the Host header alone."""

    def __init__(self, destination: Destination, timeout_seconds: float, *, is_secure: bool) -> None:
        super().__init__(destination.host, destination.port, timeout=timeout_seconds)
        self._destination, self._is_secure = destination, is_secure

    def connect(self) -> None:
        place = (self._destination.address, self._destination.port)
        connected = socket.create_connection(place, self.timeout)
        if self._is_secure:
            try:
                connected = ssl.create_default_context().wrap_socket(connected, server_hostname=self._destination.host)
            except BaseException:
                connected.close()
                raise
        self.sock = connected


def _headers(message: Message, body: bytes) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "codex-father-portal",
        "X-Portal-Event": message.event,
        "X-Portal-Delivery": message.key,
        "Connection": "close",
    }
    return headers | (
        {"X-Portal-Signature": signature(message.secret, body, seconds=int(time.time()))} if message.secret else {}
    )


def signature(secret: str, body: bytes, *, seconds: int) -> str:
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _reject(status: int, said: str) -> NoReturn:
    reason = f"HTTP {status} {' '.join(said.split())}".strip()[:ANSWER_KEPT]
    if status >= 500 or status in TRANSIENT:
        raise Unavailable("delivery_failed", reason=reason)
    raise Refused("delivery_refused", reason=reason)
