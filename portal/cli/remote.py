"""A thin client of the REST API: what every remote command speaks through."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import httpx

from portal.cli.commands import invocation
from portal.cli.failures import RemoteProblem
from portal.cli.words import language
from portal.domain.errors import Invalid, Refused, Unavailable
from portal.kit.rest import REST_ROOT

TIMEOUT_SECONDS = 30.0
TRIES = 3
PAUSE_SECONDS = 0.3
LONGEST_LIST = 10_000
PAGE = 200


def portal() -> RemotePortal:
    """The portal that the running command was told to ask. Refused("cli_token_missing") without a token."""
    token = os.environ.get("CODEX_PORTAL_TOKEN", "") or _token_file()
    if not token:
        raise Refused("cli_token_missing")
    reached = RemotePortal(invocation().url, token)
    click.get_current_context().call_on_close(reached.close)
    return reached


def _token_file() -> str:
    path = os.environ.get("CODEX_PORTAL_TOKEN_FILE", "")
    try:
        return Path(path).read_text("utf-8").strip() if path else ""
    except OSError as error:
        raise Invalid("cli_file_unreadable", path=path, reason=error.strerror or "") from None


class RemotePortal:
    """Answers are plain values. RemoteProblem if it refuses, Unavailable("cli_unreachable") if there is none."""

    def __init__(self, url: str, token: str) -> None:
        self._url = _checked_url(url)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language(), "User-Agent": "codex-portal"}
        self._client = httpx.Client(base_url=self._url + REST_ROOT, headers=headers, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **query: object) -> Any:
        return self._call("GET", path, params=_given(query)).json()

    def items(self, path: str, *, limit: int, **query: object) -> list[Any]:
        """Up to `limit` items of a paged list, over as many pages as that takes."""
        found: list[Any] = []
        limit = min(limit, LONGEST_LIST)
        while len(found) < limit:
            page = self.get(path, offset=len(found), limit=min(PAGE, limit - len(found)), **query)
            found += page["items"]
            if not page["items"] or len(found) >= page["total"]:
                break
        return found

    def post(self, path: str, body: object, *, key: str = "", **query: object) -> Any:
        """Sent again under the same Idempotency-Key when the connection breaks, so that it happens once."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self._call("POST", path, json=body, headers=headers, params=_given(query)).json()

    def put(self, path: str, body: object, **query: object) -> Any:
        answer = self._call("PUT", path, json=body, params=_given(query))
        return answer.json() if answer.content else None

    def delete(self, path: str, **query: object) -> None:
        self._call("DELETE", path, params=_given(query))

    def lines(self, path: str, **query: object) -> Iterator[str]:
        """A long answer line by line."""
        try:
            with self._client.stream("GET", path, params=_given(query)) as answer:
                if answer.is_error:
                    answer.read()
                yield from _checked(answer).iter_lines()
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        tries = 1 if method == "DELETE" else TRIES
        while True:
            tries -= 1
            try:
                return _checked(self._client.request(method, path, **request))
            except httpx.TransportError as error:
                if not tries:
                    raise self._unreachable(error) from None
            time.sleep(PAUSE_SECONDS)

    def _unreachable(self, error: httpx.TransportError) -> Unavailable:
        return Unavailable("cli_unreachable", url=self._url, reason=str(error) or type(error).__name__)


def _checked_url(url: str) -> str:
    """Without a slash at the end. Invalid("cli_url_bad")."""
    try:
        parsed = urlsplit(url)
        is_good = parsed.scheme in ("http", "https") and bool(parsed.hostname)
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid("cli_url_bad", url=url)
    return url.rstrip("/")


def _given(query: dict[str, object]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in ("", None)}


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        raise RemoteProblem(answer.json())
    raise Unavailable("cli_not_a_portal", url=str(answer.url), status=answer.status_code)
