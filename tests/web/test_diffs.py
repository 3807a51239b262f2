"""Differences are told line by line, with what stayed around them."""

from __future__ import annotations

from portal.web.presenters.diffs import MOST_LINES, diff_lines

OLD = "".join(f"line {n}\n" for n in range(1, 21))


def test_the_same_is_nothing() -> None:
    assert diff_lines(OLD, OLD) == []
    assert diff_lines("", "") == []


def test_a_changed_line_went_and_came_with_its_numbers() -> None:
    told = diff_lines(OLD, OLD.replace("line 10\n", "line ten\n"), context=1)

    assert [(line.kind, line.text or line.count, line.old, line.new) for line in told] == [
        ("gap", 8, "", ""),
        ("same", "line 9", "9", "9"),
        ("removed", "line 10", "10", ""),
        ("added", "line ten", "", "10"),
        ("same", "line 11", "11", "11"),
        ("gap", 9, "", ""),
    ]


def test_everything_new_is_added() -> None:
    assert [(line.kind, line.new) for line in diff_lines("", "a\nb\n")] == [("added", "1"), ("added", "2")]


def test_a_text_without_end_is_cut() -> None:
    assert len(diff_lines("", "x\n" * (MOST_LINES + 50))) == MOST_LINES
