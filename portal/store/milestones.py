"""What happens to a portal once: the steps of its set-up, and its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.store.tables_milestones import MilestoneRow


def reached(session: Session, prefix: str) -> frozenset[str]:
    """The names that begin so, without their beginning."""
    wanted = select(MilestoneRow.name).where(col(MilestoneRow.name).startswith(prefix, autoescape=True))
    return frozenset(name.removeprefix(prefix) for name in session.exec(wanted))


def reach(session: Session, name: str, *, by: str, at: datetime) -> bool:
    """Whether it is the first time."""
    if session.get(MilestoneRow, name) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(MilestoneRow(name=name, by=by, at=at))
    except IntegrityError:
        return False  # somebody else has just done it
    return True
