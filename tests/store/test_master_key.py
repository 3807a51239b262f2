"""The master key: made once for all processes, readable by the portal alone, refused when weak or exposed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.domain.errors import Invalid, Unavailable
from portal.store.master_key import key_of_text, read_or_make


def test_it_is_made_once_and_for_the_portal_alone(tmp_path: Path):
    path = tmp_path / "data" / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_or_make(path), range(8)))
    assert len(keys) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_one_that_others_may_read_is_refused(tmp_path: Path):
    path = tmp_path / "secret.key"
    read_or_make(path)
    path.chmod(0o640)
    with pytest.raises(Invalid, match="secret_key_exposed"):
        read_or_make(path)


@pytest.mark.parametrize("content", [b"", b"00", b"x" * 64, b"\xff" * 64])
def test_a_file_without_a_key_is_refused_and_left_alone(tmp_path: Path, content: bytes):
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Invalid, match="secret_key_bad"):
        read_or_make(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_told(tmp_path: Path):
    with pytest.raises(Unavailable, match="secret_key_unreadable"):
        read_or_make(tmp_path)


@pytest.mark.parametrize("text", ["", "short", "a" * 64, "0123456789" * 3])
def test_a_weak_text_is_refused(text: str):
    with pytest.raises(Invalid, match="secret_key_weak"):
        key_of_text(text)


def test_a_text_gives_the_same_key_each_time():
    assert key_of_text("a long and random text of 0123456789") == key_of_text("a long and random text of 0123456789")
    assert len(key_of_text("a long and random text of 0123456789")) == 32
