"""The audit trail holds every act once and in order, and shows whatever is done to it afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import GENESIS, AuditEntry, AuditQuery, AuditReport, entry_hash
from portal.domain.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from portal.domain.merkle import is_included
from portal.kit.context import working_for
from portal.services.audit import Audit
from portal.store.database import Database

ALICE = Actor("alice", grants=(Grant(Role.RELEASE_MANAGER),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER, "dev"),))
MALLORY = Actor("mallory")


def act(name: str = "rollout.started", **about: Any) -> AuditEntry:
    return AuditEntry("alice", "user", name, "service", "hello", **about)


def write(audit: Audit, database: Database, *entries: AuditEntry) -> list[AuditEntry]:
    with database.transaction() as session:
        return [audit.record(session, entry) for entry in entries]


def tamper(database: Database, statement: str) -> None:
    """What somebody does who owns the database: the triggers are no hindrance to them."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for act_ in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_no_{act_}")
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_anchor_no_{act_}")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
            connection.exec_driver_sql("ALTER TABLE audit_anchor DISABLE TRIGGER ALL")
        connection.exec_driver_sql(statement)


def rewrite(database: Database, audit: Audit) -> None:
    """Change the reason of the first entry and make all later hashes fit again."""
    entries = audit.page(SYSTEM, AuditQuery(limit=200)).items[::-1]
    previous = GENESIS
    for entry in entries:
        forged = replace(entry, reason="innocent", previous_hash=previous, hash="")
        previous, before = entry_hash(forged), previous
        values = f"reason='innocent', previous_hash='{before}', hash='{previous}'"
        tamper(database, f"UPDATE audit SET {values} WHERE sequence={entry.sequence}")


def test_entries_are_numbered_chained_and_dated(audit: Audit, database: Database, clock: Any):
    first, second = write(audit, database, act(), act("rollout.promote"))
    assert (first.sequence, second.sequence) == (1, 2)
    assert (first.previous_hash, second.previous_hash) == (GENESIS, first.hash)
    assert first.at == clock.now()
    assert audit.page(ALICE, AuditQuery()).items == (second, first)


def test_what_is_undone_leaves_no_entry_and_no_gap(audit: Audit, database: Database):
    def change_and_fail() -> None:
        with database.transaction() as session:
            audit.record(session, act())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert write(audit, database, act())[0].sequence == 1


def test_the_request_is_noted_by_itself(audit: Audit, database: Database):
    with working_for(request="req-7"):
        assert write(audit, database, act())[0].request_id == "req-7"


def test_writers_at_once_make_one_chain(audit: Audit, database: Database):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: write(audit, database, act(reason=str(n)), act()), range(30)))
    report = audit.verify(SYSTEM)
    assert report.is_intact
    assert report.entries == 60


@pytest.mark.parametrize("statement", ["UPDATE audit SET reason='x'", "DELETE FROM audit", "DELETE FROM audit_anchor"])
def test_the_database_itself_refuses_changes(audit: Audit, database: Database, statement: str):
    write(audit, database, act())
    audit.anchor()
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reason=st.text(st.characters(codec=None), max_size=50),
    params=st.dictionaries(st.text(max_size=9), st.text(st.characters(codec=None), max_size=9), max_size=3),
)
def test_any_text_is_kept_and_still_fits_its_hash(
    audit: Audit, database: Database, reason: str, params: dict[str, str]
):
    write(audit, database, act(reason=reason, params=params))
    assert audit.verify(SYSTEM).is_intact


def test_long_text_is_cut(audit: Audit, database: Database):
    entry = write(audit, database, act(reason="x" * 10_000, params={str(n): "v" for n in range(99)}))[0]
    assert (len(entry.reason), len(entry.params)) == (2000, 40)


