"""Semantic Versioning 2.0.0 (https://semver.org/spec/v2.0.0.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from portal.domain.errors import Invalid

_NUMBER = r"(0|[1-9]\d*)"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_PATTERN = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?", re.ASCII)
_LONGEST = 100


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version; build metadata is kept and shown, and plays no part in the order (section 10)."""

    major: int
    minor: int
    patch: int
    pre_release: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{'.'.join(self.pre_release)}" if self.pre_release else ""
        return text + (f"+{'.'.join(self.build)}" if self.build else "")

    def __lt__(self, other: Version) -> bool:
        return self.precedence < other.precedence

    @property
    def precedence(self) -> tuple[object, ...]:
        """A key that sorts as section 11 says: a pre-release before its release, numbers before words."""
        marks = tuple((0, int(i), "") if i.isdigit() else (1, 0, i) for i in self.pre_release)
        return (self.major, self.minor, self.patch, not self.pre_release, marks)

    @property
    def sort_key(self) -> str:
        """Text that sorts, byte by byte, as `precedence` does: for the order of a list in the database."""
        numbers = "".join(_digits(number) for number in (self.major, self.minor, self.patch))
        marks = "!".join(f"0{_digits(int(i))}" if i.isdigit() else f"1{i}" for i in self.pre_release)
        return f"{numbers} {marks}" if marks else f"{numbers}~"


def _digits(number: int) -> str:
    """The number, its length before it, so that longer ones come later."""
    text = str(number)
    return f"{len(text):02d}{text}"


def parse_version(text: str) -> Version:
    """Invalid("version_bad", version=…) if it is not SemVer 2.0.0 or longer than 100 characters."""
    match = _PATTERN.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise Invalid("version_bad", field="version", version=text[:_LONGEST])
    pre_release = tuple(match[4].split(".")) if match[4] else ()
    if any(i.isdigit() and len(i) > 1 and i[0] == "0" for i in pre_release):
        raise Invalid("version_bad", field="version", version=text)
    build = tuple(match[5].split(".")) if match[5] else ()
    return Version(int(match[1]), int(match[2]), int(match[3]), pre_release, build)
