"""Serves the pages, the API and the workers of one portal from one port, without Node and without compiling."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from portal.i18n import t
from portal.kit import log
from portal.kit.redaction import conceal
from portal.settings import Settings
from portal.web.build import ROOT, ensure_front_end, is_current
from portal.wiring import build, core, use

GRACE_SECONDS = 10
_log = logging.getLogger(__name__)
_FOR_REFLEX = {
    "REFLEX_ENV_MODE": "prod",
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_BACKEND_ONLY": "true",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
}


def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; requests and event handlers that are running then are finished (up to ten seconds).

    Pages that do not belong to these sources are built first; Unavailable("front_end_failed") if that cannot be done.
    """
    if not is_current():
        ensure_front_end(_log.info)
    prepare_environment(settings.data)
    conceal(
        (settings.github_token, *(urlsplit(url or "").password for url in (settings.database_url, settings.redis_url)))
    )
    log.configure(settings.log_level)
    use(build(settings))
    _welcome(settings)
    give_back_memory()
    run(settings.host, settings.port)


def _welcome(settings: Settings) -> None:
    """Where the portal is, and on the first start with which names and passwords it is entered."""
    password = core().identity.ensure_administrator()
    people = {"admin": password} if password else {}
    if settings.is_demo:
        people |= core().demonstration.load()
    lines = [f"\n  {t(locale, 'welcome.address', url=settings.address)}" for locale in ("en", "zh")]
    if people:
        lines += [f"\n  {t(locale, 'welcome.passwords')}" for locale in ("en", "zh")]
        lines += [f"\n    {name:8} {secret}" for name, secret in people.items()]
    sys.stdout.write("".join(lines) + "\n\n")
    sys.stdout.flush()


def give_back_memory() -> None:
    """Hand what the start needed (hashing takes 19 MiB a password) back to the system, where the C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def prepare_environment(data: Path) -> None:
    """What Reflex reads before it is imported: serve what is built, write nothing into the checkout, ask nobody."""
    os.chdir(ROOT)
    os.environ.update(_FOR_REFLEX)
    os.environ.setdefault("REFLEX_DIR", str(data.absolute() / "reflex"))


def run(host: str, port: int) -> None:
    import uvicorn

    uvicorn.run(
        "portal.portal:app",
        factory=True,
        host=host,
        port=port,
        ws="wsproto",
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        access_log=False,
        log_config=None,
    )
