"""The command line `codex-portal`: one file a noun, loaded when it is called."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command of `sys.argv` and end the process with its exit code."""
    from portal.cli.application import run

    raise SystemExit(run())
