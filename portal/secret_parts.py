"""Puts together where the master key comes from: part of the wiring."""

from __future__ import annotations

from portal.settings import Settings
from portal.store.key_ring import KeyRing
from portal.store.master_key import key_of_text


def key_ring(settings: Settings) -> KeyRing | None:
    """The file of the master key; None if it comes from the settings."""
    return None if settings.secret_key is not None else KeyRing(settings.data / "secret.key")


def master_keys(settings: Settings) -> tuple[bytes, ...]:
    """The newest first: from the settings, or the file that is made the first time."""
    ring = key_ring(settings)
    if ring is not None:
        return ring.keys()
    old = () if settings.old_secret_key is None else (key_of_text(settings.old_secret_key),)
    return (key_of_text(settings.secret_key or ""), *old)


def newest_master_key(settings: Settings) -> bytes:
    return master_keys(settings)[0]
