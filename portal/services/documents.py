"""Search in the documentation of this portal, which is open to everybody who may read it."""

from __future__ import annotations

from pathlib import Path

from portal.domain.document import DocumentHit, excerpt
from portal.domain.search import phrases
from portal.kit.documents import SEARCH_INDEX
from portal.store.document_index import IndexedSection, find_sections

MOST_HITS, MOST_OF_A_PAGE = 12, 3
ADDRESS = "/docs"
INDEX_PAGE = "index"


class Documents:
    """`index` is the file that was made when the documentation was rendered; without one nothing is found."""

    def __init__(self, index: Path = SEARCH_INDEX) -> None:
        self._index = index

    def hits(self, text: str, *, language: str = "") -> tuple[DocumentHit, ...]:
        """The parts of pages that have all words, or some if none has all; the best first. Twelve at most, three of a
        page. Without a language in both, each part once.
        """
        wanted = phrases(text)
        found = find_sections(self._index, wanted, language=language, limit=MOST_HITS * 4)
        kept: dict[tuple[str, int], IndexedSection] = {}
        of_page: dict[str, int] = {}
        for section in found:
            key = (section.page, section.number)
            if key not in kept and of_page.get(section.page, 0) < MOST_OF_A_PAGE:
                kept[key] = section
                of_page[section.page] = of_page.get(section.page, 0) + 1
        return tuple(_hit(section, wanted) for section in list(kept.values())[:MOST_HITS])


def _hit(section: IndexedSection, wanted: list[list[str]]) -> DocumentHit:
    place = f"#{section.anchor}" if section.anchor else ""
    page = "" if section.page == INDEX_PAGE else f"/{section.page}"
    is_chinese = section.language == "zh"
    return DocumentHit(
        language=section.language,
        page=section.page,
        title=section.title,
        page_title=section.page_zh if is_chinese else section.page_en,
        path=f"{ADDRESS}/{section.language}{page}{place}",
        neutral_path=f"{ADDRESS}{page}{place}",
        title_en=section.title_en,
        title_zh=section.title_zh,
        page_en=section.page_en,
        page_zh=section.page_zh,
        excerpt=excerpt(section.text, wanted),
    )
