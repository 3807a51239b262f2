"""What several live tests build once: the portal's image."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.stack import IMAGE, inspected, run


@pytest.fixture(scope="session")
def image() -> dict[str, Any]:
    """As the engine describes it."""
    run("bin/image", "--tag", IMAGE)
    return inspected(IMAGE)
