"""Commands run inside containers of ours: only where the gate was told to let them, and only those it made itself."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

from portal.gate import documents
from portal.gate.refusals import Refusal
from portal.gate.shapes import free_text, many, one_of, record

REMEMBERED = 1024
ARGUMENTS_MAX, ARGUMENT_MAX = 64, 4096

_make = record(
    {"Cmd": many(free_text(ARGUMENT_MAX), ARGUMENTS_MAX), "AttachStdout": one_of(True), "AttachStderr": one_of(True)},
    ("Cmd", "AttachStdout", "AttachStderr"),
)
_start = record({"Detach": one_of(False), "Tty": one_of(False)}, ("Detach", "Tty"))
_harmless = {"AttachStdin": False, "Tty": False, "Privileged": False}


def to_make(body: bytes) -> bytes:
    """The body that is sent on: a command as the container's own user, without input, terminal or privileges."""
    wanted = _make(documents.parse(body), "body")
    if not wanted["Cmd"] or not wanted["Cmd"][0]:
        raise Refusal("body.Cmd: nothing to run")
    return documents.serialise(wanted | _harmless)


def to_start(body: bytes) -> bytes:
    return documents.serialise(_start(documents.parse(body), "body"))


class Executions:
    """The executions that were made through this gate; the oldest are forgotten. Each is started once."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, bool] = OrderedDict()

    def remember(self, answer: Any) -> None:
        identity = cast("dict[str, Any]", answer).get("Id") if isinstance(answer, dict) else None
        if isinstance(identity, str):
            self._made[identity] = False
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)

    def check(self, identity: str) -> None:
        """Refusal unless it was made here."""
        if identity not in self._made:
            raise Refusal("exec: not made through the gate")

    def use(self, identity: str) -> None:
        """Refusal unless it was made here and not started before."""
        self.check(identity)
        if self._made[identity]:
            raise Refusal("exec: started before")
        self._made[identity] = True
