"""How long, how long ago and when, in both languages, as the pages say it too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.i18n import times

AT = datetime(2026, 3, 29, 22, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "now", "现在"),
        (0.9, "now", "现在"),
        (1, "1 second ago", "1 秒钟前"),
        (59, "59 seconds ago", "59 秒钟前"),
        (60, "1 minute ago", "1 分钟前"),
        (3599, "59 minutes ago", "59 分钟前"),
        (3600, "1 hour ago", "1 小时前"),
        (86399, "23 hours ago", "23 小时前"),
        (86400, "yesterday", "昨天"),
        (172800, "2 days ago", "前天"),
        (40 * 86400, "40 days ago", "40 天前"),
    ],
)
def test_how_long_ago(seconds: float, english: str, chinese: str):
    passed = timedelta(seconds=seconds)
    assert (times.ago("en", passed), times.ago("zh-CN", passed)) == (english, chinese)


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (0.25, "0.2 s", "0.2 秒"),
        (75, "1 min 15 s", "1 分钟 15 秒"),
        (5400, "1 h 30 min", "1 小时 30 分钟"),
        (90061, "1 d 1 h", "1 天 1 小时"),
    ],
)
def test_how_long(seconds: float, english: str, chinese: str):
    assert (times.span("en", seconds), times.span("zh", seconds)) == (english, chinese)


@pytest.mark.parametrize(
    ("zone", "english", "chinese"),
    [
        ("UTC", "29 Mar 2026, 22:05", "2026年3月29日 22:05"),
        ("Asia/Shanghai", "30 Mar 2026, 06:05", "2026年3月30日 06:05"),
        ("Europe/Berlin", "30 Mar 2026, 00:05", "2026年3月30日 00:05"),
        ("America/New_York", "29 Mar 2026, 18:05", "2026年3月29日 18:05"),
    ],
)
def test_when_by_the_clock_of_a_zone(zone: str, english: str, chinese: str):
    shown = tuple(times.moment(locale, AT, zone=ZoneInfo(zone)) for locale in ("en_GB.UTF-8", "zh"))
    assert shown == (english, chinese)
