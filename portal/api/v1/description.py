"""The description of the REST API, made by a process of its own: one that serves is started without docstrings."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from portal.domain.errors import Unavailable

SECONDS = 60.0


def described_apart() -> dict[str, Any]:
    """The OpenAPI document; Unavailable("description_failed") if it could not be made in time."""
    command = [sys.executable, "-m", "portal.api.v1.application"]
    try:
        made = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("description_failed", reason=type(error).__name__) from None
    return json.loads(made.stdout)
