"""The copy of the anchors outside the database: one JSON line each, appended and synchronised."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from portal.domain.audit import Anchor, canonical
from portal.domain.errors import Unavailable


def append_anchor(path: Path, anchor: Anchor, *, public_key: str) -> None:
    """Durable when it returns. Unavailable("anchor_file_unwritable")."""
    line = canonical(
        {
            "size": anchor.size,
            "root": anchor.root,
            "at": anchor.at.isoformat(),
            "signature": anchor.signature,
            "key": public_key,
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable("anchor_file_unwritable", path=path, reason=error.strerror or error) from error


def read_anchors(path: Path) -> Iterator[Anchor]:
    """What can be read of the file, which may be missing; a line torn by a power cut is passed over."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            found = json.loads(line)
            yield Anchor(int(found["size"]), found["root"], datetime.fromisoformat(found["at"]), found["signature"])
        except (ValueError, KeyError, TypeError):
            continue
