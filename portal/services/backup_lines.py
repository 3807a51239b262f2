"""How the portal's own backup is laid out in the store: lines of segments of the log, with bases to begin from.

    portal/<line>/wal/<first>-<last>-<milliseconds>     segments of the log, numbered from 1
    portal/<line>/bases/<sequence>-<milliseconds>/…     the whole database as it was after that segment

A line ends where the log could not be read on; the next one begins with a base of its own. A base counts once its
document is there, which is written last.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.domain.errors import NotFound, Unavailable
from portal.services.backup_vault import Stored, Vault
from portal.store.wal import Mark
from portal.store.wal_source import Cut

ROOT = "portal/"
LARGEST_MERGED_BYTES = 16 * 1024 * 1024
_DOCUMENT, _SEEN = "base.json", "seen.json"


@dataclass(frozen=True, slots=True)
class Segment:
    """What is known of an object in the log of a line from its name alone; it may hold several segments."""

    name: str
    first: int
    last: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BaseCopy:
    """A copy of the whole database. `rows` counts those of each table, `entries` is the length of the audit trail."""

    line: str
    sequence: int
    at: datetime
    page_bytes: int
    mark: Mark
    stored: Stored
    schema: str
    rows: Mapping[str, int]
    anchors: str
    master_key: str
    version: str

    @property
    def folder(self) -> str:
        return base_folder(self.line, self.sequence, at=self.at)


@dataclass(frozen=True, slots=True)
class Record:
    """One segment: frames of the log, lines that the file of anchors got meanwhile, and the name of the master key."""

    sequence: int
    at: datetime
    cut: Cut
    anchors: str = ""
    master_key: str = ""


def begin_line(vault: Vault, now: datetime) -> str:
    """Its name, which comes after those of the lines before, whatever the clock says."""
    newest = lines(vault)[-1:]
    number = int(newest[0].partition("-")[0]) + 1 if newest else 1
    line = f"{number:08d}-{secrets.token_hex(3)}"
    vault.put_document(f"{ROOT}{line}/line.json", {"at": now.timestamp()})
    return line


def base_folder(line: str, sequence: int, *, at: datetime) -> str:
    return f"{ROOT}{line}/bases/{sequence:010d}-{_milliseconds(at)}/"


def write_record(vault: Vault, record: Record, *, line: str) -> int:
    """How many bytes that became."""
    name = _segment_name(line, record.sequence, record.sequence, record.at)
    return vault.put(name, packed(record))


def packed(record: Record) -> bytes:
    cut = record.cut
    head = {
        "sequence": record.sequence,
        "at": record.at.timestamp(),
        "bytes": len(cut.frames),
        "page_bytes": cut.page_bytes,
        "start": _written(cut.start),
        "end": _written(cut.end),
        "anchors": record.anchors,
        "master_key": record.master_key,
    }
    return json.dumps(head).encode() + b"\n" + cut.frames


def records(vault: Vault, segment: Segment) -> Iterator[Record]:
    """Those of an object, in order. Unavailable("backup_damaged")."""
    content, offset = vault.get(segment.name), 0
    while offset < len(content):
        end = content.find(b"\n", offset)
        try:
            head = json.loads(content[offset:end])
            begin = end + 1
            offset = begin + int(head["bytes"])
            cut = Cut(content[begin:offset], int(head["page_bytes"]), _read(head["start"]), _read(head["end"]))
            at, anchors, key = (
                datetime.fromtimestamp(head["at"], UTC),
                str(head["anchors"]),
                str(head.get("master_key", "")),
            )
            yield Record(int(head["sequence"]), at, cut, anchors, key)
        except (ValueError, KeyError, TypeError):
            raise Unavailable("backup_damaged", name=segment.name) from None


def segments(vault: Vault, line: str, *, after: int = 0) -> list[Segment]:
    """One after the other from the one after `after`; those that a longer one holds too are left out.

    Ends where one is missing.
    """
    found = sorted(
        filter(None, map(_segment, vault.store.names(f"{ROOT}{line}/wal/"))), key=lambda one: (one.first, -one.last)
    )
    chosen: list[Segment] = []
    reached = after
    for segment in found:
        if segment.last <= reached:
            continue
        if segment.first > reached + 1:
            break
        chosen.append(segment)
        reached = segment.last
    return chosen


def all_segments(vault: Vault, line: str) -> list[Segment]:
    return list(filter(None, map(_segment, vault.store.names(f"{ROOT}{line}/wal/"))))


def write_seen(vault: Vault, at: datetime, *, line: str, sequence: int) -> None:
    """Nothing was committed between that segment and this moment."""
    vault.put_document(_SEEN, {"line": line, "sequence": sequence, "at": at.timestamp()})


def seen_after(vault: Vault, *, line: str, sequence: int) -> datetime | None:
    """The last moment for which that is known of the segment."""
    try:
        found = vault.document(_SEEN)
    except NotFound:
        return None
    is_same = (found["line"], found["sequence"]) == (line, sequence)
    return datetime.fromtimestamp(found["at"], UTC) if is_same else None


def lines(vault: Vault) -> list[str]:
    """The eldest first."""
    return [name for name in vault.store.folders(ROOT) if name[:8].isdigit()]


def base_folders(vault: Vault, line: str) -> list[tuple[str, int, datetime]]:
    """Name, sequence and time of each base that was begun, the eldest first."""
    found: list[tuple[str, int, datetime]] = []
    for name in vault.store.folders(f"{ROOT}{line}/bases/"):
        sequence, _, milliseconds = name.partition("-")
        if sequence.isdigit() and milliseconds.isdigit():
            at = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
            found.append((f"{ROOT}{line}/bases/{name}/", int(sequence), at))
    return sorted(found, key=lambda one: (one[1], one[2]))


def read_base(vault: Vault, line: str, *, folder: str) -> BaseCopy | None:
    """None for one that was not finished."""
    try:
        found = vault.document(folder + _DOCUMENT)
    except NotFound:
        return None
    return BaseCopy(
        line=line,
        sequence=int(found["sequence"]),
        at=datetime.fromtimestamp(found["at"], UTC),
        page_bytes=int(found["page_bytes"]),
        mark=_read(found["mark"]),
        stored=Stored.of(found["stored"]),
        schema=str(found["schema"]),
        rows={str(name): int(count) for name, count in found["rows"].items()},
        anchors=str(found["anchors"]),
        master_key=str(found["master_key"]),
        version=str(found["version"]),
    )


def write_base(vault: Vault, base: BaseCopy) -> None:
    document = {
        "sequence": base.sequence,
        "at": base.at.timestamp(),
        "page_bytes": base.page_bytes,
        "mark": _written(base.mark),
        "stored": base.stored.document(),
        "schema": base.schema,
        "rows": dict(base.rows),
        "anchors": base.anchors,
        "master_key": base.master_key,
        "version": base.version,
    }
    vault.put_document(base.folder + _DOCUMENT, document)


def bases(vault: Vault, *, until: datetime | None = None) -> Iterator[BaseCopy]:
    """The finished ones, the newest first."""
    for line in reversed(lines(vault)):
        yield from bases_of(vault, line, until=until)


def newest_base(vault: Vault, line: str) -> BaseCopy | None:
    """The newest finished one of a line."""
    return next(bases_of(vault, line), None)


def bases_of(vault: Vault, line: str, *, until: datetime | None = None) -> Iterator[BaseCopy]:
    """The finished ones of a line, the newest first."""
    for folder, _, at in reversed(base_folders(vault, line)):
        found = read_base(vault, line, folder=folder) if until is None or at <= until else None
        if found is not None:
            yield found


def merge(vault: Vault, several: list[Segment], *, line: str) -> int:
    """One object for many that follow each other, as long as they fit; how many it was. A crash in between leaves
    both, which is as good.
    """
    content, merged = b"", list[Segment]()
    for segment in several:
        found = vault.get(segment.name)
        if merged and len(content) + len(found) > LARGEST_MERGED_BYTES:
            break
        content, merged = content + found, [*merged, segment]
    if len(merged) > 1:
        vault.put(_segment_name(line, merged[0].first, merged[-1].last, merged[-1].at), content)
        for segment in merged:
            vault.store.delete(segment.name)
    return len(merged)


def _segment_name(line: str, first: int, last: int, at: datetime) -> str:
    return f"{ROOT}{line}/wal/{first:010d}-{last:010d}-{_milliseconds(at)}"


def _segment(name: str) -> Segment | None:
    parts = name.rpartition("/")[2].split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    return Segment(name, int(parts[0]), int(parts[1]), datetime.fromtimestamp(int(parts[2]) / 1000, UTC))


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _written(mark: Mark) -> list[int]:
    return [*mark.salt, mark.offset, *mark.checksum]


def _read(numbers: list[int]) -> Mark:
    first, second, offset, third, fourth = (int(number) for number in numbers)
    return Mark((first, second), offset, (third, fourth))
