"""Users with their grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.domain.access import EVERYWHERE, Grant, Role
from portal.domain.errors import Conflict, NotFound
from portal.domain.identity import User, UserQuery
from portal.domain.page import LONGEST_PAGE, Page, bounded
from portal.store.tables_identity import GrantRow, UserRow


def row(session: Session, name: str) -> UserRow:
    """NotFound("user_missing"). Locked until the transaction ends, so that a check of it still holds then."""
    found = session.exec(select(UserRow).where(UserRow.name == name).with_for_update()).first()
    if found is None:
        raise NotFound("user_missing", user=name[:80])
    return found


def find(session: Session, name: str) -> UserRow | None:
    return session.get(UserRow, name)


def user(session: Session, name: str) -> User:
    """NotFound("user_missing")."""
    found = find(session, name)
    if found is None:
        raise NotFound("user_missing", user=name[:80])
    return _user(found, grants(session, name))


def users(session: Session) -> tuple[User, ...]:
    """All of them by name."""
    return _with_grants(session, session.exec(select(UserRow).order_by(UserRow.name)).all())


def page(session: Session, query: UserQuery, now: datetime) -> Page[User]:
    """Those that the query wants, in its order; equal ones by name."""
    offset, limit = bounded(query.offset, query.limit)
    wanted = select(UserRow).where(*_conditions(query, now))
    total = session.exec(select(func.count()).select_from(wanted.subquery())).one()
    column = col(getattr(UserRow, query.sort.removeprefix("-")))
    order = column.desc().nulls_last() if query.sort.startswith("-") else column.asc().nulls_last()
    rows = session.exec(wanted.order_by(order, col(UserRow.name)).offset(offset).limit(limit)).all()
    return Page(_with_grants(session, rows), total, offset, limit)


def _conditions(query: UserQuery, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.text:
        columns = (UserRow.name, UserRow.display_name)
        conditions.append(or_(*(col(c).icontains(query.text[:100], autoescape=True) for c in columns)))
    granted = [
        col(column) == value
        for column, value in ((GrantRow.role, query.role), (GrantRow.environment, query.environment))
        if value
    ]
    if granted:
        conditions.append(exists().where(col(GrantRow.user) == col(UserRow.name), *granted))
    states = {
        "active": col(UserRow.is_disabled).is_(False),
        "disabled": col(UserRow.is_disabled).is_(True),
        "locked": col(UserRow.locked_until) > now,
        "invited": col(UserRow.signed_in_at).is_(None),
    }
    return [*conditions, states[query.state]] if query.state in states else conditions


def _with_grants(session: Session, rows: Iterable[UserRow]) -> tuple[User, ...]:
    shown = list(rows)
    of: dict[str, list[Grant]] = defaultdict(list)
    wanted = select(GrantRow).order_by(GrantRow.environment, GrantRow.role)
    if len(shown) <= LONGEST_PAGE:
        wanted = wanted.where(col(GrantRow.user).in_([row.name for row in shown]))
    for row in session.exec(wanted):
        of[row.user].append(_grant(row))
    return tuple(_user(row, tuple(of[row.name])) for row in shown)


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(UserRow)).one()


def add(session: Session, new: UserRow, given: tuple[Grant, ...]) -> None:
    """Conflict("user_exists")."""
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        raise Conflict("user_exists", user=new.name) from None
    set_grants(session, new.name, given)


def grants(session: Session, name: str) -> tuple[Grant, ...]:
    wanted = select(GrantRow).where(GrantRow.user == name).order_by(GrantRow.environment, GrantRow.role)
    return tuple(_grant(row) for row in session.exec(wanted))


def set_grants(session: Session, name: str, given: tuple[Grant, ...]) -> None:
    session.exec(delete(GrantRow).where(col(GrantRow.user) == name))
    session.add_all(GrantRow(user=name, role=grant.role, environment=grant.environment) for grant in set(given))
    session.flush()


def administrators(session: Session) -> tuple[str, ...]:
    """The names of all users who may administer everything and are not disabled."""
    return tuple(session.exec(_administrators()))


def lock_administrators(session: Session) -> tuple[str, ...]:
    """The same; nobody else changes them until the transaction ends."""
    return tuple(session.exec(_administrators().with_for_update()))


def _administrators() -> SelectOfScalar[str]:
    return (
        select(UserRow.name)
        .join(GrantRow, col(GrantRow.user) == UserRow.name)
        .where(GrantRow.role == Role.ADMINISTRATOR, GrantRow.environment == EVERYWHERE)
        .where(col(UserRow.is_disabled).is_(False))
        .order_by(UserRow.name)
    )


def _grant(row: GrantRow) -> Grant:
    return Grant(Role(row.role), row.environment)


def _user(row: UserRow, given: tuple[Grant, ...]) -> User:
    return User(
        name=row.name,
        display_name=row.display_name,
        grants=given,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        is_disabled=row.is_disabled,
        is_password_temporary=row.is_password_temporary,
        has_password=bool(row.password_hash),
        has_second_factor=row.totp_since is not None,
        locked_until=row.locked_until,
    )
