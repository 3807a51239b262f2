"""Asks programs of this machine for a few words, and never waits for longer than it was told."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence

from portal.domain.doctor_tools import Answer, Tool

MOST_BYTES = 16_384
ASK_SECONDS = 5.0
QUIET = {
    "LC_ALL": "C",
    "NO_COLOR": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GH_PROMPT_DISABLED": "1",
    "COREPACK_ENABLE_NETWORK": "0",
    "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
}


def ask_tool(tool: Tool, *, seconds: float = ASK_SECONDS) -> Answer:
    """The first good answer of the tool's commands, else the last one."""
    answer = Answer()
    for command in tool.commands:
        told = ask(command, seconds=seconds)
        answer = told if told.program else answer
        if answer.is_good:
            break
    return answer


def ask(command: Sequence[str], *, seconds: float = ASK_SECONDS) -> Answer:
    """What the program says on standard output, 16 KiB at most. It has no standard input, and is ended with all that it
    started when the time is over.
    """
    program = shutil.which(command[0])
    if program is None:
        return Answer()
    try:
        process = subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | QUIET,
            start_new_session=True,
        )
    except OSError:
        return Answer(program, exit_status=126)
    with process:
        return _listened(process, program, time.monotonic() + seconds)


def _listened(process: subprocess.Popen[bytes], program: str, until: float) -> Answer:
    try:
        text = _read(process, until)
        status = process.wait(max(0.0, until - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        return Answer(program, is_late=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return Answer(program, text, status)


def _read(process: subprocess.Popen[bytes], until: float) -> str:
    """TimeoutError if it has not said all until then."""
    assert process.stdout
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(heard) < MOST_BYTES:
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            block = os.read(process.stdout.fileno(), MOST_BYTES)
            if not block:
                break
            heard += block
    return heard.decode(errors="replace")[:MOST_BYTES]
