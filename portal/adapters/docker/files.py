"""The small files of a container, put in after its creation and before its first start.

An engine writes no file into a root that is read-only. There each folder that holds such a file becomes an unnamed
volume of the container; the engine fills it with what the image has in that folder, and it goes with the container.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator

from portal.domain.container import ContainerSpec, FileMount
from portal.domain.errors import Invalid

FILES_MAX = 64
BYTES_MAX = 4 * 1024 * 1024


def check(spec: ContainerSpec) -> None:
    """Invalid("container_file_bad", path=…, reason=…) for files that cannot be put in."""
    if len(spec.files) > FILES_MAX or sum(len(file.content) for file in spec.files) > BYTES_MAX:
        raise Invalid("container_file_bad", field="files", path="*", reason=f"> {FILES_MAX} files or {BYTES_MAX} bytes")
    for file in spec.files:
        if reason := _doubt(file.target, spec):
            raise Invalid("container_file_bad", field="files", path=file.target, reason=reason)


def _doubt(path: str, spec: ContainerSpec) -> str:
    if not path.startswith("/") or posixpath.normpath(path) != path or path.startswith("//"):
        return "not an absolute path"
    if posixpath.dirname(path) == "/":
        return "not in a folder of its own"
    if any(path.startswith(folder.rstrip("/") + "/") for folder in spec.tmpfs):
        return "in a folder that is empty at every start"
    return ""


def folders(spec: ContainerSpec) -> tuple[str, ...]:
    """The folders that hold a file."""
    return tuple(sorted({posixpath.dirname(file.target) for file in spec.files}))


def folders_to_mount(spec: ContainerSpec) -> tuple[str, ...]:
    """Those that have to be volumes of their own."""
    mounted = {mount.target for mount in spec.volumes}
    return tuple(folder for folder in folders(spec) if folder not in mounted) if spec.is_root_read_only else ()


def archives(spec: ContainerSpec) -> Iterator[tuple[str, bytes]]:
    """Each folder with the archive of its files."""
    for folder in folders(spec):
        yield folder, _archive([file for file in spec.files if posixpath.dirname(file.target) == folder])


def single(file: FileMount) -> tuple[str, bytes]:
    """The folder of one file, with the archive of it alone."""
    return posixpath.dirname(file.target), _archive([file])


def _archive(wanted: list[FileMount]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for file in wanted:
            info = tarfile.TarInfo(posixpath.basename(file.target))
            info.size, info.mode = len(file.content), file.mode & 0o777
            made.addfile(info, io.BytesIO(file.content))
    return out.getvalue()
