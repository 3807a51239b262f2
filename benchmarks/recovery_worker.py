"""A portal without pages that writes to its audit trail all the time and says what was committed: it is killed."""

from __future__ import annotations

import os
import sys
import threading
import time

from portal import wiring
from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.settings import Settings
from portal.workers.running import Workers

PAUSE_SECONDS = 0.005


def main() -> None:
    core = wiring.build(Settings.from_environment(os.environ))
    Workers(core).start()
    print("ready", flush=True)
    halt, number = threading.Event(), 0
    while not halt.wait(PAUSE_SECONDS):
        number += 1
        with core.database.transaction() as session:
            kept = core.audit.record(session, AuditEntry(SYSTEM.name, SYSTEM.kind, "test.act", "test", str(number)))
        sys.stdout.write(f"{kept.sequence} {time.time():.3f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
