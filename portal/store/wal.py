"""Reads SQLite's write-ahead log as the file format says it, and replays pieces of it into a copy of the database.

The file: a header of 32 bytes, then frames, each a header of 24 bytes and a page. The checksum of a frame covers all
frames before it, so that what belongs to the log is told from what an older one has left behind.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path
from typing import BinaryIO

HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
_MAGIC = 0x377F0682  # the last bit says that checksums are of big-endian words
_MASK = 0xFFFFFFFF


class BrokenLine(Exception):
    """The log is not the continuation of what was read before."""


@dataclass(frozen=True, slots=True)
class Header:
    salt: tuple[int, int]
    page_bytes: int
    is_big_endian: bool
    checksum: tuple[int, int]

    @property
    def frame_bytes(self) -> int:
        return self.page_bytes + FRAME_HEADER_BYTES


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the log: behind the frame whose checksum it has. Without salt: before any log."""

    salt: tuple[int, int] = (0, 0)
    offset: int = HEADER_BYTES
    checksum: tuple[int, int] = (0, 0)


def header_of(file: BinaryIO) -> Header | None:
    """None for a log that has not been begun."""
    file.seek(0)
    content = file.read(HEADER_BYTES)
    if len(content) < HEADER_BYTES:
        return None
    magic, _, page_bytes, _, salt1, salt2, sum1, sum2 = struct.unpack(">8I", content)
    if magic & ~1 != _MAGIC or not 512 <= page_bytes <= 65_536:
        return None
    return Header((salt1, salt2), page_bytes, bool(magic & 1), (sum1, sum2))


def continued(file: BinaryIO, mark: Mark, *, has_restarted: bool = True) -> tuple[Header, Mark] | None:
    """Where to read on after the mark; None if there is no log. `has_restarted`: it may have begun anew once.

    BrokenLine if anything in between cannot be read any more.
    """
    header = header_of(file)
    if header is None:
        if mark.salt != (0, 0):
            raise BrokenLine
        return None
    if header.salt == mark.salt:
        _require_frame(file, header, mark)
        return header, mark
    follows = header.salt[0] == (mark.salt[0] + 1) & _MASK
    if mark.salt != (0, 0) and not (follows and has_restarted):
        raise BrokenLine
    return header, Mark(header.salt, HEADER_BYTES, header.checksum)


def _require_frame(file: BinaryIO, header: Header, mark: Mark) -> None:
    """The last frame that was read is still what it was: a power cut may have taken it back."""
    if mark.offset == HEADER_BYTES:
        return
    file.seek(mark.offset - header.frame_bytes + 16)
    if struct.unpack(">2I", file.read(8).ljust(8, b"\0")) != mark.checksum:
        raise BrokenLine


def committed(file: BinaryIO, header: Header, *, mark: Mark, enough_bytes: int) -> Mark:
    """Behind the last whole transaction; no further than the first one that ends `enough_bytes` after the mark."""
    last, checksum, offset = mark, mark.checksum, mark.offset
    file.seek(offset)
    while True:
        frame = file.read(header.frame_bytes)
        if len(frame) < header.frame_bytes or struct.unpack(">2I", frame[8:16]) != header.salt:
            return last
        checksum = summed(frame[:8] + frame[FRAME_HEADER_BYTES:], checksum, is_big_endian=header.is_big_endian)
        if struct.unpack(">2I", frame[16:24]) != checksum:
            return last
        offset += header.frame_bytes
        if frame[4:8] != b"\0\0\0\0":
            last = Mark(header.salt, offset, checksum)
            if offset - mark.offset >= enough_bytes:
                return last


def mark_at(file: BinaryIO, header: Header, *, offset: int) -> Mark:
    """A place behind any frame that is known to be good."""
    file.seek(offset - header.frame_bytes + 16)
    first, second = struct.unpack(">2I", file.read(8))
    return Mark(header.salt, offset, (first, second))


def summed(content: bytes, start: tuple[int, int], *, is_big_endian: bool) -> tuple[int, int]:
    """The checksum of the file format, by its closed form: two sums of products instead of a loop over words."""
    count = len(content) // 4
    words = struct.unpack(f"{'>' if is_big_endian else '<'}{count}I", content)
    first, second, by_start = _coefficients(count)
    a, b, c = by_start
    return (
        (a * start[0] + b * start[1] + sum(map(mul, words, first))) & _MASK,
        (b * start[0] + c * start[1] + sum(map(mul, words, second))) & _MASK,
    )


@cache
def _coefficients(count: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, int, int]]:
    """Fibonacci's numbers: each pair of words goes through the matrix (1 1; 1 2) once for every pair after it."""
    numbers = [1, 0]  # those of -1 and 0
    while len(numbers) < count + 3:
        numbers.append((numbers[-1] + numbers[-2]) & _MASK)
    first = tuple(numbers[count - index] for index in range(count))
    second = tuple(numbers[count + 1 - index] for index in range(count))
    return first, second, (numbers[count], numbers[count + 1], numbers[count + 2])


def pages_of(frames: bytes, page_bytes: int) -> Iterator[tuple[int, int, bytes]]:
    """Number of the page, pages of the database after the commit that the frame ends (or 0), and content."""
    step = page_bytes + FRAME_HEADER_BYTES
    for offset in range(0, len(frames) - step + 1, step):
        number, pages = struct.unpack(">2I", frames[offset : offset + 8])
        yield number, pages, frames[offset + FRAME_HEADER_BYTES : offset + step]


def last_commit(frames: bytes, page_bytes: int) -> int:
    """How many bytes of the frames are of whole transactions."""
    step = page_bytes + FRAME_HEADER_BYTES
    for end in range(len(frames) // step * step, 0, -step):
        if frames[end - step + 4 : end - step + 8] != b"\0\0\0\0":
            return end
    return 0


def replay(database: int, frames: bytes, *, page_bytes: int) -> None:
    """Write the pages into the open file of a database nobody uses. The last frame of all has to end a transaction."""
    for number, pages, content in pages_of(frames, page_bytes):
        os.pwrite(database, content, (number - 1) * page_bytes)
        if pages:
            os.ftruncate(database, pages * page_bytes)


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")
