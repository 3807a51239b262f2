"""The first start, as a program: brings the database up to date and writes the first administrator's password."""

from __future__ import annotations

import os
import sys

from portal.kit import log
from portal.settings import Settings
from portal.wiring import build


def main() -> None:
    settings = Settings.from_environment(os.environ)
    log.configure(settings.log_level)
    sys.stdout.write(build(settings).identity.ensure_administrator() or "")


if __name__ == "__main__":
    main()
