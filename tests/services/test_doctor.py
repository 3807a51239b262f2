"""The doctor looks at everything at once, waits for nobody too long, and repairs what it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from portal.domain.doctor import Finding, Grade, Group, failed, passed, warned
from portal.domain.errors import Invalid
from portal.services.doctor import Doctor, Examination

pytestmark = pytest.mark.req("REQ-P3-001")


@pytest.fixture
def halt() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_looks_are_taken_side_by_side_and_told_by_group():
    together = threading.Barrier(3, timeout=5)

    def look() -> Finding:
        together.wait()  # broken, and so a finding of its own, if they came one after the other
        return passed("fine")

    groups = (Group.PORTAL, Group.TOOLS, Group.ENGINE)
    results = Doctor([Examination(group, group, look) for group in groups], {}).examine().results
    assert [(result.group, result.finding.code) for result in results] == [
        (group, "fine") for group in (Group.TOOLS, Group.ENGINE, Group.PORTAL)
    ]


def test_a_look_that_hangs_has_failed_and_holds_up_no_other(halt: threading.Event):
    def hang() -> Finding:
        halt.wait(30)
        return passed("fine")

    examinations = [
        Examination("slow", Group.TOOLS, hang),
        Examination("quick", Group.TOOLS, lambda: passed("fine")),
    ]
    begun = time.monotonic()
    results = Doctor(examinations, {}, look_seconds=0.2).examine().results
    assert time.monotonic() - begun < 5
    assert [(result.name, result.finding.code) for result in results] == [("slow", "look_late"), ("quick", "fine")]


def test_what_a_look_raises_is_the_finding():
    def refuse() -> Finding:
        raise Invalid("secret_key_weak", limit=32)

    def break_down() -> Finding:
        raise KeyError("secret of the day")

    examinations = [Examination("a", Group.TOOLS, refuse), Examination("b", Group.TOOLS, break_down)]
    first, second = (result.finding for result in Doctor(examinations, {}).examine().results)
    assert (first.grade, first.code, first.params) == (Grade.FAIL, "error.secret_key_weak", {"limit": "32"})
    assert (second.code, second.params) == ("look_broke", {"error": "KeyError"})


def test_only_the_wanted_groups_are_looked_at():
    examinations = [Examination(group, group, lambda: passed("fine")) for group in Group]
    results = Doctor(examinations, {}).examine([Group.SECRETS]).results
    assert [result.group for result in results] == [Group.SECRETS]


def test_what_can_be_repaired_is_repaired_and_looked_at_again():
    broken = {"folder": True, "disk": True}

    def look(name: str) -> Finding:
        return warned("bad", remedy="mend", repair=name) if broken[name] else passed("fine")

    def mend(finding: Finding) -> None:
        if finding.repair == "disk":
            raise OSError(30, "Read-only file system")
        broken[finding.repair] = False

    examinations = [
        Examination("a", Group.MACHINE, lambda: look("folder")),
        Examination("b", Group.MACHINE, lambda: look("disk")),
        Examination("c", Group.MACHINE, lambda: failed("bad", remedy="mend")),
    ]
    found = Doctor(examinations, {"folder": mend, "disk": mend}).treat()
    assert [(each.name, each.is_done, each.reason) for each in found.repairs] == [
        ("a", True, ""),
        ("b", False, "Read-only file system"),
    ]
    assert [result.finding.grade for result in found.results] == [Grade.PASS, Grade.WARN, Grade.FAIL]
