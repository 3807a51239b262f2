"""What the command palette shows: what was found, the pages, and what can be done, the best group first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.domain.access import Actor, Permission, may
from portal.domain.search import Hit, Rank, rank
from portal.web.navigation import GROUPS, Group, Noun
from portal.web.presenters.marks import environment_words
from portal.web.words import Words, same, words

KINDS = ("page", "action", "service", "environment", "release", "rollout", "person", "document")
MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """`kind` is one of KINDS; `path` where it leads."""

    kind: str
    title: Words
    detail: Words
    path: str


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that can be begun at once, by those who may; its words are `palette_action.<name>`."""

    name: str
    path: str
    permission: Permission


DOINGS: tuple[Doing, ...] = (
    Doing("start_rollout", "/rollouts/new", Permission.ROLLOUT_START),
    Doing("add_user", "/users/new", Permission.USER_EDIT),
    Doing("make_token", "/tokens/new", Permission.TOKEN_OWN),
    Doing("make_secret", "/secrets/new", Permission.SECRET_EDIT),
    Doing("register_release", "/releases/new", Permission.RELEASE_CREATE),
)
_Ranked = tuple[Rank, PaletteRow]


def palette_rows(actor: Actor, text: str, hits: Sequence[Hit]) -> list[PaletteRow]:
    """For no text all pages and everything that the person can do."""
    found = [*_fitting(text, _pages(actor)), *_fitting(text, _doings(actor)), *((hit.rank, _row(hit)) for hit in hits)]
    best = {kind: min((how for how, row in found if row.kind == kind), default=Rank.PART) for kind in KINDS}
    found.sort(key=lambda one: (best[one[1].kind], KINDS.index(one[1].kind), one[0]))
    return [row for _, row in found[:MOST_ROWS]]


def _fitting(text: str, rows: Iterable[PaletteRow]) -> list[_Ranked]:
    if not text:
        return [(Rank.WORD, row) for row in rows]
    ranked = ((rank(text, (row.title.en, row.title.zh)), row) for row in rows)
    return [(how, row) for how, row in ranked if how is not None]


def _pages(actor: Actor) -> list[PaletteRow]:
    every = ((group, noun) for group in GROUPS for noun in group.nouns)
    return [_page(group, noun) for group, noun in every if noun.permission is None or may(actor, noun.permission)]


def _page(group: Group, noun: Noun) -> PaletteRow:
    detail = words(f"nav.{group.name}") if group.name else Words()
    return PaletteRow("page", words(f"nav.{noun.name}"), detail, noun.path)


def _doings(actor: Actor) -> list[PaletteRow]:
    return [
        PaletteRow("action", words(f"palette_action.{doing.name}"), Words(), doing.path)
        for doing in DOINGS
        if may(actor, doing.permission)
    ]


def _row(hit: Hit) -> PaletteRow:
    title = Words(hit.title, hit.title_zh or hit.title)
    if hit.kind == "environment":
        title = environment_words(hit.environment)
    return PaletteRow(hit.kind, title, _detail(hit), hit.path)


def _detail(hit: Hit) -> Words:
    """Where and how it is, then what was said of it."""
    if hit.kind != "rollout":
        return Words(hit.detail, hit.detail_zh) if hit.detail_zh else same(hit.detail)
    place, state = environment_words(hit.environment), words(f"state.{hit.state}")
    more = f" · {hit.detail}" if hit.detail else ""
    return Words(f"{place.en} · {state.en}{more}", f"{place.zh} · {state.zh}{more}")
