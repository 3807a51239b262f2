"""Serves the pages, the API and the workers of one portal from one port, without Node and without compiling."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping

from portal.domain.errors import Unavailable
from portal.i18n import t
from portal.kit import log
from portal.kit.redaction import conceal
from portal.settings import Settings
from portal.web.absent import do_without, stand_in_for
from portal.web.build import ROOT, ensure_built, is_built
from portal.wiring import build, core, is_in_use, use

GRACE_SECONDS = 10
TURN_SECONDS = 0.001  # how long the loop of all pages may have to wait for a thread that computes; Python's own is five
_log = logging.getLogger(__name__)
_FOR_REFLEX = {
    "REFLEX_ENV_MODE": "prod",
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_BACKEND_ONLY": "true",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
}


def serve(settings: Settings, *, first_password: str = "") -> None:
    """Until SIGTERM or SIGINT; requests and event handlers that are running then are finished (up to ten seconds).

    Pages that do not belong to these sources are built first; Unavailable("front_end_failed") if that cannot be done.
    Unavailable("port_taken") before anything else is begun.
    """
    listener = listening(settings.host, settings.port)
    if not is_built():
        ensure_built(_log.info)
    prepare_environment(settings)
    people = _opened(settings, first_password)
    give_back_memory()
    run(listener, lambda: _welcome(settings, people))


def ensure_open() -> None:
    """`reflex run`, as in bin/dev, brings the pages up without `serve`: then the portal is opened here."""
    if not is_in_use():
        settings = Settings.from_environment(os.environ)
        _welcome(settings, _opened(settings))


def _opened(settings: Settings, first_password: str = "") -> dict[str, str]:
    """Makes it the portal of this process; the people to be named on the first start."""
    conceal(settings.secrets)
    log.configure(settings.log_level)
    use(build(settings))
    return _people(settings, first_password)


def _people(settings: Settings, first_password: str) -> dict[str, str]:
    """On the first start: with which names and passwords the portal is entered."""
    password = first_password or core().identity.ensure_administrator()
    people = {"admin": password} if password else {}
    return people | core().demonstration.load() if settings.is_demo else people


def _welcome(settings: Settings, people: Mapping[str, str]) -> None:
    """Where the portal is, once it answers."""
    lines = [f"\n  {t(locale, 'welcome.address', url=settings.address)}" for locale in ("en", "zh")]
    if people:
        lines += [f"\n  {t(locale, 'welcome.passwords')}" for locale in ("en", "zh")]
        lines += [f"\n    {name:8} {secret}" for name, secret in people.items()]
    sys.stdout.write("".join(lines) + "\n\n")
    sys.stdout.flush()
    give_back_memory()


def give_back_memory() -> None:
    """Hand what the start needed (hashing takes 19 MiB a password) back to the system, where the C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def prepare_environment(settings: Settings) -> None:
    """What Reflex reads before it is imported: serve what is built, write nothing into the checkout, ask nobody, and
    where the state of the pages is kept if not in this process.
    """
    data = settings.data.absolute()  # before the folder is left
    os.chdir(ROOT)
    os.environ.update(_FOR_REFLEX)
    os.environ.setdefault("REFLEX_DIR", str(data / "reflex"))
    if settings.redis_url:
        os.environ["REFLEX_REDIS_URL"] = settings.redis_url
    if not {"REDIS_URL", "REFLEX_REDIS_URL"} & os.environ.keys():
        # Reflex and its sockets import Redis's client even if they never use it: five megabytes.
        stand_in_for("redis", "redis.asyncio", "redis.asyncio.client", "redis.exceptions")
    stand_in_for("socketio.client", "socketio.async_client", "socketio.simple_client", "socketio.async_simple_client")
    stand_in_for("engineio.client", "engineio.async_client", "uvicorn.main")
    # Guesses an encoding where an answer names none (it is UTF-8 then), and watches sources: both can be done without.
    do_without("charset_normalizer", "chardet", "watchfiles")


def listening(host: str, port: int) -> socket.socket:
    """A socket bound there. Unavailable("port_taken") if another program has the port, or the host is not ours."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # Named, or asyncio does not know that it is TCP, and each answer on a kept connection waits 40 ms (Nagle).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _taken(host, port, error) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        listener.close()
        raise _taken(host, port, error) from None
    return listener


def _taken(host: str, port: int, error: OSError) -> Unavailable:
    return Unavailable("port_taken", host=host, port=port, reason=error.strerror or str(error))


def run(listener: socket.socket, when_ready: Callable[[], None]) -> None:
    """`when_ready` is called once requests are answered."""
    from uvicorn import config, server

    class Server(server.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                when_ready()

    wanted = config.Config(
        "portal.portal:app",
        factory=True,
        ws="wsproto",
        ws_per_message_deflate=False,  # its windows are 200 kB for every open page, and each is compressed for itself
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        access_log=False,
        log_config=None,
    )
    serving = Server(wanted)
    sys.setswitchinterval(TURN_SECONDS)
    serving.run([listener])
    if not serving.started:
        sys.exit(3)
