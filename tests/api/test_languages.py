"""Accept-Language decides between Chinese and English."""

from __future__ import annotations

import pytest

from portal.api.languages import wanted_language


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.2, zh;q=0.3", "zh"),
        ("fr, de", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=nonsense", "en"),
        ("ZH-hans", "zh"),
        ("," * 10_000 + "zh", "en"),
    ],
)
def test_the_preferred_language_is_found(accept: str, language: str):
    assert wanted_language(accept) == language
