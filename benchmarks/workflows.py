"""Reads GitHub workflows with actionlint: python -m benchmarks.workflows FILE…. Exit status 1 if anything was found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.npm_packages import HERE, ensure_packages, node

if __name__ == "__main__":
    ensure_packages("pipelines")
    program, environment = node()
    files = [str(Path(name).absolute()) for name in sys.argv[1:]]
    folder = HERE / "pipelines"
    command = [program, folder / "lint.mjs", *files]
    sys.exit(subprocess.run(command, cwd=folder, env=environment, check=False).returncode)
