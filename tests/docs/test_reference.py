"""The reference pages say what the code does, in both languages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def headings(locale: str, name: str) -> int:
    lines = (ROOT / "docs" / locale / name).read_text("utf-8").splitlines()
    return sum(line.startswith("#") for line in lines)


def test_no_page_is_out_of_date():
    script = [sys.executable, str(ROOT / "bin" / "docs"), "--check"]
    checked = subprocess.run(script, check=False, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["settings.md", "rest.md", "cli.md"])
def test_a_page_has_as_many_parts_in_both_languages(name: str):
    assert headings("en", name) == headings("zh", name)


@pytest.mark.parametrize("name", ["rest.md", "cli.md"])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_no_word_of_a_page_is_missing(locale: str, name: str):
    """A key of the catalogue that has no words shows as itself."""
    text = (ROOT / "docs" / locale / name).read_text("utf-8")
    assert [key for key in ("cli.help.", "cli.option.", "rest.list", "rest.show") if key in text] == []
