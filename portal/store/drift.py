"""What was found to be otherwise than it should be, and the rules by which some of it is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, delete, select

from portal.domain.drift import Ending, Finding, Look, Origin, Place, Rule, Subject, rule_for
from portal.domain.errors import NotFound
from portal.store.tables_drift import DriftFindingRow, DriftLookRow, DriftRuleRow

MOST_ENDED = 500


def key_of(place: Place, field: str) -> str:
    return f"{place.subject}:{place.name}:{field}"


def _finding(row: DriftFindingRow) -> Finding:
    return Finding(
        id=row.id or 0,
        place=Place(Subject(row.subject), row.name, row.environment, row.service),
        field=row.field,
        desired=row.desired,
        actual=row.actual,
        origin=Origin(row.origin),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        ended_at=row.ended_at,
        ending=Ending(row.ending) if row.ending else None,
        ended_by=row.ended_by,
    )


def open_findings(session: Session) -> dict[str, Finding]:
    """Those that have not ended, by what they are about."""
    rows = session.exec(select(DriftFindingRow).where(col(DriftFindingRow.open_key).is_not(None)))
    return {row.open_key or "": _finding(row) for row in rows}


def findings(session: Session, look: str, now: datetime) -> list[Finding]:
    """Open ones and those left alone, each with its rule; or the newest of those that ended."""
    if look == Look.ENDED:
        ended = select(DriftFindingRow).where(col(DriftFindingRow.ended_at).is_not(None))
        rows = session.exec(ended.order_by(col(DriftFindingRow.ended_at).desc()).limit(MOST_ENDED))
        return [_finding(row) for row in rows]
    return ruled(session, open_findings(session).values(), now)


def ruled(session: Session, every: Iterable[Finding], now: datetime) -> list[Finding]:
    """Each with the rule by which it is left alone, if there is one."""
    known = rules(session)
    fitting = ((finding, rule_for(finding, known, now)) for finding in every)
    return [replace(finding, rule=rule.id) if rule else finding for finding, rule in fitting]


def finding(session: Session, finding_id: int, now: datetime) -> Finding:
    """NotFound("finding_missing")."""
    row = session.get(DriftFindingRow, finding_id)
    if row is None:
        raise NotFound("finding_missing", id=finding_id)
    found = _finding(row)
    return found if found.ended_at else ruled(session, [found], now)[0]


def add(session: Session, found: Finding) -> int:
    row = DriftFindingRow(
        open_key=key_of(found.place, found.field),
        subject=found.place.subject,
        name=found.place.name,
        environment=found.place.environment,
        service=found.place.service,
        field=found.field,
        desired=found.desired,
        actual=found.actual,
        origin=found.origin,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
    )
    session.add(row)
    session.flush()
    return row.id or 0


def see_again(session: Session, found: Finding) -> None:
    """Its values as they are now, and when they were seen."""
    row = session.get(DriftFindingRow, found.id)
    if row is not None:
        row.desired, row.actual, row.origin, row.last_seen = found.desired, found.actual, found.origin, found.last_seen
        session.add(row)


def end(session: Session, finding_id: int, ending: Ending, *, by: str, at: datetime) -> bool:
    """Whether it was open."""
    row = session.get(DriftFindingRow, finding_id)
    if row is None or row.open_key is None:
        return False
    row.open_key, row.ending, row.ended_by, row.ended_at = None, ending, by, at
    session.add(row)
    session.flush()
    return True


def forget_before(session: Session, moment: datetime) -> None:
    """Findings that ended and rules that ran out before then."""
    session.exec(delete(DriftFindingRow).where(col(DriftFindingRow.ended_at) < moment))
    session.exec(delete(DriftRuleRow).where(col(DriftRuleRow.expires_at) < moment))


def _rule(row: DriftRuleRow) -> Rule:
    return Rule(row.id or 0, row.environment, row.service, row.field, row.reason, row.by, row.at, row.expires_at)


def rules(session: Session) -> tuple[Rule, ...]:
    return tuple(_rule(row) for row in session.exec(select(DriftRuleRow).order_by(col(DriftRuleRow.id))))


def rule(session: Session, rule_id: int) -> Rule:
    """NotFound("rule_missing")."""
    row = session.get(DriftRuleRow, rule_id)
    if row is None:
        raise NotFound("rule_missing", id=rule_id)
    return _rule(row)


def add_rule(session: Session, wanted: Rule) -> Rule:
    values = {name: getattr(wanted, name) for name in Rule.__slots__ if name != "id"}
    row = DriftRuleRow(**values)
    session.add(row)
    session.flush()
    return _rule(row)


def remove_rule(session: Session, rule_id: int) -> None:
    session.exec(delete(DriftRuleRow).where(col(DriftRuleRow.id) == rule_id))


def put_look(session: Session, environment: str, *, points: int, at: datetime) -> None:
    session.merge(DriftLookRow(environment=environment, points=points, at=at))


def looks(session: Session) -> dict[str, tuple[int, datetime]]:
    """How much was compared at the last look at each environment, and when that was."""
    return {row.environment: (row.points, row.at) for row in session.exec(select(DriftLookRow))}
