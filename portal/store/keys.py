"""Small secrets that the portal makes for itself once and keeps."""

from __future__ import annotations

import secrets

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from portal.store.tables import PortalKeyRow


def ensure_key(session: Session, name: str, *, size_bytes: int = 32) -> bytes:
    """The key of this name; made of random bytes the first time, even if several processes ask at once."""
    row = session.get(PortalKeyRow, name)
    if row is not None:
        return row.value
    made = PortalKeyRow(name=name, value=secrets.token_bytes(size_bytes))
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        found = session.get(PortalKeyRow, name)
        assert found is not None, "somebody else has just made it"
        return found.value
    return made.value
