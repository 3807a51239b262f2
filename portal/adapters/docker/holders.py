"""Files in memory: volumes of tmpfs, a holder that keeps them mounted, and a filler through which files go in.

An engine mounts a volume while a container that has it runs, and for each archive that is put into one that does not.
So the holder runs, and the files go through a second container that is made, given the archive and removed without
ever having run. No container that runs can write to them.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from portal.adapters.docker import bodies, failures, hold_image, reports
from portal.adapters.docker.calls import EngineCall, EngineCalls
from portal.adapters.docker.failures import Subject, edge
from portal.adapters.docker.images import EngineImages
from portal.domain.container import (
    LABEL_HOLDER,
    Container,
    ContainerSpec,
    FileMount,
    Image,
    Limits,
    MemoryFiles,
    VolumeMount,
)
from portal.domain.errors import Conflict, NotFound, PortalError, Refused, Unsupported

MEMORY_BYTES = 16_777_216
OPEN_MODE = 0o444


class EngineHolders:
    """The part of the port that is about files in memory. Raises only errors of the portal."""

    def __init__(self, calls: EngineCalls, images: EngineImages) -> None:
        self._calls, self._images = calls, images

    def hold(self, wanted: MemoryFiles) -> str:
        image = self._image()
        if not self._is_running(wanted.holder):
            self._remove(wanted.holder)
            self._create(_spec(wanted.holder, image, wanted.volumes, is_read_only=True))
            self._start(wanted.holder)
        filler = f"{wanted.holder}-fill"
        self._remove(filler)
        try:
            self._create(_spec(filler, image, wanted.volumes, is_read_only=False))
            for folder, archive in _archives(wanted.files, _owner(self._images.known(wanted.image))):
                self._put(filler, folder, archive)
        finally:
            self._remove(filler)
        return self.held_since(wanted.holder)

    def held_since(self, holder: str) -> str:
        found = self._inspect(holder)
        if not found.is_running or found.started_at is None:
            raise NotFound("container_missing", name=holder)
        return f"{found.id[:12]}/{found.started_at.timestamp():.6f}"

    def let_go(self, holder: str) -> None:
        volumes: tuple[str, ...] = ()
        with suppress(NotFound):
            volumes = self._inspect(holder).volumes
        self._remove(holder)
        for volume in volumes:
            with (
                suppress(Conflict, NotFound, Refused),
                edge(Subject(lambda _: NotFound("volume_missing", name=holder))),
            ):
                self._calls.send(EngineCall("DELETE", f"/volumes/{quote(volume, safe='')}"))

    def _image(self) -> Image:
        with suppress(NotFound):
            return self._images.image(hold_image.TAG)
        with edge():
            architecture = str(self._calls.version.get("Arch", ""))
        if not hold_image.is_known(architecture):
            raise Unsupported("engine_cannot", what=f"files in memory on {architecture}")
        return self._images.load(hold_image.archive(architecture))[0]

    def _is_running(self, name: str) -> bool:
        try:
            return self._inspect(name).is_running
        except NotFound:
            return False

    def _inspect(self, name: str) -> Container:
        with edge(failures.container(name)):
            return reports.container(self._calls.get(f"/containers/{quote(name, safe='')}/json"), self._calls.dialect)

    def _create(self, spec: ContainerSpec) -> None:
        def failed(reason: str) -> PortalError:
            return Refused("container_create_failed", name=spec.name, reason=reason)

        with edge(Subject(failed, failed)):
            body = bodies.container(spec, hold_image.USER, dialect=self._calls.dialect)
            self._calls.post("/containers/create", body, name=spec.name)

    def _start(self, name: str) -> None:
        def failed(reason: str) -> PortalError:
            return Refused("container_start_failed", name=name, reason=reason)

        with edge(Subject(failed, failed)):
            self._calls.post(f"/containers/{quote(name, safe='')}/start")

    def _put(self, name: str, folder: str, archive: bytes) -> None:
        with edge(failures.container(name)):
            path = f"/containers/{quote(name, safe='')}/archive"
            self._calls.send(EngineCall("PUT", path, {"path": folder}, archive, content_type="application/x-tar"))

    def _remove(self, name: str) -> None:
        with suppress(NotFound), edge(failures.container(name)):
            self._calls.send(EngineCall("DELETE", f"/containers/{quote(name, safe='')}", {"force": 1}))


def is_holder(labels: Any) -> bool:
    """Whether a container is one of those here, which nobody else has to do with."""
    return LABEL_HOLDER in labels


def _spec(name: str, image: Image, volumes: Sequence[VolumeMount], *, is_read_only: bool) -> ContainerSpec:
    return ContainerSpec(
        name=name,
        image=image.id,
        labels={LABEL_HOLDER: "1"},
        command=(hold_image.PROGRAM,),
        user=hold_image.USER,
        limits=Limits(cpu_cores=0.01, memory_bytes=MEMORY_BYTES, pids=8, log_bytes=65_536),
        volumes=tuple(VolumeMount(v.volume, v.target, is_read_only, is_in_memory=True) for v in volumes),
        tmpfs=(),
        stop_grace_seconds=0,
    )


def _owner(image: Image) -> tuple[int, int] | None:
    """The numbers of the user as whom containers of the image run; None if it is known by name alone."""
    user = bodies.user_of("", image.user)
    uid, _, gid = user.partition(":")
    return (int(uid), int(gid or uid)) if uid.isdigit() and (gid or uid).isdigit() else None


def _archives(files: Sequence[FileMount], owner: tuple[int, int] | None) -> Iterator[tuple[str, bytes]]:
    """Each folder with the archive of its files. An owner without a number is alone in the container anyway."""
    folders = sorted({posixpath.dirname(file.target) for file in files})
    for folder in folders:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as made:
            for file in (file for file in files if posixpath.dirname(file.target) == folder):
                info = tarfile.TarInfo(posixpath.basename(file.target))
                info.size, info.mode = len(file.content), file.mode & 0o777 if owner else OPEN_MODE
                info.uid, info.gid = owner or (0, 0)
                made.addfile(info, io.BytesIO(file.content))
        yield folder, out.getvalue()
