"""The port `host` over the Docker API: the machine, and the images, volumes and networks on it."""

from __future__ import annotations

import json
from urllib.parse import quote

from portal.adapters.docker import bodies, details, reports
from portal.adapters.docker.calls import EngineCall, EngineCalls
from portal.adapters.docker.failures import Subject, edge
from portal.adapters.docker.images import EngineImages
from portal.domain.container import LABEL_MANAGED, Image
from portal.domain.engine import HostFacts, HostNetwork, OtherContainer, Volume
from portal.domain.errors import Conflict, NotFound, PortalError, Refused, Unavailable

SIZES_SECONDS = 10.0
SIZES_OF_VOLUMES_ALONE = (1, 42)


class DockerHost:
    """Implements `portal.ports.containers.Host`."""

    def __init__(self, calls: EngineCalls, images: EngineImages) -> None:
        self._calls, self._images = calls, images

    def facts(self) -> HostFacts:
        with edge():
            version, dialect = self._calls.get("/version"), self._calls.dialect
            return details.host(self._calls.get("/info"), version, dialect=dialect, api_version=self._calls.api_version)

    def others(self) -> tuple[OtherContainer, ...] | None:
        try:
            with edge():
                rows = self._calls.get("/containers/json", all=1, others=1)
                dialect = self._calls.dialect
                foreign = [row for row in rows if reports.part(row, "Labels").get(LABEL_MANAGED) != "1"]
                return tuple(details.other(row, dialect) for row in foreign)
        except Refused:
            return None

    def remove_image(self, image: Image) -> None:
        for name in image.tags or (image.id,):
            self._delete(f"/images/{quote(name, safe='/:@')}", Conflict("image_in_use", image=name))
        self._images.forget(image.id)

    def volumes(self) -> tuple[Volume, ...]:
        with edge():
            found = self._calls.get("/volumes", filters=bodies.filters(None))
            sizes = self._sizes() if found.get("Volumes") else {}
            return tuple(details.volume(each, sizes) for each in found.get("Volumes") or ())

    def _sizes(self) -> dict[str, int]:
        """Measuring them can take an engine long; without them the list is still of use."""
        version = tuple(int(number) for number in self._calls.api_version.split("."))
        query = {"type": "volume"} if version >= SIZES_OF_VOLUMES_ALONE else {}
        try:
            with edge():
                call = EngineCall("GET", "/system/df", query, timeout_seconds=SIZES_SECONDS)
                return details.volume_sizes(self._calls.send(call).json())
        except PortalError:
            return {}

    def remove_volume(self, name: str) -> None:
        self._delete(f"/volumes/{quote(name, safe='')}", Conflict("volume_in_use", name=name))

    def networks(self) -> tuple[HostNetwork, ...]:
        with edge():
            found = self._calls.get("/networks", filters=json.dumps({"label": [f"{LABEL_MANAGED}=1"]}))
            return tuple(details.network(each) for each in found)

    def remove_network(self, name: str) -> None:
        self._delete(f"/networks/{quote(name, safe='')}", Conflict("network_in_use", name=name))

    def _delete(self, path: str, used: Conflict) -> None:
        subject = Subject(
            missing=lambda _: NotFound("volume_missing", name=path), failed=lambda reason: _refused(used, reason)
        )
        try:
            with edge(subject):
                self._calls.send(EngineCall("DELETE", path))
        except NotFound:
            return
        except Refused as error:
            raise used if error.params.get("reason", "").endswith("in use") else error from None


def _refused(used: Conflict, reason: str) -> PortalError:
    words = ("in use", "being used", "is using", "active endpoints", "conflict", "has associated containers")
    return used if any(word in reason.lower() for word in words) else Unavailable("engine_failed", reason=reason)