@pytest.mark.parametrize(
    ("harm", "code", "broken_at"),
    [
        (lambda d, _: tamper(d, "UPDATE audit SET reason='innocent' WHERE sequence=3"), "edited", 3),
        (lambda d, _: tamper(d, "UPDATE audit SET hash=previous_hash WHERE sequence=3"), "edited", 3),
        (lambda d, _: tamper(d, "DELETE FROM audit WHERE sequence=2"), "gap", 3),
        (lambda d, _: tamper(d, "DELETE FROM audit WHERE sequence=1"), "gap", 2),
        (lambda d, _: tamper(d, "DELETE FROM audit WHERE sequence>=4"), "cut", 4),
        (lambda d, _: tamper(d, "DELETE FROM audit"), "cut", 1),
        (rewrite, "rewritten", 5),
    ],
)
def test_every_kind_of_harm_is_found(
    audit: Audit, database: Database, harm: Callable[[Database, Audit], None], code: str, broken_at: int
):
    write(audit, database, *(act(reason=str(number)) for number in range(5)))
    audit.anchor()
    assert audit.verify(SYSTEM).is_intact
    harm(database, audit)
    report = audit.verify(SYSTEM)
    assert (report.is_intact, report.code, report.broken_at) == (False, code, broken_at)


def test_the_copy_of_the_anchors_tells_when_those_of_the_database_are_gone_too(audit: Audit, database: Database):
    write(audit, database, act(), act(), act())
    audit.anchor()
    tamper(database, "DELETE FROM audit WHERE sequence=3")
    tamper(database, "DELETE FROM audit_anchor")
    assert audit.verify(SYSTEM).code == "cut"


def test_an_anchor_that_somebody_else_signed_is_found(audit: Audit, database: Database, anchor_file: Path):
    write(audit, database, act())
    anchor = audit.anchor()
    assert anchor is not None
    line = json.loads(anchor_file.read_text())
    anchor_file.write_text(json.dumps({**line, "size": 2}) + "\n")
    assert audit.verify(SYSTEM).code == "forged"


def test_a_line_torn_by_a_power_cut_is_no_forgery(audit: Audit, database: Database, anchor_file: Path):
    write(audit, database, act())
    audit.anchor()
    with anchor_file.open("a") as file:
        file.write('{"size": 2, "ro')
    assert audit.verify(SYSTEM).is_intact


def test_an_anchor_can_be_checked_with_the_public_key_alone(audit: Audit, database: Database, anchor_file: Path):
    write(audit, database, act(), act())
    audit.anchor()
    line = json.loads(anchor_file.read_text())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(audit.public_key()))
    key.verify(bytes.fromhex(line["signature"]), f"{line['size']}:{line['root']}".encode())
    assert line["key"] == audit.public_key()


def test_anchors_follow_the_trail_across_restarts(audit: Audit, database: Database, clock: Any, anchor_file: Path):
    assert audit.anchor() is None
    write(audit, database, act())
    assert audit.anchor() is not None
    assert audit.anchor() is None
    again = Audit(database, clock, anchor_file=anchor_file)
    assert again.anchor() is None
    write(again, database, act(), act())
    anchor = again.anchor()
    report = audit.verify(SYSTEM)
    assert anchor is not None
    assert (anchor.size, anchor.root, report.anchors) == (3, report.root, 2)


def test_a_trail_that_shrank_is_not_anchored_anew(audit: Audit, database: Database):
    write(audit, database, act(), act())
    audit.anchor()
    tamper(database, "DELETE FROM audit WHERE sequence=2")
    with pytest.raises(Conflict, match="audit_cut"):
        audit.anchor()


