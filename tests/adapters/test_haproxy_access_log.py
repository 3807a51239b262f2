"""The access log: lines that anybody may have shaped, and a queue that never grows past its bound."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.adapters.haproxy.access_log import HAProxyAccessLog
from portal.adapters.haproxy.log_line import access_record
from portal.domain.errors import Unavailable
from portal.domain.route import AccessRecord, Slot
from tests.contracts.proxies import eventually

LINE = "P1 1795512249 092 12 hello:prod green new-1 - 200 3 0 -- 0 GET /a b"


def record(line: str) -> AccessRecord:
    found = access_record(line.encode())
    assert found is not None
    return found


def test_a_line_becomes_a_record():
    assert record(LINE) == AccessRecord(
        at=1795512249.104,
        route="hello@prod",
        slot=Slot.GREEN,
        server="new-1",
        status=200,
        server_ms=3.0,
        method="GET",
        path="/a b",
    )


@pytest.mark.parametrize(
    ("line", "status", "is_error"),
    [
        (LINE, 200, False),
        (LINE.replace("200 3 0 --", "500 3 0 --"), 500, True),
        (LINE.replace("new-1 - 200 3 0 --", "<NOSRV> - 503 -1 0 SC"), 503, True),
        (LINE.replace("200 3 0 --", "200 3 0 SD"), 0, True),
        (LINE.replace("200 3 0 --", "200 3 0 CD"), 200, False),
        (LINE.replace("200 3 0 --", "-1 -1 0 CH"), 499, False),
        (LINE.replace("200 3 0 --", "400 -1 0 CR"), 499, False),
        (LINE.replace("200 3 0 --", "504 -1 0 sH"), 504, True),
        (LINE.replace("200 3 0 --", "200 3 +1 --"), 200, True),
    ],
)
def test_who_ended_a_request_decides_whose_error_it_is(line: str, status: int, is_error: bool):
    assert (record(line).status, record(line).is_error) == (status, is_error)


def test_a_failed_attempt_stays_with_the_slot_that_was_assigned():
    replayed = record(LINE.replace("new-1 - 200 3 0", "stable:old-1 - 200 3 +1"))
    assert (replayed.slot, replayed.server, replayed.is_replayed) == (Slot.GREEN, "old-1", True)


def test_a_stable_server_that_stands_in_without_a_failure_counts_for_stable():
    assert (record(LINE.replace("new-1", "stable:old-1")).slot, record(LINE).slot) == (Slot.BLUE, Slot.GREEN)


def test_behind_a_shield_the_inner_server_is_named():
    assert record(LINE.replace("new-1 -", "candidate new-2")).server == "new-2"
    assert record(LINE.replace("new-1 -", "candidate stable:old-1")).slot is Slot.BLUE


def test_a_path_cannot_pass_for_another_field():
    forged = record("P1 1 000 1 hello:prod blue s - 200 1 0 -- 0 GET /x 500 9 9 SD\tP1")
    assert (forged.status, forged.path) == (200, "/x 500 9 9 SD\tP1")
    assert len(record(LINE + "x" * 5000).path) == 200


@given(st.binary(max_size=400))
def test_no_bytes_raise(line: bytes):
    found = access_record(line)
    assert found is None or found.status >= -1


ODD = st.sampled_from(["", "-", "x", "é", "-1", "0", "9" * 400, "9" * 5000, "1e9", "nan", "blue", "stable:", "<", "٣"])


@given(st.dictionaries(st.integers(1, 14), ODD, max_size=4))
def test_no_field_raises_whatever_it_holds(odd: dict[int, str]):
    words = LINE.split(" ", 14)
    found = access_record(" ".join(odd.get(place, word) for place, word in enumerate(words)).encode())
    assert found is None or found.server_ms is None or found.server_ms >= 0


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="px-") as folder:
        yield Path(folder) / "log.sock"


def listening(path: Path, **options: int) -> HAProxyAccessLog:
    log = HAProxyAccessLog(path, **options)
    log.start()
    return log


def send(path: Path, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect(str(path))
        sender.sendall(data)


def lines(count: int) -> bytes:
    return b"".join(LINE.encode() + b"/%d\n" % number for number in range(count))


def received(log: HAProxyAccessLog, count: int) -> list[AccessRecord]:
    found: list[AccessRecord] = []
    eventually(lambda: found.extend(log.read(timeout_seconds=0.05)) or len(found) >= count)
    return found


def test_records_come_in_order_from_several_senders(path: Path):
    log = listening(path)
    send(path, lines(500))
    send(path, b"Server x is DOWN.\n" + LINE.encode()[:20])
    send(path, lines(500))
    paths = [r.path for r in received(log, 1000)]
    log.close()
    assert paths == [f"/a b/{number}" for number in range(500)] * 2
    assert log.sampling == 1.0


def test_a_full_queue_drops_and_counts(path: Path):
    log = listening(path, limit=100)
    send(path, lines(1000))
    eventually(lambda: log.dropped == 900)
    assert [r.path for r in received(log, 100)][-1] == "/a b/99"
    log.close()


def test_what_the_proxy_lost_itself_is_counted(path: Path):
    log = listening(path)
    send(path, b"12 events dropped\n" + lines(1))
    received(log, 1)
    log.close()
    assert log.dropped == 12


def test_above_the_full_rate_a_known_share_is_kept(path: Path):
    log = listening(path, full_rate=100)
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect(str(path))

        def is_sampling() -> bool:
            sender.sendall(lines(200))
            log.read(timeout_seconds=0.02)
            return log.sampling < 0.5

        eventually(is_sampling)
    log.close()
    assert 0 < log.sampling < 0.5


def test_a_line_without_an_end_is_forgotten(path: Path):
    log = listening(path)
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect(str(path))
        sender.sendall(b"x" * 300_000 + b"\n" + lines(3))
        assert len(received(log, 3)) == 3
    log.close()


def test_read_waits_no_longer_than_asked(path: Path):
    log = listening(path)
    assert log.read(timeout_seconds=0.01) == []
    log.close()


def test_a_socket_that_cannot_be_made_is_said(path: Path):
    with pytest.raises(Unavailable, match="access_log_unusable"):
        HAProxyAccessLog(path / "nowhere").start()


def test_a_second_reader_takes_over_the_socket(path: Path):
    first = listening(path)
    first.close()
    second = listening(path)
    send(path, lines(1))
    assert len(received(second, 1)) == 1
    second.close()
