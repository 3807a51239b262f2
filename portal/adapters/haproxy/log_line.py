"""One line of the proxy's access log as a record. Everything in a line may come from a stranger: nothing raises."""

from __future__ import annotations

from portal.adapters.haproxy.frontend import LOG_TAG
from portal.adapters.haproxy.naming import STABLE_COPY, key_of
from portal.domain.route import AccessRecord, Slot

_FIELDS = 15
_LONGEST_PATH = 200
_LONGEST_METHOD = 16
_SLOTS = {str(slot): slot for slot in Slot}
_CLIENT_WENT_AWAY = 499
_ANSWER_CUT = 0


def access_record(line: bytes) -> AccessRecord | None:
    """The record, or None for what is no request to a route.

    A client that went away before an answer is status 499, which is nobody's error. An answer that the server began and
    did not end is status 0. Where a stable server stood in for a candidate without a failed attempt, the record is the
    stable slot's; where an attempt failed before, it stays with the slot that the user was assigned to, as a replay.
    """
    fields = line.decode("utf-8", "replace").split(" ", _FIELDS - 1)
    if len(fields) < _FIELDS or fields[0] != LOG_TAG:
        return None
    slot = _SLOTS.get(fields[5])
    if slot is None:
        return None
    try:
        return _record(fields, slot)
    except (ValueError, OverflowError):
        return None


def _record(fields: list[str], slot: Slot) -> AccessRecord:
    _, second, milli, total, route, _, server, inner, status, wait, retries, end, forced, method, path = fields
    name = server if inner == "-" else inner
    is_replayed = retries not in ("0", "-")
    stands_in = name.startswith(STABLE_COPY) and not is_replayed
    return AccessRecord(
        at=int(second) + (int(milli) + max(0, int(total))) / 1000,
        route=key_of(route),
        slot=slot.other if stands_in else slot,
        server="" if name.startswith("<") else name.removeprefix(STABLE_COPY),
        status=_status(int(status), end),
        server_ms=float(wait) if int(wait) >= 0 else None,
        is_forced=forced == "1",
        is_replayed=is_replayed,
        method=method[:_LONGEST_METHOD],
        path=path[:_LONGEST_PATH],
    )


def _status(status: int, end: str) -> int:
    """`end` is HAProxy's termination state: who ended it (C client, S server, s its time-out), and in which phase."""
    if end[:1] in ("C", "c") and (status < 100 or end[1:2] in ("R", "H", "Q", "C")):
        return _CLIENT_WENT_AWAY
    if end[:2] in ("SD", "sD"):
        return _ANSWER_CUT
    return status
