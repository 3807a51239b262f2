"""`/metrics` in the text format of Prometheus."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portal.domain.errors import Unavailable
from portal.services.measures import Kind, Measure

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
CLIENT_SECONDS = 10
_TYPES = {Kind.UNTYPED: "untyped"}


def exposition(measures: Iterable[Measure]) -> str:
    """The measures as text, each with its help and type."""
    lines: list[str] = []
    for measure in measures:
        lines.append(f"# HELP {measure.name} {_escaped(measure.text)}")
        lines.append(f"# TYPE {measure.name} {_TYPES.get(measure.kind, measure.kind)}")
        lines += [f"{measure.name}{suffix}{_labels(labels)} {value!r}" for suffix, labels, value in measure.parts]
    return "\n".join(lines) + "\n"


def routes(measures: Callable[[], Iterable[Measure] | None]) -> tuple[Route, ...]:
    """`measures` is asked at each request; None means that they are switched off, or served elsewhere."""

    async def metrics(_request: Request) -> Response:
        found = await asyncio.to_thread(measures)
        if found is None:
            return PlainTextResponse("not found", 404)
        return Response(exposition(found), media_type=CONTENT_TYPE, headers={"cache-control": "no-store"})

    return (Route("/metrics", metrics),)


class MetricsServer:
    """The same on a port of its own, for networks in which the portal's port is not to be scraped."""

    def __init__(self, host: str, port: int, measures: Callable[[], Iterable[Measure]]) -> None:
        """Unavailable("metrics_port_taken") if it cannot be listened on."""
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(measures))
        except OSError as error:
            raise Unavailable("metrics_port_taken", port=port, reason=error.strerror or error) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(measures: Callable[[], Iterable[Measure]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_SECONDS

        def do_GET(self) -> None:
            if self.path.split("?")[0] != "/metrics":
                self.send_error(404)
                return
            body = exposition(measures()).encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is inherited
            """A scrape every few seconds is no news."""

    return Handler


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    shown = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{shown}}}" if shown else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
