"""Named places where a test can make the process die, stop or fail. Off unless armed; then a look-up in a dictionary.

Armed by text such as `rollout.shift.before=kill:3,rollout.create.after=stop` (die at the third pass; stop as by
SIGSTOP, once).
"""

from __future__ import annotations

import os
import random
import signal

_armed: dict[str, list[str]] = {}


def arm(text: str) -> None:
    """Replace what is armed. `NAME=ACTION[:N]` with action kill, stop, error or chance (N in per cent: kill by
    chance).
    """
    _armed.clear()
    for item in filter(None, text.split(",")):
        name, _, what = item.partition("=")
        _armed[name] = what.split(":")


def hit(name: str) -> None:
    """Passing by a failpoint."""
    if _armed:
        _act(_armed.get(name) or _armed.get("*"))


def _act(what: list[str] | None) -> None:
    if what is None:
        return
    action, number = what[0], int(what[1]) if len(what) > 1 else 1
    if action == "chance":
        if random.random() * 100 < number:  # noqa: S311 - fault trials, not secrets
            os.kill(os.getpid(), signal.SIGKILL)
        return
    if number > 1:
        what[1:] = [str(number - 1)]
        return
    if action == "error":
        raise RuntimeError("failpoint")
    if action == "stop":
        _armed.clear()
    os.kill(os.getpid(), signal.SIGSTOP if action == "stop" else signal.SIGKILL)
