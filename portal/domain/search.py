"""What a search finds and how it is ordered: the very name first, then what begins with it, then words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

LONGEST_SEARCH, MOST_WORDS, LONGEST_TOKEN = 100, 8, 64
# A Chinese character is a token of its own, so that any part of a Chinese text can be found without a dictionary.
_TOKEN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uf900-\ufaff]+")


class Rank(IntEnum):
    """How well something fits what is looked for."""

    EXACT = 0
    PREFIX = 1
    WORD = 2
    PART = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. `kind` is service, environment, release, rollout, person or document.

    `title` and `detail` read as they are, but the name of an `environment` and the `state` have words of their own.
    `path` is its page in the portal.
    """

    kind: str
    title: str
    path: str
    detail: str = ""
    environment: str = ""
    state: str = ""
    title_zh: str = ""
    detail_zh: str = ""
    rank: Rank = Rank.WORD


def normal(text: str) -> str:
    """The text as it is compared: without differences of case and width, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text[: LONGEST_SEARCH * 50]).casefold().split())


def tokens(text: str) -> list[str]:
    """Runs of letters and digits, and single Chinese characters, in order."""
    return [token[:LONGEST_TOKEN] for token in _TOKEN.findall(normal(text))]


def phrases(text: str) -> list[list[str]]:
    """The words that somebody looks for, each as the tokens that must follow each other."""
    found = (tokens(word) for word in normal(text[:LONGEST_SEARCH]).split()[:MOST_WORDS])
    return [phrase for phrase in found if phrase]


def rank(wanted: str, names: Iterable[str], *, more: Iterable[str] = ()) -> Rank | None:
    """How well one of the names, or all of it together with what `more` says, fits; None for not at all."""
    text, called = normal(wanted[:LONGEST_SEARCH]), [normal(name) for name in names]
    if not text:
        return None
    if text in called:
        return Rank.EXACT
    if any(name.startswith(text) for name in called):
        return Rank.PREFIX
    whole = [*called, *map(normal, more)]
    if _all_in(phrases(text), [tokens(name) for name in whole]):
        return Rank.WORD
    words = text.split()
    return Rank.PART if all(any(word in name for name in whole) for word in words) else None


def _all_in(wanted: Sequence[Sequence[str]], names: Sequence[Sequence[str]]) -> bool:
    return bool(wanted) and all(any(_follows(phrase, name) for name in names) for phrase in wanted)


def _follows(phrase: Sequence[str], name: Sequence[str]) -> bool:
    """Whether the tokens stand in the name one after the other; the last one may go on."""
    *before, last = phrase
    return any(
        list(name[start : start + len(before)]) == before and name[start + len(before)].startswith(last)
        for start in range(len(name) - len(before))
    )


def best_first(hits: Iterable[Hit], kinds: Sequence[str]) -> list[Hit]:
    """By how well they fit, then in the order of the kinds; what is equal stays as it was."""
    place = {kind: number for number, kind in enumerate(kinds)}
    return sorted(hits, key=lambda hit: (hit.rank, place.get(hit.kind, len(place))))
