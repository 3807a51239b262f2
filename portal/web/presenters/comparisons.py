"""Two releases side by side."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.comparison import Comparison, Side
from portal.domain.release import Release
from portal.web.addresses import release_address
from portal.web.presenters.diffs import DiffLine, diff_lines
from portal.web.presenters.marks import environment_words, epoch
from portal.web.presenters.rollout import Change
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class SideCard:
    """One of the two. `rolled_out` says where and when it was last brought; empty if never."""

    version: str = ""
    href: str = ""
    image: str = ""
    commit: str = ""
    made_by: str = ""
    made_at: float = 0.0
    places: tuple[Words, ...] = ()
    rolled_out_to: Words = Words()
    rolled_out_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Between:
    version: str
    href: str
    summary: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything on the page; a diff without lines says that both are the same."""

    service: str = ""
    old: SideCard = SideCard()
    new: SideCard = SideCard()
    summary: Words = Words()
    changes: tuple[Change, ...] = ()
    commits_url: str = ""
    between: tuple[Between, ...] = ()
    settings: tuple[DiffLine, ...] = ()
    plan: tuple[DiffLine, ...] = ()
    notes: tuple[DiffLine, ...] = ()
    has_plans: bool = False


def compared(given: Comparison) -> Compared:
    old, new = given.old, given.new
    settings = tuple(diff_lines(old.settings, new.settings))
    plan = tuple(diff_lines(old.plan, new.plan)) if old.plan and new.plan else ()
    return Compared(
        service=old.release.service,
        old=_side(old),
        new=_side(new),
        summary=_summary(given, has_settings=bool(settings), has_plan=bool(plan)),
        changes=tuple(_changes(old.release, new.release)),
        commits_url=given.commits_url,
        between=tuple(_between(release) for release in given.between),
        settings=settings,
        plan=plan,
        notes=tuple(diff_lines(old.release.notes, new.release.notes)),
        has_plans=bool(old.plan and new.plan),
    )


def _side(side: Side) -> SideCard:
    release = side.release
    return SideCard(
        version=release.version,
        href=release_address(release.service, release.version),
        image=release.image,
        commit=release.commit,
        made_by=release.created_by,
        made_at=epoch(release.created_at),
        places=tuple(environment_words(place.environment) for place in side.places),
        rolled_out_to=environment_words(side.rolled_out_to) if side.rolled_out_to else Words(),
        rolled_out_at=epoch(side.rolled_out_at),
    )


def _summary(given: Comparison, *, has_settings: bool, has_plan: bool) -> Words:
    """The sentence first: what is different at all."""
    if given.is_same_image and not (has_settings or has_plan):
        return words("compare.same")
    image = words("compare.same_image" if given.is_same_image else "compare.other_image")
    rest = words("compare.other_settings" if has_settings else "compare.same_settings")
    return Words(f"{image.en} {rest.en}", f"{image.zh}{rest.zh}")


def _changes(old: Release, new: Release) -> list[Change]:
    pairs = [
        ("change.image", old.short_image, new.short_image),
        ("change.commit", old.commit[:10], new.commit[:10]),
        ("change.author", old.created_by, new.created_by),
    ]
    return [Change(words(key), before, after) for key, before, after in pairs if before != after]


def _between(release: Release) -> Between:
    summary = release.summary[:160]
    return Between(release.version, release_address(release.service, release.version), summary)
