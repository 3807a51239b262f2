"""Looks at everything that work on this machine needs, all at once, each look bounded; and repairs what is safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from portal.domain.doctor import Diagnosis, Finding, Grade, Group, Repair, Result, failed
from portal.domain.errors import PortalError

LOOK_SECONDS = 10.0
_ORDER = {group: number for number, group in enumerate(Group)}


@dataclass(frozen=True, slots=True)
class Examination:
    """`look` may raise: what it raises is the finding."""

    name: str
    group: Group
    look: Callable[[], Finding]


Mender = Callable[[Finding], None]


class Doctor:
    """`menders` by the name of the repair; each does it for one finding, or raises PortalError or OSError."""

    def __init__(
        self,
        examinations: Sequence[Examination],
        menders: Mapping[str, Mender],
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._examinations = tuple(sorted(examinations, key=lambda one: _ORDER[one.group]))
        self._menders, self._look_seconds = dict(menders), look_seconds

    def examine(self, only: Iterable[Group] = ()) -> Diagnosis:
        """All groups if none is named. Takes `look_seconds` at most: what has not come back by then has failed."""
        wanted = frozenset(only)
        chosen = [one for one in self._examinations if not wanted or one.group in wanted]
        done: SimpleQueue[Result] = SimpleQueue()
        until = time.monotonic() + self._look_seconds
        for one in chosen:  # daemons: a look that hangs must not keep the process
            threading.Thread(target=_take, args=(one, done), name=f"doctor-{one.name}", daemon=True).start()
        found = _collected(done, len(chosen), until)
        return Diagnosis(tuple(found.get(one.name) or self._late(one) for one in chosen))

    def treat(self, only: Iterable[Group] = ()) -> Diagnosis:
        """Examine, repair what can be repaired without asking, and examine again."""
        groups = tuple(only)
        before = self.examine(groups)
        repairs = tuple(self._mended(result) for result in before.results if result.finding.repair in self._menders)
        return Diagnosis(self.examine(groups).results if repairs else before.results, repairs)

    def _mended(self, result: Result) -> Repair:
        finding = result.finding
        reason = ""
        try:
            self._menders[finding.repair](finding)
        except PortalError as error:
            reason = error.code
        except OSError as error:
            reason = error.strerror or type(error).__name__
        return Repair(result.name, finding.repair, finding.params, is_done=not reason, reason=reason)

    def _late(self, one: Examination) -> Result:
        finding = failed("look_late", remedy="look_late", seconds=f"{self._look_seconds:g}")
        return Result(one.name, one.group, finding, self._look_seconds * 1000)


def _collected(done: SimpleQueue[Result], count: int, until: float) -> dict[str, Result]:
    found: dict[str, Result] = {}
    while len(found) < count:
        try:
            result = done.get(timeout=max(0.001, until - time.monotonic()))
        except Empty:
            break
        found[result.name] = result
    return found


def _take(one: Examination, done: SimpleQueue[Result]) -> None:
    begun = time.monotonic()
    finding = _finding(one.look)
    done.put(Result(one.name, one.group, finding, round((time.monotonic() - begun) * 1000, 1)))


def _finding(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except PortalError as error:
        return Finding(Grade.FAIL, f"error.{error.code}", error.params)
    except Exception as error:  # noqa: BLE001 - a look that breaks is a finding too
        return failed("look_broke", remedy="look_broke", error=type(error).__name__)
