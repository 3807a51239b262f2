"""A release: one immutable version of a service, bound to the content of an image."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.errors import Invalid
from portal.domain.version import Version, parse_version

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(r"\*\*|~~|`")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signature:
    """A cosign signature by key: the signed payload (simple signing JSON) and the base64 of its ECDSA signature."""

    payload: str
    signature: str


@dataclass(frozen=True, slots=True)
class Release:
    """`image` is a content id or digest (sha256:…) and never changes. `is_irreversible`: its data migration cannot
    be undone, so a failing rollout halts for a person instead of going back.
    """

    service: str
    version: str
    image: str
    commit: str = ""
    notes: str = ""
    created_by: str = ""
    created_at: datetime | None = None
    is_irreversible: bool = False
    signatures: tuple[Signature, ...] = field(default=())

    @property
    def semver(self) -> Version:
        return parse_version(self.version)

    @property
    def summary(self) -> str:
        """The first line of the notes that says something: no heading of Markdown, and none of its marks."""
        lines = [line.strip() for line in self.notes.splitlines()]
        told = next((line for line in lines if line and not line.startswith(("#", "---", "```"))), "")
        return _MARKS.sub("", _LINK.sub(r"\1", told.lstrip("-*•> ")))

    @property
    def short_image(self) -> str:
        return f"{self.image[7:11]}…{self.image[-2:]}" if self.image.startswith("sha256:") else self.image


def check_digest(image: str) -> str:
    """Invalid("image_not_digest", …) unless it is sha256: and 64 hexadecimal digits."""
    digest = image.rpartition("@")[2]
    if not _DIGEST.fullmatch(digest):
        raise Invalid("image_not_digest", field="image", image=image[:100])
    return image
