"""The image of a holder: one program of a hundred bytes that waits for ever, loaded into the engine once."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile

TAG = "codexfather/hold:1"
PROGRAM = "/hold"
USER = "65534:65534"
_BASE, _HEAD = 0x400000, 64 + 56
_PROGRAMS = {  # the system call ppoll without anything to wait for, again and again
    "amd64": (62, bytes.fromhex("b80f01000031ff31f631d24531d24531c00f05ebeb")),
    "arm64": (183, bytes.fromhex("280980d2000080d2010080d2020080d2030080d2040080d2010000d4f9ffff17")),
}


def is_known(architecture: str) -> bool:
    return architecture in _PROGRAMS


def archive(architecture: str) -> bytes:
    """As `docker save` writes it; the same bytes every time."""
    layer = _tar({"hold": (_program(*_PROGRAMS[architecture]), 0o555)})
    document = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Cmd": [PROGRAM], "User": USER},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
    ).encode()
    name = f"{hashlib.sha256(document).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [TAG], "Layers": ["layer/layer.tar"]}]).encode()
    return _tar({name: (document, 0o644), "layer/layer.tar": (layer, 0o644), "manifest.json": (manifest, 0o644)})


def _program(machine: int, code: bytes) -> bytes:
    """An ELF file of one segment."""
    size = _HEAD + len(code)
    head = b"\x7fELF" + bytes((2, 1, 1, 0)) + bytes(8)
    head += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, _BASE + _HEAD, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000) + code


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, (content, mode) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()
