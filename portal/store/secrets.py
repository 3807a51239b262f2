"""Secrets and their sealed versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlmodel import Session, col, delete, select

from portal.domain.errors import NotFound
from portal.domain.page import Page, bounded
from portal.domain.secret import (
    DUE_SOON,
    Secret,
    SecretForm,
    SecretOrder,
    SecretQuery,
    SecretUse,
    SecretVersion,
    VersionState,
    due_state,
    target_of,
)
from portal.domain.secret_rotation import Rotation
from portal.store.documents import from_document, to_document
from portal.store.tables import ReplicaRow
from portal.store.tables_secrets import SecretPinRow, SecretRow, SecretVersionRow


def row(session: Session, environment: str, name: str) -> SecretRow:
    """NotFound("secret_missing")."""
    wanted = select(SecretRow).where(SecretRow.environment == environment, SecretRow.name == name)
    found = session.exec(wanted).first()
    if found is None:
        raise NotFound("secret_missing", environment=environment, name=name)
    return found


def get(session: Session, environment: str, name: str) -> Secret:
    """With its versions and users. NotFound("secret_missing")."""
    return _whole(session, [row(session, environment, name)])[0]


def by_id(session: Session, secret_id: int) -> Secret:
    """NotFound("secret_missing")."""
    found = session.get(SecretRow, secret_id)
    if found is None:
        raise NotFound("secret_missing", environment="?", name=str(secret_id))
    return _whole(session, [found])[0]


def every(session: Session, environment: str = "", *, within: Collection[str] | None = None) -> list[Secret]:
    """By environment and name; of one environment, or of those in `within`."""
    wanted = select(SecretRow).order_by(col(SecretRow.environment), col(SecretRow.name))
    if environment:
        wanted = wanted.where(SecretRow.environment == environment)
    if within is not None:
        wanted = wanted.where(col(SecretRow.environment).in_(sorted(within)))
    return _whole(session, list(session.exec(wanted)))


def page(session: Session, query: SecretQuery, now: datetime, *, within: Collection[str] | None) -> Page[Secret]:
    """There are few enough of them to be sorted here."""
    offset, limit = bounded(query.offset, query.limit)
    found = [one for one in every(session, query.environment, within=within) if _fits(one, query, now)]
    found.sort(key=lambda one: (one.name, one.environment), reverse=query.sort == "-name")
    far = datetime.max.replace(tzinfo=now.tzinfo)
    if query.sort == "due":
        found.sort(key=lambda one: one.due_at or far)
    elif query.sort == "-age":
        found.sort(key=lambda one: one.current.created_at if one.current else far)
    return Page(tuple(found[offset : offset + limit]), len(found), offset, limit)


def _fits(secret: Secret, query: SecretQuery, now: datetime) -> bool:
    state = due_state(secret, now)
    is_state = not query.state or state == query.state or (query.state == "due" and state == "overdue")
    looked_in = f"{secret.name} {secret.service} {secret.description} {secret.target}".lower()
    return (
        is_state
        and query.service in ("", secret.service)
        and query.form in ("", secret.form)
        and all(word in looked_in for word in query.text.lower().split())
    )


def _whole(session: Session, rows: list[SecretRow]) -> list[Secret]:
    ids = [one.id or 0 for one in rows]
    wanted = select(SecretVersionRow).where(col(SecretVersionRow.secret_id).in_(ids))
    versions: dict[int, list[SecretVersion]] = {}
    for each in session.exec(wanted.order_by(col(SecretVersionRow.number).desc())):
        versions.setdefault(each.secret_id, []).append(_version(each))
    uses = _uses(session, ids)
    return [_secret(one, versions.get(one.id or 0, []), uses.get(one.id or 0, [])) for one in rows]


def _uses(session: Session, ids: Iterable[int]) -> dict[int, list[SecretUse]]:
    same_place = (
        (col(ReplicaRow.service) == col(SecretPinRow.service))
        & (col(ReplicaRow.environment) == col(SecretPinRow.environment))
        & (col(ReplicaRow.slot) == col(SecretPinRow.slot))
    )
    wanted = (
        select(SecretPinRow.secret_id, SecretPinRow.version, ReplicaRow.name, ReplicaRow.service)
        .join(ReplicaRow, same_place)
        .where(col(SecretPinRow.secret_id).in_(list(ids)))
    )
    found: dict[int, list[SecretUse]] = {}
    for secret_id, version, name, service in session.exec(wanted.order_by(col(ReplicaRow.name))):
        found.setdefault(secret_id, []).append(SecretUse(name, service, version))
    return found


def _secret(one: SecretRow, versions: list[SecretVersion], uses: list[SecretUse]) -> Secret:
    return Secret(
        id=one.id or 0,
        environment=one.environment,
        name=one.name,
        service=one.service,
        form=SecretForm(one.form),
        target=one.target,
        description=one.description,
        rotation=from_document(Rotation, one.rotation),
        created_at=one.created_at,
        created_by=one.created_by,
        versions=tuple(versions),
        used_by=tuple(uses),
    )


def _version(one: SecretVersionRow) -> SecretVersion:
    names = ("number", "created_at", "created_by", "origin", "size_bytes", "used_since", "revoked_at")
    return SecretVersion(state=VersionState(one.state), **{name: getattr(one, name) for name in names})


def add(session: Session, order: SecretOrder, now: datetime, *, by: str) -> SecretRow:
    made = SecretRow(environment=order.environment, name=order.name, form="", target="", created_at=now, created_by=by)
    fill(made, order)
    session.add(made)
    session.flush()
    return made


def fill(one: SecretRow, order: SecretOrder) -> None:
    """Everything but environment and name."""
    one.service, one.form, one.target = order.service, str(order.form), target_of(order)
    one.description, one.rotation = order.description.strip(), to_document(order.rotation)


def version_row(session: Session, secret_id: int, number: int) -> SecretVersionRow:
    """NotFound("secret_version_missing")."""
    found = session.get(SecretVersionRow, (secret_id, number))
    if found is None:
        raise NotFound("secret_version_missing", version=number)
    return found


def version_rows(session: Session, secret_id: int) -> list[SecretVersionRow]:
    """The newest first."""
    wanted = select(SecretVersionRow).where(SecretVersionRow.secret_id == secret_id)
    return list(session.exec(wanted.order_by(col(SecretVersionRow.number).desc())))


def use_version(session: Session, secret_id: int, number: int, now: datetime) -> None:
    """It is the current one from now on; the one before it is previous."""
    for one in version_rows(session, secret_id):
        if one.number == number:
            one.state, one.used_since = VersionState.CURRENT, now
        elif one.state == VersionState.CURRENT:
            one.state = VersionState.PREVIOUS
        session.add(one)
    session.flush()


def revoke_version(session: Session, one: SecretVersionRow, now: datetime) -> None:
    """Its value is gone."""
    one.state, one.sealed, one.revoked_at = VersionState.REVOKED, "", now
    session.add(one)
    session.flush()


def forget_versions(session: Session, secret_id: int, *, kept: int) -> None:
    """Revoked ones past the newest so many."""
    for one in version_rows(session, secret_id)[kept:]:
        if one.state == VersionState.REVOKED:
            session.delete(one)
    session.flush()


def remove(session: Session, one: SecretRow) -> None:
    session.exec(delete(SecretPinRow).where(col(SecretPinRow.secret_id) == one.id))
    session.exec(delete(SecretVersionRow).where(col(SecretVersionRow.secret_id) == one.id))
    session.delete(one)
    session.flush()


def is_due_before(secret: Secret, now: datetime) -> bool:
    return secret.due_at is not None and secret.due_at - now <= DUE_SOON
