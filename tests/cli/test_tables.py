"""Tables line up in both languages."""

from __future__ import annotations

import pytest
from click import unstyle

from portal.cli.tables import cell, table, width
from portal.cli.words import speak, wanted_language


@pytest.fixture(autouse=True)
def english():
    speak("en")
    yield
    speak("en")


def test_chinese_characters_take_two_columns():
    assert width("灰度 10%") == 8


def test_columns_line_up_with_chinese_titles_and_values():
    speak("zh")
    rows = [{"service": "shop", "version": "1.0.0"}, {"service": "库存", "version": "2.0.0"}]
    lines = [unstyle(line) for line in table(rows, ("service", "version"))]
    starts = {width(line[: line.index(mark)]) for line, mark in zip(lines, ("版本", "1.0.0", "2.0.0"), strict=True)}
    assert len(starts) == 1


def test_values_read_as_words():
    assert cell("is_signed", True) == "yes"
    assert cell("hosts", ["a.example", "b.example"]) == "a.example, b.example"
    assert cell("cause", {"code": "x", "text": "The proxy is gone."}) == "The proxy is gone."
    assert cell("percent", 10) == "10 %"
    assert cell("note", None) == ""


def test_times_are_shown_in_the_zone_of_this_machine(monkeypatch: pytest.MonkeyPatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    assert cell("created_at", "2026-01-31T08:00:00Z") == "2026-01-31 16:00:00"
    monkeypatch.delenv("TZ")
    time.tzset()


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"CODEX_PORTAL_LANG": "zh", "LC_ALL": "C"}, "zh"),
        (["service", "list", "--lang", "zh"], {}, "zh"),
        (["--lang=en"], {"LANG": "zh_CN"}, "en"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language_is_found_before_the_command_is(arguments: list[str], environment: dict[str, str], language: str):
    assert wanted_language(arguments, environment) == language
