"""The documents of a checkout as a book in two languages: pages, their order, and which twins have grown apart."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

FOLDER, IMAGES, TWINS = Path("docs"), Path("docs", "images"), Path("docs", "twins.json")
INDEX = "index"
SHARED = ("benchmarks",)  # in one language, shown in both
LANGUAGES = ("en", "zh")
OTHER = {"en": "zh", "zh": "en"}
_HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?:\.\./)?([a-z0-9-]+)\.md\)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation. `page` is its name, the last part of its address."""

    page: str
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the navigation: a heading of the index, and the pages that it names."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All pages of a language, by name, in Markdown. `stale` are those whose twin has been changed since."""

    language: str
    pages: Mapping[str, str]
    parts: tuple[Part, ...]
    stale: frozenset[str]

    @property
    def order(self) -> tuple[Entry, ...]:
        """The pages as they are read one after the other."""
        return tuple(chain.from_iterable(part.entries for part in self.parts))


def books(root: Path) -> dict[str, Book]:
    """What is below `docs/` of this folder, by language."""
    texts = texts_of(root)
    older = stale(texts, recorded(root))
    return {
        language: Book(language, pages, parts_of(pages[INDEX]), older[language]) for language, pages in texts.items()
    }


def _texts(root: Path, language: str) -> dict[str, str]:
    files = [*sorted((root / FOLDER / language).glob("*.md")), *(root / FOLDER / f"{name}.md" for name in SHARED)]
    return {file.stem: file.read_text("utf-8") for file in files if file.is_file()}


def parts_of(index: str) -> tuple[Part, ...]:
    """The navigation: the headings of the index page with the pages that are linked below each."""
    pieces = _HEADING.split(index)[1:]
    return tuple(
        Part(title, tuple(Entry(page, label) for label, page in _LINK.findall(text)))
        for title, text in zip(pieces[::2], pieces[1::2], strict=True)
    )


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def recorded(root: Path) -> dict[str, dict[str, str]]:
    """By page and language: the fingerprint that each text had when the two last said the same."""
    file = root / TWINS
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def texts_of(root: Path) -> dict[str, dict[str, str]]:
    """All pages of both languages, by language and name."""
    return {language: _texts(root, language) for language in LANGUAGES}


def agreed(
    texts: Mapping[str, Mapping[str, str]], known: Mapping[str, Mapping[str, str]], *, pages: Collection[str] = ()
) -> dict[str, dict[str, str]]:
    """What is to be recorded: twins that are new or were changed together say the same, and those that `pages` name."""
    apart = frozenset().union(*stale(texts, known).values()) - frozenset(pages)
    both = sorted((texts["en"].keys() & texts["zh"].keys()) - set(SHARED))
    return {page: dict(known[page]) if page in apart else _fingerprints(texts, page) for page in both}


def _fingerprints(texts: Mapping[str, Mapping[str, str]], page: str) -> dict[str, str]:
    return {language: fingerprint(texts[language][page]) for language in LANGUAGES}


def stale(texts: Mapping[str, Mapping[str, str]], known: Mapping[str, Mapping[str, str]]) -> dict[str, frozenset[str]]:
    """By language: the pages that are as they were recorded while their twin is not."""

    def is_changed(language: str, page: str) -> bool:
        return fingerprint(texts[language].get(page, "")) != known[page].get(language)

    return {
        language: frozenset(
            page
            for page in known
            if page in texts[language] and is_changed(OTHER[language], page) and not is_changed(language, page)
        )
        for language in LANGUAGES
    }
