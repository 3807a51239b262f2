"""The pages' policy lets no string be run as a script: nothing may rely on it, for it would fail without a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "portal" / "web"
EVALUATED = re.compile(r"\brx\.(call_script|call_function|run_script|set_value|download|console_log|window_alert)\b")


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.py")), ids=lambda path: path.relative_to(WEB).as_posix())
def test_no_page_runs_a_string_as_a_script(path: Path) -> None:
    assert EVALUATED.findall(path.read_text("utf-8")) == []
