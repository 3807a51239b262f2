"""Things as people change them on the command line: from a file, or field by field."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portal.domain.errors import Invalid

LARGEST_BYTES = 1_000_000


def read_text(path: str) -> str:
    """A file's text, or standard input for `-`. Invalid("cli_file_unreadable"), or past 1 MB."""
    try:
        text = sys.stdin.read(LARGEST_BYTES + 1) if path == "-" else _start_of(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("cli_file_unreadable", path=path, reason=getattr(error, "strerror", None) or "UTF-8") from None
    if len(text) > LARGEST_BYTES:
        raise Invalid("cli_file_unreadable", path=path, reason="> 1 MB")
    return text


def _start_of(path: str) -> str:
    with Path(path).open(encoding="utf-8") as file:
        return file.read(LARGEST_BYTES + 1)


def read_mapping(path: str) -> dict[str, Any]:
    """YAML or JSON of one thing."""
    value = _parsed(read_text(path), path)
    if not isinstance(value, dict):
        raise Invalid("cli_not_a_mapping", path=path)
    return value


def _parsed(text: str, where: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid("cli_file_unreadable", path=where, reason=str(error).replace("\n", " ")[:200]) from None


def edited(thing: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """The thing after changes such as `port=8080`, `hosts=[a.example]` or `protection.approvals=2`."""
    for change in changes:
        path, separator, value = change.partition("=")
        if not separator or not path:
            raise Invalid("cli_change_bad", change=change[:100])
        *outer, last = path.split(".")
        place = thing
        for name in outer:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise Invalid("cli_change_bad", change=change[:100])
        place[last] = _parsed(value, path) if value else ""
    return thing
