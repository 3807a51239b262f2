"""Versions: what SemVer 2.0.0 accepts, and in which order they come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.domain.version import parse_version

pytestmark = pytest.mark.req("REQ-P3-009")

IN_ORDER = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
]


def test_versions_come_in_the_order_of_the_specification() -> None:
    parsed = [parse_version(text) for text in IN_ORDER]
    assert sorted(parsed, key=lambda version: version.precedence) == parsed
    assert all(one < next_ for one, next_ in pairwise(parsed))


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-a..b", "1.2.3\n", "１.2.3", "1." * 60],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_version(text)
    assert refused.value.code == "version_bad"


def test_build_metadata_is_kept_and_plays_no_part_in_the_order() -> None:
    one, other = parse_version("1.0.0+20260101.abc"), parse_version("1.0.0+sha.1")
    assert str(one) == "1.0.0+20260101.abc"
    assert one.precedence == other.precedence


@given(
    st.tuples(*[st.integers(0, 10**6)] * 3), st.lists(st.from_regex(r"[0-9A-Za-z-]{1,5}", fullmatch=True), max_size=3)
)
def test_writing_and_reading_a_version_gives_the_same(numbers: tuple[int, int, int], build: list[str]) -> None:
    text = ".".join(map(str, numbers)) + (f"+{'.'.join(build)}" if build else "")
    assert str(parse_version(text)) == text
