"""Renders the documents once: again only when one of them, or what renders them, has changed."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from portal.i18n import t
from portal.kit.documents import PAGES, SEARCH_INDEX
from portal.store.document_index import IndexedSection, write_index
from portal.web.reader import book, markdown
from portal.web.reader.book import FOLDER, IMAGES, INDEX, LANGUAGES, SHARED, TWINS, Book
from portal.web.reader.layout import ROOT, Sheet, address, html_page
from portal.web.reader.markdown import Parsed

_STAMP = PAGES / "sources.sha256"
_SOURCES = (FOLDER / "en", FOLDER / "zh", IMAGES, TWINS, *(FOLDER / f"{name}.md" for name in SHARED))
_MAKERS = (
    Path("portal/__init__.py"),
    Path("portal/i18n"),
    Path("portal/web/reader"),
    Path("portal/store/document_index.py"),
)
_SUFFIXES = frozenset({".md", ".png", ".svg", ".json", ".py"})
_DOCUMENT = re.compile(r"(?:\.\./(?:(en|zh)/)?)?([a-z0-9-]+)\.md(?:#(.+))?")

Progress = Callable[[str], None]


def are_documents_current(root: Path) -> bool:
    """Whether the rendered documents that are there belong to the sources as they are."""
    stamp = root / _STAMP
    return stamp.is_file() and stamp.read_text("utf-8") == _hash(root)


def ensure_documents(root: Path, progress: Progress = lambda line: None) -> bool:
    """The documents are rendered afterwards; whether that had to be done. ValueError: a link leads nowhere."""
    if are_documents_current(root):
        return False
    begun = time.monotonic()
    folder = root / PAGES.parent / (PAGES.name + ".new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    count = _render(root, folder)
    shutil.rmtree(root / PAGES, ignore_errors=True)
    folder.rename(root / PAGES)
    (root / _STAMP).write_text(_hash(root), "utf-8")
    progress(f"{count} pages of documentation are rendered ({time.monotonic() - begun:.1f} s)")
    return True


def _hash(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(f"\n{path.relative_to(root).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for source in (*_SOURCES, *_MAKERS):
        start = root / source
        found = [start] if start.is_file() else sorted(start.rglob("*"))
        yield from (path for path in found if path.is_file() and path.suffix in _SUFFIXES)


def _render(root: Path, folder: Path) -> int:
    books = book.books(root)
    parsed = {language: {name: markdown.parse(text) for name, text in b.pages.items()} for language, b in books.items()}
    for name, english in parsed["en"].items():
        markdown.share_anchors(english, parsed["zh"].get(name, english))
    for language in LANGUAGES:
        _write_language(folder, books[language], parsed)
    _copy_images(root, folder)
    write_index(folder / SEARCH_INDEX.name, _sections(parsed))
    return sum(len(pages) for pages in parsed.values())


def _write_language(folder: Path, of: Book, parsed: Mapping[str, Mapping[str, Parsed]]) -> None:
    (folder / of.language).mkdir()
    for name, page in parsed[of.language].items():
        body = markdown.html_of(page, lambda target, name=name: _address(target, of.language, name, parsed))
        _write(folder / of.language / name, html_page(Sheet(of, name, page.title, body, page.sections)))
    title = t(of.language, "reader.missing")
    body = f"<h1>{title}</h1><p>{t(of.language, 'reader.missing_more')}</p>"
    _write(folder / of.language / "404", html_page(Sheet(of, "", title, body)))


def _write(file: Path, text: str) -> None:
    content = text.encode()
    file.with_suffix(".html").write_bytes(content)
    file.with_suffix(".html.gz").write_bytes(gzip.compress(content, mtime=0))


def _copy_images(root: Path, folder: Path) -> None:
    if (root / IMAGES).is_dir():
        shutil.copytree(root / IMAGES, folder / "images")


def _address(target: str, language: str, page: str, parsed: Mapping[str, Mapping[str, Parsed]]) -> str:
    """Of a page of the same or the other language, of an image; what leads out of the documents stays as it is."""
    if target.startswith(("https://", "http://", "/", "mailto:")):
        return target
    if target.startswith("../images/"):
        return f"{ROOT}/{target.removeprefix('../')}"
    if target.startswith("#"):
        return f"#{_anchor(parsed[language][page], target[1:], target)}"
    found = _DOCUMENT.fullmatch(target)
    other = language if found is None else found[1] or language
    if found is None or found[2] not in parsed[other]:
        raise ValueError(f"docs/{language}/{page}.md: {target} leads nowhere")
    anchor = f"#{_anchor(parsed[other][found[2]], found[3], target)}" if found[3] else ""
    return address(other, found[2]) + anchor


def _anchor(page: Parsed, wanted: str, target: str) -> str:
    """What the words of a heading make, or the anchor that its twin gave it."""
    wanted = unquote(wanted)  # Markdown encodes what is not ASCII
    for section in page.sections:
        if wanted in (section.own, section.anchor):
            return section.anchor
    raise ValueError(f"{page.title}: {target} leads nowhere")


def _sections(parsed: Mapping[str, Mapping[str, Parsed]]) -> Iterable[IndexedSection]:
    for language, pages in parsed.items():
        for name, page in pages.items():
            if name == INDEX or (language == "zh" and name in SHARED):
                continue
            twins = {other: parsed[other].get(name, page) for other in LANGUAGES}
            for number, section in enumerate(page.sections):
                titles = {other: _title(twins[other], number, section.title) for other in LANGUAGES}
                yield IndexedSection(
                    language,
                    name,
                    number,
                    section.anchor if number else "",
                    titles["en"],
                    titles["zh"],
                    twins["en"].title,
                    twins["zh"].title,
                    section.text,
                )


def _title(page: Parsed, number: int, otherwise: str) -> str:
    return page.sections[number].title if number < len(page.sections) else otherwise
