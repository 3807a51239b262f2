"""What every store of backups has to do: one suite for memory, a folder and S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.adapters.backup.directory import DirectoryBackups
from portal.adapters.backup.s3 import Bucket, S3Backups
from portal.adapters.backup.s3_signing import Credentials, Signed, signed_headers
from portal.adapters.memory.backups import MemoryBackups
from portal.domain.errors import Invalid, NotFound, Unavailable
from portal.ports.backup_store import LARGEST_OBJECT_BYTES, BackupStore
from tests.contracts.backup_stores import CREDENTIALS, store_of


@pytest.fixture(params=["memory", "directory", pytest.param("s3", marks=pytest.mark.live)], scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupStore]:
    with store_of(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


def test_what_was_put_is_got_whole_and_replaced_whole(store: BackupStore):
    content = bytes(range(256)) * 5000
    store.put("a/one", content)
    assert store.get("a/one") == content
    store.put("a/one", b"")
    assert store.get("a/one") == b""


def test_names_come_in_order_and_below_the_prefix_alone(store: BackupStore):
    for name in ("b/2", "b/10", "b/deep/1", "bb/1", "b-/x"):
        store.put(name, b"x")
    assert list(store.names("b/")) == ["b/10", "b/2", "b/deep/1"]
    assert list(store.names("b/1")) == ["b/10"]
    assert list(store.names("nothing/")) == []


def test_folders_are_the_next_parts_of_the_names(store: BackupStore):
    for name in ("c/two/1", "c/one/1", "c/one/deep/1", "c/file"):
        store.put(name, b"x")
    assert store.folders("c/") == ["one", "two"]
    assert store.folders("nothing/") == []


def test_more_than_a_thousand_names_are_all_found(store: BackupStore):
    for number in range(1005):
        store.put(f"many/{number:04d}", b"x")
    assert list(store.names("many/")) == [f"many/{number:04d}" for number in range(1005)]


def test_what_is_not_there_is_said_and_deleting_it_is_nothing(store: BackupStore):
    store.put("d/x", b"x")
    store.delete("d/x")
    store.delete("d/x")
    with pytest.raises(NotFound, match="backup_object_missing"):
        store.get("d/x")
    assert list(store.names("d/")) == []


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../../x", "a//b", ".hidden", "A", "a\x00b", "a/", "x" * 501])
def test_a_name_that_could_leave_the_store_is_refused(store: BackupStore, name: str):
    for act in (lambda: store.put(name, b"x"), lambda: store.get(name), lambda: store.delete(name)):
        with pytest.raises(Invalid, match="backup_name_bad"):
            act()


def test_an_object_that_is_too_large_is_refused(store: BackupStore):
    with pytest.raises(Invalid, match="backup_object_large"):
        store.put("large", bytes(LARGEST_OBJECT_BYTES + 1))


def test_the_address_names_the_place_and_no_secret(store: BackupStore):
    assert store.address
    assert CREDENTIALS.secret not in store.address


def test_a_store_that_is_away_says_so(tmp_path: Path):
    away = MemoryBackups()
    away.is_away = True
    (tmp_path / "file").write_text("not a folder")
    nowhere = S3Backups(Bucket("http://127.0.0.1:9", "backups"), CREDENTIALS)
    for store in (away, DirectoryBackups(tmp_path / "file"), nowhere):
        with pytest.raises(Unavailable, match="backup_store_unavailable"):
            store.put("a", b"x")
    nowhere.close()


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ({"lifecycle": ""}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ({"max-keys": "2", "prefix": "J"}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_requests_are_signed_as_in_the_published_examples(query: dict[str, str], signature: str):
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    at = datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed_headers(credentials, Signed("GET", "examplebucket.s3.amazonaws.com", "/", query), at=at)
    assert headers["authorization"].endswith(f"Signature={signature}")