def test_an_anchor_that_cannot_be_copied_out_is_not_taken(database: Database, clock: Any, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    audit = Audit(database, clock, anchor_file=tmp_path / "folder")
    write(audit, database, act())
    with pytest.raises(Unavailable, match="anchor_file_unwritable"):
        audit.anchor()
    assert audit.verify(SYSTEM) == AuditReport(True, 1, 0, audit.verify(SYSTEM).root)


def test_an_entry_is_proven_to_be_under_the_newest_anchor(audit: Audit, database: Database):
    entries = write(audit, database, *(act(reason=str(number)) for number in range(11)))
    anchor = audit.anchor()
    write(audit, database, act())
    assert anchor is not None
    for entry in entries:
        proof = audit.proof(ALICE, entry.sequence)
        assert (proof.is_good, proof.is_anchored) == (True, True)
        assert proof.inclusion is not None
        assert is_included(proof.inclusion)
        assert proof.inclusion.root == anchor.root
        assert proof.inclusion.leaf == hashlib.sha256(b"\x00" + bytes.fromhex(entry.hash)).hexdigest()
    young = audit.proof(ALICE, 12)
    assert (young.is_good, young.is_anchored) == (True, False)
    with pytest.raises(NotFound):
        audit.proof(ALICE, 13)


def test_a_proof_says_what_does_not_fit(audit: Audit, database: Database):
    write(audit, database, act(), act(), act())
    audit.anchor()
    tamper(database, "UPDATE audit SET reason='innocent' WHERE sequence=2")
    edited = audit.proof(ALICE, 2)
    assert (edited.is_unchanged, edited.is_included, edited.is_good) == (False, True, False)
    tamper(database, "UPDATE audit SET hash=previous_hash WHERE sequence=2")
    assert not audit.proof(ALICE, 3).is_chained
    assert not audit.proof(ALICE, 3).is_included


def test_entries_are_found_by_each_of_their_sides(audit: Audit, database: Database, clock: Any):
    write(audit, database, act("rollout.started", environment="prod"), act("rolloutish", reason="50%_off"))
    clock.pass_by(hours=1)
    write(audit, database, replace(act("user.created", environment="dev"), actor="carol", target="bob"))

    def found(**query: Any) -> list[int]:
        return [entry.sequence for entry in audit.page(ALICE, AuditQuery(**query)).items]

    assert found(action="rollout") == [1]
    assert found(actor="carol") == found(target="bob") == found(environment="dev") == [3]
    assert found(text="50%_") == [2]
    assert found(text="5___o") == []
    assert found(since=clock.now()) == [3]
    assert found(until=clock.now()) == [2, 1]
    assert found(target_kind="service", sort="at") == [1, 2, 3]
    assert found(text="ALICE 50%") == [2]
    assert found(text="alice carol") == []
    assert found(sort="actor") == [1, 2, 3]
    assert found(sort="-actor") == [3, 2, 1]
    assert found(sort="target") == [3, 1, 2]
    assert found(offset=1, limit=1) == [2]
    assert audit.actors(ALICE) == ("alice", "carol")
    with pytest.raises(Invalid, match="sort_bad"):
        found(sort="hash; DROP TABLE audit")
    assert audit.page(ALICE, AuditQuery(limit=1)).total == 3


def test_who_may_read_one_environment_sees_that_one_alone(audit: Audit, database: Database):
    write(audit, database, act(environment="dev"), act(environment="prod"), act("user.created"))
    assert [entry.sequence for entry in audit.page(BOB, AuditQuery()).items] == [1]
    assert audit.page(BOB, AuditQuery(environment="prod")).total == 0
    for ask in (audit.verify, audit.export):
        with pytest.raises(Refused, match="not_allowed"):
            ask(BOB)
    assert audit.entry(BOB, 1).environment == "dev"
    assert audit.actors(BOB) == ("alice",)
    for look in (audit.entry, audit.proof):
        with pytest.raises(NotFound, match="audit_entry_missing"):
            look(BOB, 2)
    with pytest.raises(Refused, match="not_allowed"):
        audit.page(MALLORY, AuditQuery())


def test_the_export_can_be_verified_without_the_portal(audit: Audit, database: Database):
    write(audit, database, *(act(reason=f"理由 {number}") for number in range(3)))
    audit.anchor()
    lines = [json.loads(line) for line in audit.export(SYSTEM)]
    entries, anchors = lines[:-1], lines[-1:]
    previous = GENESIS
    for entry in entries:
        digest = entry.pop("hash")
        body = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert (entry["previous"], digest) == (previous, hashlib.sha256(body.encode()).hexdigest())
        previous = digest
    assert entries[-1]["action"] == "audit.exported"
    assert anchors[0]["anchor"]["size"] == 3


def test_a_part_is_exported_by_the_filters_and_that_is_recorded(audit: Audit, database: Database):
    write(audit, database, act(environment="dev"), act(environment="prod"), act("release.created", environment="prod"))
    audit.anchor()
    found = [json.loads(line) for line in audit.export(SYSTEM, AuditQuery(environment="prod", action="rollout"))]
    assert [line["sequence"] for line in found] == [2]
    newest = audit.page(SYSTEM, AuditQuery(limit=1)).items[0]
    assert newest.params == {"form": "jsonl", "environment": "prod", "action": "rollout"}


def test_who_may_export_one_environment_gets_that_one_alone(audit: Audit, database: Database):
    erin = Actor("erin", grants=(Grant(Role.ADMINISTRATOR, "dev"),))
    write(audit, database, act(environment="dev"), act(environment="prod"))
    audit.anchor()
    assert [json.loads(line).get("environment") for line in audit.export(erin)] == ["dev"]
