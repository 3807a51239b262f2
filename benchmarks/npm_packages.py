"""Locked npm packages that measures and tests need, installed beside their lock file when they are missing or old."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMIT_SECONDS = 300


def ensure_packages(name: str) -> Path:
    """The folder node_modules of benchmarks/`name`, as its lock file says; nothing that comes along is run.

    RuntimeError with npm's last words. Two at once wait for each other.
    """
    folder = HERE / name
    modules = folder / "node_modules"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    with (folder / ".npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = modules / ".installed"
        if not stamp.is_file() or stamp.read_text("ascii") != wanted:
            _install(folder)
            stamp.write_text(wanted, "ascii")
    return modules


def node() -> tuple[str, dict[str, str]]:
    """The Node of the virtual environment, and the environment in which it finds itself."""
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    return str(programs / "node"), {**os.environ, "PATH": path}


def _install(folder: Path) -> None:
    program, environment = node()
    command = [
        str(Path(program).with_name("npm")),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"npm ci in {folder} failed: {(done.stderr or done.stdout)[-1000:]}")
