"""The portal without pages, for the demonstration: it is killed and started again in the middle of its work."""

from __future__ import annotations

import os
import signal
import threading

from portal import wiring
from portal.settings import Settings
from portal.workers.running import Workers


def main() -> None:
    halt = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: halt.set())
    workers = Workers(wiring.build(Settings.from_environment(os.environ)))
    workers.start()
    print("ready", flush=True)
    halt.wait()
    workers.stop(ends_traffic="DEMO_LAST" in os.environ)


if __name__ == "__main__":
    main()
