"""What happens to rollouts when the portal dies: 500 kills at named failpoints, then two controllers at once.

bin/bench faults [--json] [--goals] [--quick] [--seed N]: kills the workers at every named failpoint of every strategy,
with and without an abort, while a load runs, and counts what went wrong; about ten minutes. The seed is printed and
repeats a trial. --quick: a tenth. --postgres URL: the two controllers use that (empty) database, else SQLite.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from typing import Any

from tests.crash_kit.stand import crash_stand
from tests.crash_kit.trial import Duel, Trial

KILLS = 500
DUELS = 20


def figures(seed: int, *, scale: float, postgres: str) -> dict[str, Any]:
    with crash_stand() as stand:
        alone = Trial(stand, seed, show=show).run(round(KILLS * scale))
    with crash_stand(url=postgres) as stand:
        pair = Duel(stand, seed, show=show).run_rollouts(max(4, round(DUELS * scale)))
    return {"kills at failpoints": alone.summary(), "two controllers": pair.summary()}


def show(progress: str) -> None:
    end = "" if sys.stderr.isatty() else "\n"
    print(f"\r{progress} " if not end else progress, file=sys.stderr, end=end, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench faults", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a promise was broken")
    parser.add_argument("--quick", action="store_true", help="a tenth of the kills")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--postgres", default="", help="URL of an empty database for the two controllers")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    found = figures(options.seed, scale=0.1 if options.quick else 1.0, postgres=options.postgres)
    if options.json:
        print(json.dumps(found))
    else:
        for title, values in found.items():
            print(f"\n{title}")
            for name, value in values.items():
                print(f"  {name}: {value if not isinstance(value, list) else ', '.join(value) or 'none'}")
    is_kept = not any(values["wrong"] for values in found.values())
    return 1 if options.goals and not is_kept else 0


if __name__ == "__main__":
    sys.exit(main())
