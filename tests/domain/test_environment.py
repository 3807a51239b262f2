"""Freeze windows: once and weekly, over midnight and over a change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from portal.domain.environment import FreezeWindow, check_freeze, freeze_at
from portal.domain.errors import Invalid

pytestmark = pytest.mark.req("REQ-P3-008")


def weekly(**values: object) -> FreezeWindow:
    return FreezeWindow(1, "weekend", "prod", **values)  # type: ignore[arg-type]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_weekly_window_is_meant_in_its_own_zone() -> None:
    window = weekly(zone="Asia/Shanghai", days=("fri",), from_time=time(18), to_time=time(23))
    assert window.is_active(at("2026-03-06T18:00:00+08:00"))
    assert not window.is_active(at("2026-03-06T17:59:59+08:00"))
    assert not window.is_active(at("2026-03-06T23:00:00+08:00"))
    assert not window.is_active(at("2026-03-05T19:00:00+08:00"))


def test_a_window_may_run_past_midnight() -> None:
    window = weekly(days=("fri",), from_time=time(22), to_time=time(6))
    assert window.is_active(at("2026-03-06T23:00:00+00:00"))
    assert window.is_active(at("2026-03-07T05:59:00+00:00"))
    assert not window.is_active(at("2026-03-07T06:00:00+00:00"))
    assert not window.is_active(at("2026-03-06T05:00:00+00:00"))


def test_a_change_of_the_clocks_moves_the_window_with_them() -> None:
    window = weekly(zone="Europe/Berlin", days=("sun",), from_time=time(12), to_time=time(13))
    assert window.is_active(at("2026-03-22T11:30:00+00:00"))  # winter: one hour ahead
    assert window.is_active(at("2026-03-29T10:30:00+00:00"))  # summer: two hours ahead
    assert not window.is_active(at("2026-03-29T11:30:00+00:00"))


def test_a_window_once_ends_when_it_says() -> None:
    start, end = at("2026-03-01T00:00:00+00:00"), at("2026-03-02T00:00:00+00:00")
    window = FreezeWindow(1, "fair", "*", starts_at=start, ends_at=end)
    assert window.ends_after(start) == end
    assert window.ends_after(end) is None
    assert freeze_at((window,), "dev", start) is window


def test_a_window_of_another_environment_does_not_count() -> None:
    window = weekly(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), from_time=time(0), to_time=time(0))
    assert freeze_at((window,), "prod", at("2026-03-03T12:00:00+00:00")) is window
    assert freeze_at((window,), "dev", at("2026-03-03T12:00:00+00:00")) is None


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (weekly(zone="Mars/Olympus", days=("mon",)), "zone"),
        (weekly(zone="../etc/passwd", days=("mon",)), "zone"),
        (weekly(days=("someday",)), "days"),
        (weekly(), "days"),
        (
            FreezeWindow(
                1, "x", "*", starts_at=at("2026-03-02T00:00:00+00:00"), ends_at=at("2026-03-01T00:00:00+00:00")
            ),
            "ends_at",
        ),
    ],
)
def test_a_window_that_could_not_be_meant_is_refused(window: FreezeWindow, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_freeze(window)
    assert refused.value.params["field"] == field
