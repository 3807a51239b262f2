"""This machine's own portal, reached without a server: its settings, its database, and who is at the keyboard."""

from __future__ import annotations

import getpass
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from portal.domain.access import Actor, Grant, Role
from portal.domain.errors import NotFound
from portal.settings import Settings
from portal.wiring import Core, build


def own_settings() -> Settings:
    """As a portal that is started here now would read them."""
    return Settings.from_environment(os.environ)


def operator() -> Actor:
    """The user of the operating system. Whoever may read the database's file may do everything anyway."""
    return Actor(getpass.getuser(), kind="local", grants=(Grant(Role.ADMINISTRATOR),))


@contextmanager
def own_portal() -> Generator[tuple[Core, Actor]]:
    """The services and the operator. NotFound("cli_no_database") where no portal has ever been, so that a command in
    the wrong folder does not make a second one.
    """
    settings = own_settings()
    _require_database(settings)
    core = build(settings)
    try:
        yield core, operator()
    finally:
        core.database.close()


def _require_database(settings: Settings) -> None:
    if not settings.has_own_database:
        return
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if not path.exists():
        raise NotFound("cli_no_database", path=path.absolute())
