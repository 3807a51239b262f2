"""One setting as a person sees it: its value, where that comes from, and what it takes to change it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MASK = "…"


class Source(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"
    RUN_TIME = "run_time"  # changed since the start, until the next one


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` and `default` as they would be written; a secret's are MASK, or empty if it is not set.

    `group` is looked up as `setting_group.<group>`, the meaning as `setting.<variable>`. `file` is where the value was
    read from. `is_read_once`: a change takes effect with the next start.
    """

    variable: str
    group: str
    value: str
    default: str
    source: Source
    expected_en: str
    expected_zh: str
    file: str = ""
    is_secret: bool = False
    is_read_once: bool = True
