"""`codex-portal serve`, `worker`, `gate` and `migrate`: the processes of a portal on this machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import NoReturn

import click

from portal.cli.commands import Command, Option, ReportingCommand
from portal.cli.tables import show_done


def _serve(host: str, port: int | None) -> NoReturn:
    """What the command line says counts more than the environment. Becomes the process that serves: what the command
    line has loaded, and all docstrings, are out of its memory.
    """
    os.environ.update({"PORTAL_HOST": host} if host else {})
    os.environ.update({"PORTAL_PORT": str(port)} if port else {})
    from portal.settings import Settings

    Settings.from_environment(os.environ)  # what is wrong with them is said in the way of the command line
    os.execv(sys.executable, [sys.executable, "-OO", "-m", "portal.web"])  # noqa: S606 - there is no shell


def _work() -> None:
    """Until SIGTERM or SIGINT; what is being done then is finished. Beside `serve` both need a database they share."""
    os.environ["PORTAL_ROLE"] = "worker"
    from portal.cli.own import own_settings
    from portal.kit import log
    from portal.kit.redaction import conceal
    from portal.wiring import build, use
    from portal.workers.running import Workers

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    settings = own_settings()
    log.configure(settings.log_level)
    conceal(settings.secrets)
    core = build(settings)
    use(core)
    workers = Workers(core)
    workers.start()
    while not ended.wait(0.5):  # a signal that another thread takes is noticed too
        pass
    workers.stop()
    core.database.close()


def _guard(arguments: tuple[str, ...]) -> NoReturn:
    """Becomes the gate, which shares no code with the portal."""
    os.execv(sys.executable, [sys.executable, "-m", "portal.gate", *arguments])  # noqa: S606 - there is no shell


def _migrate() -> None:
    from portal.cli.own import own_settings
    from portal.store.database import Database
    from portal.store.migrate import migrate as bring_up_to_date

    database = Database(own_settings().database_url)
    is_changed = bring_up_to_date(database)
    database.close()
    show_done({"is_changed": is_changed}, "cli.done.migrated")


serve = Command(
    "serve",
    callback=_serve,
    params=[
        Option(["--host"], default=""),
        Option(["--port"], type=click.IntRange(1, 65_535), default=None),
    ],
)
worker = Command("worker", callback=_work)
gate = Command(
    "gate",
    callback=_guard,
    params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED, metavar="--listen SOCKET …")],
    context_settings={"ignore_unknown_options": True},
)
migrate = ReportingCommand("migrate", callback=_migrate)
