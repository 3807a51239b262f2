"""Releases in a list and on their own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.deployment import Deployment
from portal.domain.release import Release
from portal.web.addresses import release_address
from portal.web.notes import notes_html
from portal.web.presenters.marks import environment_words, epoch
from portal.web.presenters.rollout import Change
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """`where` are the environments in which it runs now."""

    service: str
    version: str
    href: str
    image: str
    commit: str
    summary: str
    created_by: str
    created_at: float
    is_pre_release: bool
    where: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    service: str = ""
    version: str = ""
    image: str = ""
    commit: str = ""
    notes_html: str = ""
    created_by: str = ""
    created_at: float = 0.0
    is_irreversible: bool = False
    is_pre_release: bool = False
    signatures: Words = Words()


@dataclass(frozen=True, slots=True)
class Place:
    """Where it runs: an environment, and since when."""

    environment: Words
    replicas: int
    by: str
    at: float
    href: str


def release_line(release: Release, deployments: Sequence[Deployment]) -> ReleaseLine:
    runs = [d for d in deployments if (d.service, d.version) == (release.service, release.version)]
    return ReleaseLine(
        service=release.service,
        version=release.version,
        href=release_address(release.service, release.version),
        image=release.short_image,
        commit=release.commit[:10],
        summary=release.summary[:160],
        created_by=release.created_by,
        created_at=epoch(release.created_at),
        is_pre_release=bool(release.semver.pre_release),
        where=tuple(environment_words(d.environment) for d in runs),
    )


def release_card(release: Release) -> ReleaseCard:
    count = len(release.signatures)
    return ReleaseCard(
        service=release.service,
        version=release.version,
        image=release.image,
        commit=release.commit,
        notes_html=notes_html(release.notes),
        created_by=release.created_by,
        created_at=epoch(release.created_at),
        is_irreversible=release.is_irreversible,
        is_pre_release=bool(release.semver.pre_release),
        signatures=words("release.signatures", n=count) if count else words("release.unsigned"),
    )


def places(deployments: Sequence[Deployment]) -> list[Place]:
    return [
        Place(
            environment_words(d.environment),
            d.replicas,
            d.deployed_by,
            epoch(d.deployed_at),
            f"/rollouts/{d.rollout_id}" if d.rollout_id else "",
        )
        for d in deployments
    ]


def differences(before: Release | None, release: Release) -> list[Change]:
    """What is different from the release before it."""
    if before is None:
        return []
    pairs = [
        ("change.image", before.short_image, release.short_image),
        ("change.commit", before.commit[:10], release.commit[:10]),
        ("change.author", before.created_by, release.created_by),
    ]
    return [Change(words(key), old, new) for key, old, new in pairs if old != new]
