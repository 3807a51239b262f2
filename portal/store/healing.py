"""Containers that came to harm, and what may be done in an environment without asking."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, delete, select

from portal.domain.healing import Ailment, Case, HealingMode, Mode
from portal.store.tables_drift import HealingCaseRow, HealingModeRow


def _case(row: HealingCaseRow) -> Case:
    values: dict[str, Any] = row.model_dump()
    values["ailment"] = Ailment(row.ailment)
    return Case(**values)


def cases(session: Session) -> dict[str, Case]:
    """By the name of the container."""
    return {row.name: _case(row) for row in session.exec(select(HealingCaseRow))}


def put(session: Session, case: Case) -> None:
    session.merge(HealingCaseRow(**{name: getattr(case, name) for name in Case.__slots__}))
    session.flush()


def forget(session: Session, name: str) -> None:
    session.exec(delete(HealingCaseRow).where(col(HealingCaseRow.name) == name))


def modes(session: Session) -> dict[str, HealingMode]:
    """By environment; where nothing is said, what keeps services from serving is put right."""
    return {row.environment: HealingMode(row.mode) for row in session.exec(select(HealingModeRow))}


def put_mode(session: Session, chosen: Mode) -> None:
    session.merge(HealingModeRow(**{name: getattr(chosen, name) for name in Mode.__slots__}))
    session.flush()
