"""The machine behind the engine: its images, volumes and networks, what uses them, and taking away what nobody uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.container import Container, Image
from portal.domain.container_view import ImageUse, NetworkUse, VolumeUse
from portal.domain.engine import HostFacts, OtherContainer, Volume
from portal.domain.errors import Conflict, Invalid, NotFound, PortalError, Refused
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.rollouts import check_reason
from portal.store import releases
from portal.store.database import Database


class Hosts:
    """Looking takes CONTAINER_VIEW everywhere, for a host is shared by all environments; removing CONTAINER_CONTROL."""

    def __init__(self, database: Database, audit: Audit, *, containers: Containers, network: str) -> None:
        self._database, self._audit = database, audit
        self._containers, self._network = containers, network

    def facts(self, actor: Actor) -> HostFacts:
        demand(actor, Permission.CONTAINER_VIEW)
        return self._containers.host.facts()

    def others(self, actor: Actor) -> tuple[OtherContainer, ...] | None:
        """Containers of others on the same engine; None unless the gate was told to show them."""
        demand(actor, Permission.CONTAINER_VIEW, EVERYWHERE)
        return self._containers.host.others()

    def images(self, actor: Actor) -> tuple[ImageUse, ...]:
        """The newest first."""
        demand(actor, Permission.CONTAINER_VIEW, EVERYWHERE)
        ours, others = self._containers.list(), self._containers.host.others() or ()
        with self._database.reading() as session:
            released = releases.by_image(session)
        foreign = [other.image_id.removeprefix("sha256:") for other in others]
        found = [_image_use(image, ours, released.get(image.id, ())) for image in self._containers.images()]
        counted = [(use, foreign.count(use.id.removeprefix("sha256:"))) for use in found]
        uses = [_with_others(use, count) for use, count in counted]
        return tuple(sorted(uses, key=lambda use: use.created_at.timestamp() if use.created_at else 0.0, reverse=True))

    def volumes(self, actor: Actor) -> tuple[VolumeUse, ...]:
        demand(actor, Permission.CONTAINER_VIEW, EVERYWHERE)
        ours = self._containers.list()
        uses = ((volume, _names(ours, lambda c, v=volume: v.name in c.volumes)) for volume in self._volumes())
        return tuple(VolumeUse(volume, names, "volume_in_use" if names else "") for volume, names in uses)

    def networks(self, actor: Actor) -> tuple[NetworkUse, ...]:
        demand(actor, Permission.CONTAINER_VIEW, EVERYWHERE)
        ours = self._containers.list()
        found = sorted(self._containers.host.networks(), key=lambda network: network.name)
        uses = ((network, _names(ours, lambda c, n=network: n.name in c.networks)) for network in found)
        return tuple(NetworkUse(network, names, self._network_refusal(network.name, names)) for network, names in uses)

    def remove_image(self, actor: Actor, image_id: str, *, confirmed: str, reason: str) -> None:
        """`confirmed` repeats the first name of the image (or its short id). Invalid("not_confirmed"),
        Conflict("image_in_use" | "image_released"), NotFound("image_missing").
        """
        self._check(actor, reason)
        use = next((use for use in self.images(actor) if use.id == image_id), None)
        if use is None:
            raise NotFound("image_missing", image=image_id)
        _confirm(image_name(use), confirmed)
        if use.refusal:
            raise Conflict(use.refusal, image=image_name(use))
        image = self._containers.image(image_id)
        self._remove(
            actor, ("image", image_name(use)), lambda: self._containers.host.remove_image(image), reason=reason
        )

    def remove_volume(self, actor: Actor, name: str, *, confirmed: str, reason: str) -> None:
        """Conflict("volume_in_use"), NotFound("volume_missing"), Invalid("not_confirmed")."""
        self._check(actor, reason)
        use = next((use for use in self.volumes(actor) if use.volume.name == name), None)
        if use is None:
            raise NotFound("volume_missing", name=name)
        _confirm(name, confirmed)
        if use.refusal:
            raise Conflict(use.refusal, name=name)
        self._remove(actor, ("volume", name), lambda: self._containers.host.remove_volume(name), reason=reason)

    def remove_network(self, actor: Actor, name: str, *, confirmed: str, reason: str) -> None:
        """Conflict("network_in_use"), Refused("network_needed"), NotFound("network_missing")."""
        self._check(actor, reason)
        use = next((use for use in self.networks(actor) if use.network.name == name), None)
        if use is None:
            raise NotFound("network_missing", name=name)
        _confirm(name, confirmed)
        if use.refusal:
            raise (Refused if use.refusal == "network_needed" else Conflict)(use.refusal, name=name)
        self._remove(actor, ("network", name), lambda: self._containers.host.remove_network(name), reason=reason)

    def _check(self, actor: Actor, reason: str) -> None:
        check_reason(reason)
        demand(actor, Permission.CONTAINER_CONTROL, EVERYWHERE)

    def _remove(self, actor: Actor, target: tuple[str, str], remove: Callable[[], None], *, reason: str) -> None:
        """The trail has it before it happens, and once more if it fails."""
        kind, name = target
        self._record(AuditEntry(actor.name, actor.kind, f"{kind}.removed", kind, name, reason=reason))
        try:
            remove()
        except PortalError as error:
            params = {"code": error.code}
            self._record(AuditEntry(actor.name, actor.kind, f"{kind}.remove_failed", kind, name, params=params))
            raise

    def _record(self, entry: AuditEntry) -> None:
        with self._database.transaction() as session:
            self._audit.record(session, entry)

    def _volumes(self) -> list[Volume]:
        return sorted(self._containers.host.volumes(), key=lambda volume: volume.name)

    def _network_refusal(self, name: str, users: tuple[str, ...]) -> str:
        if name == self._network:
            return "network_needed"
        return "network_in_use" if users else ""


def image_name(use: ImageUse) -> str:
    """Its first tag, or the beginning of its id."""
    return use.tags[0] if use.tags else use.id.removeprefix("sha256:")[:12]


def _image_use(image: Image, ours: tuple[Container, ...], released: tuple[str, ...]) -> ImageUse:
    users = _names(ours, lambda container: container.image == image.id)
    refusal = "image_in_use" if users else "image_released" if released else ""
    return ImageUse(image.id, image.tags, image.size_bytes, image.created_at, users, released, refusal=refusal)


def _with_others(use: ImageUse, count: int) -> ImageUse:
    return replace(use, others=count, refusal=use.refusal or ("image_in_use" if count else ""))


def _names(containers: tuple[Container, ...], uses: Callable[[Container], bool]) -> tuple[str, ...]:
    return tuple(sorted(container.name for container in containers if uses(container)))


def _confirm(name: str, confirmed: str) -> None:
    if confirmed != name:
        raise Invalid("not_confirmed", field="confirmed", name=name)
