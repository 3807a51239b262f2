"""What a search finds first, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.search import Hit, Rank, best_first, phrases, rank, tokens


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("Shop-API", Rank.EXACT),
        ("shop", Rank.PREFIX),
        ("api", Rank.WORD),
        ("api baskets", Rank.WORD),
        ("hop", Rank.PART),
        ("购物", Rank.WORD),
        ("物车", Rank.WORD),
        ("\uff33\uff28\uff2f\uff30", Rank.PREFIX),
        ("shop zebra", None),
        ("", None),
        ("车购", None),
    ],
)
def test_the_very_name_comes_before_its_beginning_and_that_before_words(wanted: str, expected: Rank | None):
    assert rank(wanted, ["shop-api"], more=["Baskets and 购物车"]) == expected


def test_a_version_is_one_phrase_whose_end_may_be_open():
    assert phrases("1.2 hello") == [["1", "2"], ["hello"]]
    assert rank("1.2", ["hello 1.20.3"]) is Rank.WORD
    assert rank("2.1", ["hello 1.2.3"]) is None


def test_chinese_is_cut_into_characters_and_the_rest_into_words():
    assert tokens("紧急fix-登录 v1.2_x") == ["紧", "急", "fix", "登", "录", "v1", "2", "x"]


@given(st.text(max_size=300))
def test_tokens_are_letters_and_digits_alone(text: str):
    assert all(token.isalnum() or not token.isascii() for token in tokens(text))
    assert all(not set(token) & set("'\"\\ :*()|&<>-") for token in tokens(text))


def test_hits_are_ordered_by_fit_then_by_kind():
    hits = [Hit("release", "a", "/", rank=Rank.WORD), Hit("release", "b", "/", rank=Rank.EXACT)]
    hits.append(Hit("service", "c", "/", rank=Rank.WORD))
    assert [hit.title for hit in best_first(hits, ("service", "release"))] == ["b", "c", "a"]
