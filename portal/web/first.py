"""The first start, as a program: brings the database up to date and writes the first administrator's password."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from portal.kit import log
from portal.settings import Settings
from portal.store.database import Database
from portal.store.migrate import is_up_to_date


def begin_apart(settings: Settings, meanwhile: Callable[[], object] = lambda: None) -> str:
    """The first start by a process that ends again: what Alembic loads, and what hashing a password leaves, would stay
    in the memory of this one. The password of a first administrator, if one was made. `meanwhile` is called here.
    """
    database = Database(settings.database_url)
    is_done = is_up_to_date(database)
    database.close()
    if is_done:
        return ""
    command = [sys.executable, "-OO", "-m", "portal.web.first"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        meanwhile()
        return first.communicate(timeout=600)[0].strip()


def main() -> None:
    from portal.wiring import build

    settings = Settings.from_environment(os.environ)
    log.configure(settings.log_level)
    sys.stdout.write(build(settings).identity.ensure_administrator() or "")


if __name__ == "__main__":
    main()
