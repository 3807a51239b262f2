"""Releases: added once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.domain.errors import Conflict, NotFound
from portal.domain.lists import ReleaseQuery
from portal.domain.page import Page, bounded
from portal.domain.release import Release, Signature
from portal.store.list_queries import release_rows, search_text
from portal.store.tables import ReleaseRow


def _release(row: ReleaseRow) -> Release:
    return Release(
        service=row.service,
        version=row.version,
        image=row.image,
        commit=row.commit,
        notes=row.notes,
        created_by=row.created_by,
        created_at=row.created_at,
        is_irreversible=row.is_irreversible,
        signatures=tuple(Signature(**s) for s in row.signatures),
    )


def add(session: Session, release: Release, now: datetime) -> None:
    """Conflict("release_exists") if the version was released before: a release is immutable."""
    signatures = [{"payload": s.payload, "signature": s.signature} for s in release.signatures]
    row = ReleaseRow(
        service=release.service,
        version=release.version,
        image=release.image,
        commit=release.commit,
        notes=release.notes,
        created_by=release.created_by,
        created_at=now,
        is_irreversible=release.is_irreversible,
        signatures=signatures,
        version_key=release.semver.sort_key,
        search=_search(release),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("release_exists", service=release.service, version=release.version) from None


def _search(release: Release) -> str:
    words = (release.service, release.version, release.commit, release.created_by, release.notes)
    return search_text(*words)


def get(session: Session, service: str, version: str) -> Release:
    """NotFound("release_missing")."""
    found = select(ReleaseRow).where(ReleaseRow.service == service, ReleaseRow.version == version)
    row = session.exec(found).first()
    if row is None:
        raise NotFound("release_missing", service=service, version=version)
    return _release(row)


def of_numbers(session: Session, numbers: Sequence[int]) -> tuple[Release, ...]:
    """Those with these numbers, in this order."""
    rows = {row.id: row for row in session.exec(select(ReleaseRow).where(col(ReleaseRow.id).in_(numbers)))}
    return tuple(_release(rows[number]) for number in numbers if number in rows)


def page(session: Session, query: ReleaseQuery) -> Page[Release]:
    """Those that fit, in the order asked for. Invalid("sort_bad")."""
    rows, total = release_rows(session, query)
    return Page(tuple(_release(row) for row in rows), total, *bounded(query.offset, query.limit))


def before(session: Session, release: Release) -> Release | None:
    """The release of the same service that was made just before this one."""
    wanted = (
        select(ReleaseRow)
        .where(ReleaseRow.service == release.service, col(ReleaseRow.created_at) < release.created_at)
        .order_by(col(ReleaseRow.created_at).desc())
    )
    row = session.exec(wanted).first()
    return _release(row) if row else None


def by_image(session: Session) -> dict[str, tuple[str, ...]]:
    """Which releases ("service version") are bound to which image."""
    found: dict[str, tuple[str, ...]] = {}
    for service, version, image in session.exec(select(ReleaseRow.service, ReleaseRow.version, ReleaseRow.image)):
        found[image] = (*found.get(image, ()), f"{service} {version}")
    return found


def made_between(session: Session, service: str, ends: tuple[Release, Release], *, limit: int) -> tuple[Release, ...]:
    """The releases with a version between the two, the highest first."""
    low, high = (end.semver.sort_key for end in ends)
    wanted = select(ReleaseRow).where(
        ReleaseRow.service == service, col(ReleaseRow.version_key) > low, col(ReleaseRow.version_key) < high
    )
    return tuple(
        _release(row) for row in session.exec(wanted.order_by(col(ReleaseRow.version_key).desc()).limit(limit))
    )
