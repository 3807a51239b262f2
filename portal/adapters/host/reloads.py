"""Asks a service, by HTTP on its own address, to read its settings again."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException

from portal.domain.errors import Refused, Unavailable

TIMEOUT_SECONDS = 5.0


def ask_to_reload(address: str, port: int, *, path: str) -> None:
    """By a POST without a body. Refused("reload_refused", …) for any answer but 2xx, Unavailable if there is none."""
    connection = HTTPConnection(address, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", path, headers={"Content-Length": "0"})
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise Unavailable("reload_unanswered", address=address, path=path, reason=type(error).__name__) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise Refused("reload_refused", address=address, path=path, status=status)
