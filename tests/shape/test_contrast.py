"""Text can be read in both themes: every pair of colours that stands together keeps the contrast of WCAG 2.2, AA."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "assets" / "styles" / "tokens.css"
TEXT, SHAPE = 4.5, 3.0
INKS = ("ink", "ink-2", "ink-3", "accent", "ok", "warn", "bad", "canary", "stable")
GROUNDS = ("bg", "surface", "sunken")
TONES = ("ok", "warn", "bad", "wait", "stable", "canary", "accent")
PAIRS = [
    *((ink, ground, TEXT) for ink in INKS for ground in GROUNDS),
    *((tone, f"{tone}-soft", TEXT) for tone in TONES),
    ("ink-2", "wait-soft", TEXT),
    ("accent-ink", "accent", TEXT),
    ("surface", "bad", TEXT),
    ("on-canary", "canary-fill", TEXT),
    ("stable", "surface", SHAPE),
    ("canary", "surface", SHAPE),
    ("line-strong", "surface", 1.3),
]


@cache
def tokens(theme: str) -> dict[str, str]:
    light, _, dark = TOKENS.read_text("utf-8").partition('[data-theme="dark"]')
    colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", light))
    return colours if theme == "light" else colours | dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", dark))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_measure_is_the_known_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_can_be_read(theme: str) -> None:
    colours = tokens(theme)
    measured = [(ink, ground, contrast(colours[ink], colours[ground]), least) for ink, ground, least in PAIRS]
    assert [f"{ink} on {ground}: {got:.2f} < {least}" for ink, ground, got, least in measured if got < least] == []
