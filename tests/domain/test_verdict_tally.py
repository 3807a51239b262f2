"""Counts of an interval, and times in bins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.domain.verdict import LATENCY_EDGES_MS, Tally, latency_bin, quantile_ms
from portal.domain.verdict_tally import LATENCY_STEP


def test_the_bins_reach_from_a_tenth_of_a_millisecond_to_two_minutes_in_steps_of_five_percent():
    assert LATENCY_EDGES_MS[0] == 0.1
    assert LATENCY_EDGES_MS[-1] == 120_000.0
    steps = [high / low for low, high in pairwise(LATENCY_EDGES_MS)]
    assert all(1.0 < step <= LATENCY_STEP * 1.000001 for step in steps)
    assert 1.04 < LATENCY_STEP < 1.06


@given(st.floats(0.0, 1e9))
def test_a_time_lies_between_the_edges_of_its_bin(ms):
    bin_ = latency_bin(ms)
    assert 0 <= bin_ <= len(LATENCY_EDGES_MS)
    assert bin_ == 0 or LATENCY_EDGES_MS[bin_ - 1] <= ms
    assert bin_ == len(LATENCY_EDGES_MS) or ms < LATENCY_EDGES_MS[bin_]


@given(st.lists(st.floats(0.2, 100_000.0), min_size=1, max_size=200), st.floats(0.0, 1.0))
def test_a_quantile_is_right_within_a_bin(times, quantile):
    histogram: dict[int, int] = {}
    for ms in times:
        histogram[latency_bin(ms)] = histogram.get(latency_bin(ms), 0) + 1
    found = quantile_ms(histogram, quantile)
    rank = min(len(times) - 1, max(0, round(quantile * len(times) + 0.4999999) - 1))
    exact = sorted(times)[rank]
    assert found is not None
    assert exact / (LATENCY_STEP * 1.001) <= found <= exact * LATENCY_STEP * 1.001


def test_no_request_has_no_quantile():
    assert quantile_ms({}, 0.5) is None


def test_tallies_add_up_and_stay_as_they_were():
    one, other = Tally(3, 1, {4: 2}), Tally(5, 0, {4: 1, 9: 4})
    assert one + other == Tally(8, 1, {4: 3, 9: 4})
    assert one == Tally(3, 1, {4: 2})
    assert one + Tally() == one


@pytest.mark.parametrize(("requests", "errors"), [(1, 2), (-1, -1), (3, -1)])
def test_impossible_counts_are_refused(requests, errors):
    with pytest.raises(Invalid, match="tally_impossible"):
        Tally(requests, errors)
