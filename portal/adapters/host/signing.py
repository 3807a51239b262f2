"""Signs in a process that ends again: the library for it would take eight megabytes of one that goes on for months."""

from __future__ import annotations

import subprocess
import sys

from portal.domain.errors import Unavailable
from portal.kit.ed25519 import Signed

SECONDS = 20.0


def sign_apart(seed: bytes, text: str) -> Signed:
    """As `portal.kit.ed25519.sign`; the key goes through a pipe. Unavailable("signing_failed") without an answer."""
    command = [sys.executable, "-m", "portal.kit.ed25519"]
    try:
        done = subprocess.run(
            command, input=f"{seed.hex()}\n{text}", capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("signing_failed", reason=type(error).__name__) from None
    return Signed(*done.stdout.split())
