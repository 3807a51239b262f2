"""The stage on which the stories are told."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import PortalStage


@pytest.fixture
def stage() -> Iterator[PortalStage]:
    """In memory where there is such a folder: the stories write thousands of small transactions."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield PortalStage(Path(folder)).furnish()
