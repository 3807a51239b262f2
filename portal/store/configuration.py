"""Versions of layers of settings, and snapshots of what containers were given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.domain.configuration import Value
from portal.domain.configuration_changes import Change, Snapshot
from portal.domain.configuration_layers import Layer, LayerKind, Scope
from portal.domain.configuration_version import Decision, Version, VersionState
from portal.domain.errors import NotFound
from portal.store.documents import from_document, to_document
from portal.store.tables_configuration import ConfigurationSnapshotRow, ConfigurationVersionRow

MOST_VERSIONS = 200
_PLAIN = ("number", "author", "reason", "at", "origin", "needed", "is_at_once")
_CHANGES, _DECISIONS = TypeAdapter(tuple[Change, ...]), TypeAdapter(tuple[Decision, ...])
_VALUES = TypeAdapter(dict[str, Value])


def layer(session: Session, scope: Scope) -> Layer:
    """As it is now; empty where nobody has set anything."""
    row = session.exec(_taken(scope).order_by(col(ConfigurationVersionRow.number).desc()).limit(1)).first()
    return Layer(scope, _VALUES.validate_python(row.document["values"]), row.number) if row else Layer(scope)


def _taken(scope: Scope) -> SelectOfScalar[ConfigurationVersionRow]:
    return select(ConfigurationVersionRow).where(
        ConfigurationVersionRow.scope == scope.id, ConfigurationVersionRow.state == VersionState.TAKEN
    )


def versions(session: Session, scopes: Sequence[Scope], *, limit: int = 50, offset: int = 0) -> tuple[Version, ...]:
    """Of these layers, taken, proposed and rejected, the newest first."""
    names = [scope.id for scope in scopes]
    wanted = select(ConfigurationVersionRow).where(col(ConfigurationVersionRow.scope).in_(names))
    page = wanted.order_by(col(ConfigurationVersionRow.id).desc()).offset(offset).limit(min(limit, MOST_VERSIONS))
    return tuple(_version(row) for row in session.exec(page))


def proposals(session: Session, *, limit: int = MOST_VERSIONS) -> tuple[Version, ...]:
    """What waits for approval anywhere, the longest waiting first."""
    wanted = select(ConfigurationVersionRow).where(ConfigurationVersionRow.state == VersionState.PROPOSED)
    return tuple(_version(r) for r in session.exec(wanted.order_by(col(ConfigurationVersionRow.id)).limit(limit)))


def version(session: Session, version_id: int) -> Version:
    """NotFound("version_missing")."""
    row = session.get(ConfigurationVersionRow, version_id, with_for_update=True)
    if row is None:
        raise NotFound("configuration_version_missing", id=version_id)
    return _version(row)


def numbered(session: Session, scope: Scope, number: int) -> Version:
    """NotFound("configuration_version_missing")."""
    row = session.exec(_taken(scope).where(ConfigurationVersionRow.number == number)).first()
    if row is None:
        raise NotFound("configuration_version_missing", id=number)
    return _version(row)


def newest_number(session: Session, scope: Scope) -> int:
    wanted = select(func.max(ConfigurationVersionRow.number)).where(ConfigurationVersionRow.scope == scope.id)
    return session.exec(wanted).one() or 0


def put_version(session: Session, value: Version) -> Version:
    """Kept anew (id 0), or as it is by now."""
    row = session.get(ConfigurationVersionRow, value.id) if value.id else None
    row = row or ConfigurationVersionRow(scope=value.scope.id, state="", author="", reason="", at=value.at, document={})
    for name in _PLAIN:
        setattr(row, name, getattr(value, name))
    row.state = value.state
    row.document = {
        "changes": _CHANGES.dump_python(value.changes, mode="json"),
        "values": dict(value.values),
        "decisions": _DECISIONS.dump_python(value.decisions, mode="json"),
    }
    session.add(row)
    session.flush()
    return _version(row)


def _version(row: ConfigurationVersionRow) -> Version:
    kind, _, name = row.scope.partition(":")
    assert row.id is not None
    return Version(
        id=row.id,
        scope=Scope(LayerKind(kind), name),
        state=VersionState(row.state),
        changes=_CHANGES.validate_python(row.document["changes"]),
        values=_VALUES.validate_python(row.document["values"]),
        decisions=_DECISIONS.validate_python(row.document["decisions"]),
        **{plain: getattr(row, plain) for plain in _PLAIN},
    )


def keep_snapshot(session: Session, place: tuple[str, str], shot: Snapshot, now: datetime) -> Snapshot:
    """With its number; one with the same content that is there already is given instead."""
    document = to_document(replace(shot, id=0, at=None))
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    same = select(ConfigurationSnapshotRow).where(
        ConfigurationSnapshotRow.service == place[0],
        ConfigurationSnapshotRow.environment == place[1],
        ConfigurationSnapshotRow.digest == digest,
    )
    row = session.exec(same).first()
    if row is None:
        row = ConfigurationSnapshotRow(service=place[0], environment=place[1], digest=digest, at=now, document=document)
        session.add(row)
        session.flush()
    return _snapshot(row)


def snapshot(session: Session, number: int) -> Snapshot:
    """NotFound("snapshot_missing")."""
    row = session.get(ConfigurationSnapshotRow, number)
    if row is None:
        raise NotFound("configuration_snapshot_missing", id=number)
    return _snapshot(row)


def _snapshot(row: ConfigurationSnapshotRow) -> Snapshot:
    return replace(from_document(Snapshot, row.document), id=row.id or 0, at=row.at)
