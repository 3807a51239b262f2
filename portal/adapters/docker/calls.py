"""The connection to the engine: the SDK's client, made at first use, with a time limit on every call."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from portal.adapters.docker.dialects import DOCKER, PODMAN, Dialect

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

STOP_LOOK_SECONDS = 0.5
API_OLDEST = "1.41"
ENDLESS_SECONDS = 30 * 86_400.0
QueryValue = str | int | float


@dataclass(frozen=True, slots=True)
class EngineCall:
    """One request. `timeout_seconds` bounds each wait for more of the answer; None means the usual limit."""

    method: str
    path: str
    query: Mapping[str, QueryValue] = field(default_factory=dict[str, QueryValue])
    data: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_stream: bool = False
    timeout_seconds: float | None = None


class EngineCalls:
    """Raw calls to one engine. Raises the errors of the SDK and of requests; the callers translate them.

    The client, its API version and the dialect are found out once, by whichever thread comes first.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float) -> None:
        self.base_url = base_url
        self.timeout_seconds = timeout_seconds
        self._lock = Lock()
        self._client: APIClient | None = None
        self._version: Mapping[str, Any] = {}
        self._is_rootless: bool | None = None

    @property
    def client(self) -> APIClient:
        with self._lock:
            if self._client is None:
                self._client, self._version = self._connect()
            return self._client

    def _connect(self) -> tuple[APIClient, Mapping[str, Any]]:
        from docker import APIClient

        from portal.adapters.docker.sockets import ClosingAdapter

        client = APIClient(base_url=self.base_url, version=API_OLDEST, timeout=int(self.timeout_seconds))
        client.mount("http+docker://", ClosingAdapter(self.base_url, timeout_seconds=self.timeout_seconds))
        client.trust_env = False
        try:
            return client, client.version(api_version=False)
        except BaseException:
            client.close()
            raise

    @property
    def version(self) -> Mapping[str, Any]:
        """The engine's own account of itself, as read at the first call."""
        _ = self.client
        return self._version

    @property
    def api_version(self) -> str:
        """What the engine speaks, which is never older than what Docker 20.10 does. KeyError if it does not say."""
        return str(self.version["ApiVersion"])

    @property
    def is_rootless(self) -> bool:
        """Asked once: Podman takes seconds to say."""
        if self._is_rootless is None:
            security = self.get("/info").get("SecurityOptions") or ()
            self._is_rootless = any("name=rootless" in option for option in security)
        return self._is_rootless

    @property
    def dialect(self) -> Dialect:
        names = {str(part.get("Name", "")) for part in self.version.get("Components") or ()}
        return PODMAN if "Podman Engine" in names else DOCKER

    def get(self, path: str, **query: QueryValue) -> Any:
        """The JSON of an answer."""
        return self.send(EngineCall("GET", path, query)).json()

    def post(self, path: str, body: Mapping[str, Any] | None = None, **query: QueryValue) -> None:
        self.send(EngineCall("POST", path, query, None if body is None else json.dumps(body).encode()))

    def send(self, call: EngineCall) -> Response:
        """The answer of the engine; docker.errors.APIError if it is not a good one."""
        client = self.client
        response = client.request(
            call.method,
            f"{client.base_url}/v{self.api_version}{call.path}",
            params=dict(call.query),
            data=call.data,
            headers={"Content-Type": call.content_type, **call.headers},
            stream=call.is_stream,
            timeout=(self.timeout_seconds, call.timeout_seconds or self.timeout_seconds),
            allow_redirects=False,
        )
        _raise_for_status(response)
        return response

    @contextmanager
    def stream(self, path: str, stop: Event, **query: QueryValue) -> Generator[Iterator[bytes]]:
        """The pieces of an endless answer; it ends soon after `stop` is set, whatever the engine does."""
        call = EngineCall("GET", path, query, is_stream=True, timeout_seconds=ENDLESS_SECONDS)
        with self.streaming(call, stop) as response:
            yield response.iter_content(None)

    @contextmanager
    def streaming(self, call: EngineCall, stop: Event) -> Generator[Response]:
        """An answer that is read as it comes; it ends soon after `stop` is set, whatever the engine does."""
        response = self.send(call)
        left = Event()
        watcher = Thread(
            target=_end_on, args=(response, stop), kwargs={"left": left}, name="engine-stream", daemon=True
        )
        watcher.start()
        try:
            yield response
        finally:
            left.set()
            response.close()


def _end_on(response: Response, stop: Event, *, left: Event) -> None:
    while not left.is_set():
        if stop.wait(STOP_LOOK_SECONDS):
            break
    if not left.is_set():
        try:
            response.raw.shutdown()
        except (OSError, ValueError, RuntimeError):
            return


def _raise_for_status(response: Response) -> None:
    from docker.errors import create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    try:
        response.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)
