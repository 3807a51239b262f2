"""The reference pages say what the code does, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.i18n import catalogue
from portal.services.measures import KNOWN
from portal.web.reader.markdown import anchor_of
from tests.docs.error_codes import kind_of_code

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


@pytest.mark.req("REQ-P3-013")
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_error_that_the_portal_raises_is_explained_under_its_code(locale: str):
    text = (ROOT / "docs" / locale / "errors.md").read_text("utf-8")
    named = re.findall(r"^### `(\w+)`$", text, re.MULTILINE)
    assert len(named) == len(set(named))
    raised = {code for code in kind_of_code() if f"error.{code}" in catalogue(locale)}
    assert raised - set(named) == set()
    assert f"#{anchor_of('`not_signed_in`')}" == "#not_signed_in"


@pytest.mark.req("REQ-P3-010", "REQ-P3-013")
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_metric_is_explained(locale: str):
    text = (ROOT / "docs" / locale / "metrics.md").read_text("utf-8")
    assert [name for name in KNOWN if f"| `{name}` |" not in text] == []
    assert "metric." not in text
