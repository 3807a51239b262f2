"""The dev container: how long it takes from nothing to a doctor without failures, and again from what was kept.

bin/bench devcontainer [--json] [--goals]: brings a clone of this checkout up with the devcontainer CLI, its image made
anew, runs `codex-portal doctor` inside, and takes everything down again. Two to four minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.npm_packages import ensure_packages, node

ROOT = Path(__file__).parent.parent
LIMIT_SECONDS = 900
USER_ID = 1000  # as the container's user; root's files would not be its own
GOALS = {"from nothing, s": 300.0, "again, s": 60.0, "failures of the doctor": 1.0}


@contextlib.contextmanager
def checkout() -> Iterator[Path]:
    """A clone that belongs to an ordinary user, with the files as they are now."""
    with tempfile.TemporaryDirectory(prefix="cfp-dev-") as name:
        folder = Path(name) / "portal"
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        changed = ["git", "-C", ROOT, "diff", "--binary", "HEAD"]
        patch = subprocess.run(changed, check=True, capture_output=True).stdout
        subprocess.run(["git", "-C", folder, "apply", "--allow-empty"], input=patch, check=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", name], check=True)
        yield folder


def docker(*words: str) -> list[str]:
    """The words of its answer; none if it refuses."""
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False).stdout.split()


class DevContainer:
    """That of one checkout, by the locked CLI."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program, environment = node()
        modules = ensure_packages("pipelines")
        shim = folder.parent / "programs" / "devcontainer"
        shim.parent.mkdir()
        shim.write_text(f'#!/bin/sh\nexec {program} {modules}/@devcontainers/cli/devcontainer.js "$@"\n')
        shim.chmod(0o755)
        self._environment = environment | {"PATH": f"{shim.parent}:{environment['PATH']}"}

    def run(self, *words: str) -> str:
        command = ["bin/devcontainer", *words]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        if done.returncode and words[0] != "exec":
            raise RuntimeError(f"bin/devcontainer {words[0]}: {(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    def doctor(self) -> dict[str, Any]:
        return json.loads(self.run("exec", "codex-portal", "doctor", "--json"))

    def remove(self) -> None:
        """Container, volumes and image of this checkout, and nothing else."""
        template = '{{.Config.Image}} {{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}'
        for container in docker("ps", "--all", "--quiet", "--filter", f"label=devcontainer.local_folder={self.folder}"):
            image, *volumes = docker("inspect", "--format", template, container)
            docker("rm", "--force", container)
            docker("volume", "rm", *volumes)
            docker("image", "rm", image, image.removesuffix("-uid"))


def figures() -> tuple[dict[str, float], dict[str, Any]]:
    with checkout() as folder:
        container = DevContainer(folder)
        try:
            begun = time.monotonic()
            container.run("up", "--build-no-cache")
            found = {"from nothing, s": time.monotonic() - begun}
            report = container.doctor()
            found["failures of the doctor"] = float(report["counts"]["fail"])
            container.run("down")
            begun = time.monotonic()
            container.run("up")
            found["again, s"] = time.monotonic() - begun
        finally:
            container.remove()
    return found, report


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench devcontainer", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal was missed")
    options = parser.parse_args(arguments)
    measured, report = figures()
    found = {name: round(value, 1) for name, value in measured.items()}
    missed = [name for name, value in found.items() if value >= GOALS[name]]
    if options.json:
        print(json.dumps({"figures": found, "goals": GOALS, "missed": missed, "doctor": report}))
    else:
        for name, value in found.items():
            print(f"{name:26} {value:9.1f}   goal < {GOALS[name]:g}{'   MISSED' if name in missed else ''}")
        for check in report["checks"]:
            if check["status"] in ("warn", "fail"):
                print(f"  {check['status']:4} {check['text']}")
    return 1 if options.goals and missed else 0


if __name__ == "__main__":
    sys.exit(main())
