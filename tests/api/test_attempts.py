"""Wrong credentials are turned away after too many, without locking out those who come from the same address."""

from __future__ import annotations

import pytest

from portal.api.attempts import MOST_FAILURES, WINDOW_SECONDS, Attempts
from portal.domain.errors import Refused
from portal.kit import allowance


class Time:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def attempts(time: Time) -> Attempts:
    return Attempts(time)


def fail(attempts: Attempts, times: int, address: str = "192.0.2.1") -> None:
    for number in range(times):
        attempts.admit(address, f"guess {number}")
        attempts.failed(address, f"guess {number}")


def test_guessing_is_ended_after_twenty_failures_until_the_minute_is_over(attempts: Attempts, time: Time):
    fail(attempts, MOST_FAILURES)
    with pytest.raises(Refused, match="too_many_failures") as refusal:
        attempts.admit("192.0.2.1", "one more")
    assert 0 < int(refusal.value.params["retry_seconds"]) <= WINDOW_SECONDS + 1
    time.seconds += WINDOW_SECONDS
    attempts.admit("192.0.2.1", "one more")


def test_another_address_is_not_concerned(attempts: Attempts):
    fail(attempts, MOST_FAILURES)
    attempts.admit("192.0.2.2", "guess")


def test_a_secret_that_was_right_before_is_let_through(attempts: Attempts):
    attempts.succeeded("the right one")
    fail(attempts, MOST_FAILURES)
    attempts.admit("192.0.2.1", "the right one")
    attempts.failed("192.0.2.1", "the right one")  # revoked meanwhile
    with pytest.raises(Refused):
        attempts.admit("192.0.2.1", "the right one")


def test_failures_count_anew_after_a_minute(attempts: Attempts, time: Time):
    fail(attempts, MOST_FAILURES - 1)
    time.seconds += WINDOW_SECONDS
    fail(attempts, 1)
    attempts.admit("192.0.2.1", "guess")


def test_only_so_many_addresses_are_remembered(attempts: Attempts, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(allowance, "MOST_NAMES", 3)
    fail(attempts, MOST_FAILURES)
    for number in range(2, 5):
        attempts.failed(f"192.0.2.{number}", "guess")
    attempts.admit("192.0.2.1", "forgotten, so it may try again")
