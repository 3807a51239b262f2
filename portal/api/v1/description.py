"""The description of the REST API, made by a process of its own: one that serves is started without docstrings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from portal.domain.errors import Unavailable

SECONDS = 60.0
BROUGHT = Path(__file__).with_name("description.json")
"""In the image it is made beforehand: there is nothing compiled there that has docstrings."""


def described_apart() -> dict[str, Any]:
    """The OpenAPI document; Unavailable("description_failed") if it could not be made in time."""
    if BROUGHT.exists():
        return json.loads(BROUGHT.read_text("utf-8"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONOPTIMIZE"}
    command = [sys.executable, "-m", "portal.api.v1.application"]
    try:
        made = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("description_failed", reason=type(error).__name__) from None
    return json.loads(made.stdout)
