"""The files that may be put into a container: plain ones, made anew, and nothing that could lead elsewhere."""

from __future__ import annotations

import io
import tarfile

import pytest

from portal.gate.archives import BYTES_MAX, rewrite
from portal.gate.refusals import Refusal


def archive(*members: tuple[tarfile.TarInfo, bytes], kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def member(name: str, **attributes: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


def test_plain_files_pass_with_their_owners_number_and_without_special_bits() -> None:
    made = rewrite(archive((member("a", mode=0o6755, uid=7, gid=7, uname="x"), b"one"), (member("b" * 200), b"two")))
    with tarfile.open(fileobj=io.BytesIO(made)) as tar:
        found = {info.name: (info.mode, info.uid, info.uname) for info in tar}
        assert found == {"a": (0o755, 7, ""), "b" * 200: (0o644, 0, "")}


@pytest.mark.parametrize(
    "info",
    [
        member("../x"),
        member("/etc/passwd"),
        member("a/b"),
        member(".."),
        member("."),
        member("x", type=tarfile.DIRTYPE),
        member("x", type=tarfile.SYMTYPE, linkname="/etc"),
        member("x", type=tarfile.LNKTYPE, linkname="/etc/shadow"),
        member("x", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("x", type=tarfile.BLKTYPE),
        member("x", type=tarfile.FIFOTYPE),
        member("x", pax_headers={"path": "../../y"}),
        member("x", uid=-1),
        member("x", gid=1 << 31),
        member("x", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "y"}),
    ],
    ids=lambda info: f"{info.name}-{info.type!r}-{info.uid}-{info.pax_headers}",
)
def test_anything_else_in_it_is_refused(info: tarfile.TarInfo) -> None:
    with pytest.raises(Refusal):
        rewrite(archive((info, b"")))


@pytest.mark.parametrize("body", [b"", b"x" * 2000, archive((member("x"), b"1"))[:700]])
def test_a_broken_archive_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        rewrite(body)


def test_too_much_is_refused() -> None:
    with pytest.raises(Refusal):
        rewrite(archive(*[(member(f"f{n}"), b"") for n in range(65)]))
    with pytest.raises(Refusal):
        rewrite(archive((member("x"), b"0" * (BYTES_MAX + 1))))
