"""The names that objects of a backup may have."""

from __future__ import annotations

import re

from portal.domain.errors import Invalid

_NAME = re.compile(r"[a-z0-9_-][a-z0-9_.-]*(?:/[a-z0-9_-][a-z0-9_.-]*)*")
LONGEST = 500


def check_name(name: str) -> str:
    """Invalid("backup_name_bad") for what could leave the place: no part is empty or begins with a full stop."""
    if len(name) > LONGEST or not _NAME.fullmatch(name):
        raise Invalid("backup_name_bad", name=name[:80])
    return name
