"""Where the rendered documentation is, in the folder of the program."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(".web", "build", "docs")
SEARCH_INDEX = PAGES / "search.db"
