"""One file of a running container written anew, whole: whoever reads it sees the old one or the new one.

Only in the folder that the container's label names, which it got when it was made. The file is put beside the old one,
and takes its place by one fixed command inside the container, run by the folder's owner without any capability. An
image without that command has the file overwritten, which a reader may see half done.
"""

from __future__ import annotations

import asyncio
import io
import re
import tarfile
from collections.abc import Mapping
from typing import Any, cast

from portal.gate import archives, documents
from portal.gate.engine import Engine
from portal.gate.heads import Request
from portal.gate.refusals import Refusal

LABEL = "codexfather.live"
LOOKS, LOOK_SECONDS = 100, 0.02
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}", re.ASCII)
_USERS: tuple[dict[str, Any], ...] = ({"User": "0:0"}, {})  # the folder is root's with Docker, the user's with Podman
_NOT_FOUND = frozenset({126, 127})


def demand_live(found: Mapping[str, Any], folder: str) -> None:
    """Refusal unless it runs and its label names this very folder."""
    if found["State"]["Status"] != "running":
        raise Refusal("archive: only before the first start, or while it runs")
    if cast("dict[str, Any]", found["Config"].get("Labels") or {}).get(LABEL) != folder:
        raise Refusal("archive: only before the first start")


async def put(engine: Engine, request: Request, *, identity: str, body: bytes) -> tuple[int, Any]:
    """Status and answer of the engine."""
    folder = request.query["path"]
    name, content = _single(archives.rewrite(body))
    fresh = f".{name}.next"
    status, said = await _place(engine, request, identity=identity, archive=_packed(fresh, content))
    if status != 200:
        return status, said
    code: int | None = None
    for user in _USERS:
        code = await _run(engine, request, identity=identity, command=_move(folder, fresh, name) | user)
        if code == 0:
            return 200, {}
        if code is None or code in _NOT_FOUND:
            return await _place(engine, request, identity=identity, archive=_packed(name, content))
    return 500, {"message": f"the file could not take its place: mv ended with {code}"}


def _move(folder: str, fresh: str, name: str) -> dict[str, Any]:
    return {"Cmd": ["mv", "-f", f"{folder}/{fresh}", f"{folder}/{name}"]}


def _single(body: bytes) -> tuple[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(body)) as given:
        members = given.getmembers()
        if len(members) != 1 or not _NAME.fullmatch(members[0].name):
            raise Refusal("archive: one plain file while it runs")
        file = given.extractfile(members[0])
        return members[0].name, file.read() if file else b""


def _packed(name: str, content: bytes) -> bytes:
    """Without the padding at the end, which an engine may leave unread and break the connection over."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o444
        made.addfile(info, io.BytesIO(content))
    blocks = -(-len(content) // tarfile.BLOCKSIZE)
    return out.getvalue()[: (blocks + 3) * tarfile.BLOCKSIZE]


async def _place(engine: Engine, request: Request, *, identity: str, archive: bytes) -> tuple[int, Any]:
    target = request.target(f"/containers/{identity}/archive", {"path": request.query["path"]})
    return await engine.ask("PUT", target, body=archive, content_type="application/x-tar")


async def _run(engine: Engine, request: Request, *, identity: str, command: dict[str, Any]) -> int | None:
    """The command's exit code; None if it could not even begin."""
    wanted = command | {
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "Privileged": False,
    }
    target = request.target(f"/containers/{identity}/exec", {})
    status, made = await engine.ask("POST", target, body=documents.serialise(wanted))
    if status != 201 or not isinstance(made, dict):
        return None
    execution = str(cast("dict[str, Any]", made).get("Id"))
    begin = documents.serialise({"Detach": False, "Tty": False})
    status, _ = await engine.ask("POST", request.target(f"/exec/{execution}/start", {}), body=begin)
    return await _end(engine, request.target(f"/exec/{execution}/json", {})) if status in (101, 200) else None


async def _end(engine: Engine, target: str) -> int | None:
    """The exit code, once it has ended; None if that takes too long."""
    for _ in range(LOOKS):
        _, state = await engine.ask("GET", target)
        found = cast("dict[str, Any]", state) if isinstance(state, dict) else {}
        if not found.get("Running"):
            code = found.get("ExitCode")
            return code if isinstance(code, int) else None
        await asyncio.sleep(LOOK_SECONDS)
    return None
