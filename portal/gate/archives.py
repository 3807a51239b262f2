"""The small files that may be put into a container before its first start."""

from __future__ import annotations

import io
import posixpath
import tarfile

from portal.gate.refusals import Refusal

FILES_MAX = 64
BYTES_MAX = 4 * 1024 * 1024
LARGEST_OWNER = (1 << 31) - 1


def rewrite(body: bytes) -> bytes:
    """A fresh archive with nothing but the plain files of the one given, without set-user-id bits."""
    out = io.BytesIO()
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as given, tarfile.open(fileobj=out, mode="w") as made:
            _copy(given, made)
    except (tarfile.TarError, OSError, ValueError, EOFError):
        raise Refusal("archive: not readable") from None
    return out.getvalue()


def _copy(given: tarfile.TarFile, made: tarfile.TarFile) -> None:
    for count, member in enumerate(given):
        if count >= FILES_MAX or member.size > BYTES_MAX:
            raise Refusal("archive: too much in it")
        _plain(member)
        made.addfile(_clean(member), given.extractfile(member))


def _plain(member: tarfile.TarInfo) -> None:
    name = member.name
    if not member.isreg() or member.issparse():
        raise Refusal("archive: only plain files")
    if not name or "/" in name or name in (".", "..") or "\0" in name or posixpath.isabs(name):
        raise Refusal("archive: only plain names")


def _number(owner: int) -> int:
    """As a number alone: a name would be looked up on the host."""
    if not 0 <= owner <= LARGEST_OWNER:
        raise Refusal("archive: owner not allowed")
    return owner


def _clean(member: tarfile.TarInfo) -> tarfile.TarInfo:
    info = tarfile.TarInfo(member.name)
    info.size, info.mode = member.size, member.mode & 0o777
    info.uid, info.gid = _number(member.uid), _number(member.gid)
    return info
