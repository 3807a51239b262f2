"""The pages are built again when, and only when, something that goes into them has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import reflex_base

from portal.web import build
from portal.web.plugin import follow_own_port

STATE_SCRIPT = Path(reflex_base.__file__).parent / ".templates" / "web" / "utils" / "state.js"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The sources of the pages, copied, with a build that belongs to them."""
    for source in build._SOURCES:
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (build.ROOT / source).is_dir() else shutil.copy
        copy(build.ROOT / source, target)
    (tmp_path / build.BUILT).mkdir(parents=True)
    (tmp_path / build.BUILT / "index.html").write_text("<html></html>")
    (tmp_path / ".web" / "backend").mkdir()
    (tmp_path / build.OPENINGS).write_text("{}")
    (tmp_path / build._STAMP).write_text(build.sources_hash(tmp_path))
    return tmp_path


def test_what_belongs_together_is_not_built_again(checkout: Path) -> None:
    told: list[str] = []

    assert build.is_current(checkout)
    assert build.ensure_front_end(told.append, root=checkout) is False
    assert told == []


@pytest.mark.parametrize(
    "source", ["portal/web/pages/overview.py", "portal/i18n/zh.json", "assets/styles/base.css", "rxconfig.py"]
)
def test_a_changed_source_makes_the_build_old(checkout: Path, source: str) -> None:
    with (checkout / source).open("a") as file:
        file.write("\n")

    assert not build.is_current(checkout)


def test_a_new_and_a_renamed_source_make_the_build_old(checkout: Path) -> None:
    (checkout / "portal/web/pages/new.py").write_text("")
    assert not build.is_current(checkout)
    (checkout / "portal/web/pages/new.py").unlink()
    assert build.is_current(checkout)
    (checkout / "portal/web/words.py").rename(checkout / "portal/web/sentences.py")
    assert not build.is_current(checkout)


def test_what_goes_into_no_page_leaves_the_build_alone(checkout: Path) -> None:
    (checkout / "portal/services").mkdir()
    (checkout / "portal/services/rollouts.py").write_text("changed")
    (checkout / "portal/web/__pycache__").mkdir(exist_ok=True)
    (checkout / "portal/web/__pycache__/words.cpython-311.pyc").write_bytes(b"x")

    assert build.is_current(checkout)


def test_half_a_build_is_none(checkout: Path) -> None:
    shutil.rmtree(checkout / ".web" / "backend")
    assert not build.is_current(checkout)


def test_the_pages_speak_to_the_port_they_came_from() -> None:
    patched = follow_own_port(STATE_SCRIPT.read_text("utf-8"))

    assert "endpoint.port = window.location.port;" in patched
    assert 'endpoint.port = "";' not in patched
    assert follow_own_port(patched) == patched


def test_a_reflex_that_has_changed_there_fails_the_build_loudly() -> None:
    with pytest.raises(RuntimeError, match="plugin"):
        follow_own_port("export const nothing = 1;")
