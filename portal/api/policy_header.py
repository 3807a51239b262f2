"""The Content-Security-Policy of the pages: scripts from here alone, inline ones only if they were there when built.

What Reflex does not allow to be stricter: styles that React writes into elements (`style-src-attr`), and the style
element of its CSS library, which stays empty in the built pages.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

FRONT_END = Path(".web/build/client")
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


@cache
def content_security_policy() -> str:
    scripts = " ".join(["'self'", *inline_hashes(FRONT_END)])
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def inline_hashes(folder: Path) -> tuple[str, ...]:
    """The hash sources of all inline scripts in the HTML files below a folder."""
    found: set[str] = set()
    for page in folder.rglob("*.html"):
        for script in _INLINE.findall(page.read_text("utf-8")):
            digest = hashlib.sha256(script.encode()).digest()
            found.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    return tuple(sorted(found))
