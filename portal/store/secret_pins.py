"""Which version of each secret the containers of a slot were given, from the first of them to the last."""

from __future__ import annotations

import secrets as randomness
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from portal.domain.deployment import Replica
from portal.domain.secret import Secret, SecretForm
from portal.store import secrets as store
from portal.store.tables import ReplicaRow
from portal.store.tables_secrets import SecretPinRow, SecretSlotRow

Place = tuple[str, str, str]
"""Service, environment and slot."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A version of a secret, and where the containers of a slot find it."""

    secret_id: int
    version: int
    form: SecretForm
    target: str


@dataclass(frozen=True, slots=True)
class SecretSlot:
    """`holder` keeps the files in memory; `life` is the life of it into which they were put."""

    place: Place
    holder: str
    image: str
    life: str
    pins: tuple[Pin, ...]

    @property
    def files(self) -> tuple[Pin, ...]:
        return tuple(pin for pin in self.pins if pin.form is SecretForm.FILE)


def place_of(replica: Replica) -> Place:
    return replica.service, replica.environment, str(replica.slot)


def pin(session: Session, replica: Replica, now: datetime) -> None:
    """Before the first container of a slot is made: it and those after it get the versions that are current now.

    A slot whose containers were made without secrets stays so until they are gone.
    """
    place = place_of(replica)
    service, environment, _ = place
    if _has_others(session, place, but=replica.name):
        return
    retire(session, place)
    wanted = _wanted(session, place)
    if not wanted:
        return
    holder = f"cfp-{service}-{environment}-secrets-{randomness.token_hex(4)}"
    session.add(SecretSlotRow(holder=holder, **_values(place), image=replica.image, at=now))
    session.add_all(_row(place, one) for one in wanted)
    session.flush()


def _named(place: Place) -> dict[str, str]:
    return dict(zip(("service", "environment", "slot"), place, strict=True))


def _values(place: Place) -> dict[str, Any]:
    return dict(_named(place))


def _has_others(session: Session, place: Place, *, but: str = "") -> bool:
    mine = [getattr(ReplicaRow, name) == value for name, value in _named(place).items()]
    return session.exec(select(ReplicaRow.name).where(*mine, ReplicaRow.name != but).limit(1)).first() is not None


def retire(session: Session, place: Place) -> None:
    """Nobody is given anything there any more; the holder is taken away later."""
    row = _live_row(session, place)
    if row is not None:
        row.is_retired = True
        session.add(row)
    session.exec(delete(SecretPinRow).where(*(getattr(SecretPinRow, n) == v for n, v in _named(place).items())))
    session.flush()


def _live_row(session: Session, place: Place) -> SecretSlotRow | None:
    mine = [getattr(SecretSlotRow, name) == value for name, value in _named(place).items()]
    return session.exec(select(SecretSlotRow).where(*mine, col(SecretSlotRow.is_retired).is_(False))).first()


def _row(place: Place, secret: Secret) -> SecretPinRow:
    assert secret.current is not None
    return SecretPinRow(
        **_values(place),
        secret_id=secret.id,
        version=secret.current.number,
        form=secret.form,
        target=secret.target,
    )


def slot_of(session: Session, place: Place) -> SecretSlot | None:
    row = _live_row(session, place)
    return None if row is None else _slot(session, row)


def places(session: Session, secret_id: int) -> tuple[Place, ...]:
    """The slots whose containers were given the secret."""
    rows = session.exec(select(SecretPinRow).where(SecretPinRow.secret_id == secret_id))
    return tuple((row.service, row.environment, row.slot) for row in rows)


def is_behind(session: Session, place: Place) -> bool:
    """Whether containers that are made now would be given something else than those of the slot were."""
    slot = slot_of(session, place)
    pins = slot.pins if slot else ()
    given = {(pin.secret_id, pin.version, pin.form, pin.target) for pin in pins}
    return given != {
        (one.id, one.current.number, one.form, one.target) for one in _wanted(session, place) if one.current
    }


def _wanted(session: Session, place: Place) -> list[Secret]:
    service, environment, _ = place
    return [one for one in store.every(session, environment) if one.service in ("", service) and one.current]


def is_any(session: Session) -> bool:
    """Whether any container is, or was until now, given a secret."""
    return session.exec(select(SecretSlotRow.holder).limit(1)).first() is not None


def slots(session: Session) -> tuple[SecretSlot, ...]:
    """Those that are in use."""
    wanted = select(SecretSlotRow).where(col(SecretSlotRow.is_retired).is_(False))
    return tuple(_slot(session, row) for row in session.exec(wanted.order_by(col(SecretSlotRow.holder))))


def _slot(session: Session, row: SecretSlotRow) -> SecretSlot:
    place = (row.service, row.environment, row.slot)
    mine = [getattr(SecretPinRow, name) == value for name, value in _named(place).items()]
    rows = session.exec(select(SecretPinRow).where(*mine).order_by(col(SecretPinRow.target)))
    pins = tuple(Pin(pin.secret_id, pin.version, SecretForm(pin.form), pin.target) for pin in rows)
    return SecretSlot(place, row.holder, row.image, row.life, pins)


def note_filled(session: Session, holder: str, life: str) -> None:
    row = session.get(SecretSlotRow, holder)
    if row is not None:
        row.life = life
        session.add(row)


def move_files(session: Session, secret_id: int, version: int) -> tuple[Place, ...]:
    """Slots that have the secret as a file get this version of it; the files themselves have to be put in after."""
    wanted = select(SecretPinRow).where(SecretPinRow.secret_id == secret_id, SecretPinRow.form == SecretForm.FILE)
    rows = list(session.exec(wanted))
    for row in rows:
        row.version = version
        session.add(row)
    session.flush()
    places = tuple((row.service, row.environment, row.slot) for row in rows)
    for place in places:
        slot = _live_row(session, place)
        if slot is not None:
            slot.life = ""
            session.add(slot)
    return places


def retired(session: Session) -> tuple[str, ...]:
    """The holders of slots that have no container any more, those found just now among them."""
    for slot in slots(session):
        if not _has_others(session, slot.place):
            retire(session, slot.place)
    wanted = select(SecretSlotRow.holder).where(col(SecretSlotRow.is_retired).is_(True))
    return tuple(session.exec(wanted.limit(100)))


def forget(session: Session, holder: str) -> None:
    row = session.get(SecretSlotRow, holder)
    if row is not None:
        session.delete(row)
