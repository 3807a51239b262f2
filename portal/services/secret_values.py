"""Opens sealed values of secrets, for those services alone that hand them to containers or to one person."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from portal.domain.container import VolumeMount
from portal.domain.deployment import Replica
from portal.domain.errors import Refused
from portal.domain.secret import SecretForm, about
from portal.kit.redaction import conceal
from portal.services.secret_box import SecretBox
from portal.store import secret_pins
from portal.store import secrets as store
from portal.store.secret_pins import Pin


def opened(session: Session, box: SecretBox, secret_id: int, *, version: int) -> bytes:
    """The value of a version; from now on it is taken out of everything that this process logs or shows.

    NotFound("secret_missing" | "secret_version_missing"), Refused("secret_revoked").
    """
    secret = store.by_id(session, secret_id)
    row = store.version_row(session, secret_id, version)
    if not row.sealed:
        raise Refused("secret_revoked", version=version)
    value = box.open(row.sealed, about=about(secret_id, secret.environment, name=secret.name, version=version))
    conceal([value.decode("utf-8", "ignore").strip()])
    return value


def variables_of(session: Session, replica: Replica, box: SecretBox) -> Mapping[str, str]:
    """The secrets that this container is given as variables. The engine shows them to everybody who may ask it."""
    slot = secret_pins.slot_of(session, secret_pins.place_of(replica))
    pins = [] if slot is None else [pin for pin in slot.pins if pin.form is SecretForm.VARIABLE]
    return {pin.target: opened(session, box, pin.secret_id, version=pin.version).decode() for pin in pins}


def volumes_of(session: Session, replica: Replica) -> tuple[VolumeMount, ...]:
    """Where this container finds the secrets that it is given as files."""
    slot = secret_pins.slot_of(session, secret_pins.place_of(replica))
    return () if slot is None else volumes_in_memory(slot.holder, slot.files, is_read_only=True)


def volumes_in_memory(holder: str, pins: tuple[Pin, ...], *, is_read_only: bool) -> tuple[VolumeMount, ...]:
    """One volume a folder, each with a name of its own."""
    folders = sorted({pin.target.rpartition("/")[0] for pin in pins})
    return tuple(
        VolumeMount(f"{holder}-{number}", folder, is_read_only, is_in_memory=True)
        for number, folder in enumerate(folders, start=1)
    )
