"""Numbers and the words beside them, on the server and on a page."""

from __future__ import annotations

import pytest
import reflex as rx

from portal.i18n import catalogue, t
from portal.i18n.forms import formed
from portal.web.words import tr


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (12345, ",", "12,345"),
        ("1234567", ",", "1,234,567"),
        (-1000, ",", "-1,000"),
        ("many", ",", "many"),
        ("9" * 5000, ",", "9" * 5000),
        (1, "entry|entries", "entry"),
        ("1", "is|are", "is"),
        (0, "entry|entries", "entries"),
        (21, "entry|entries", "entries"),
        ("x", "", "x"),
    ],
)
def test_a_value_stands_in_its_form(value: object, form: str, text: str):
    assert formed(value, form) == text


def test_one_and_many_read_right_in_both_languages():
    assert t("en", "audit_report.intact", entries=1).startswith("The trail is intact: 1 entry,")
    assert t("en", "audit_report.intact", entries=12345).startswith("The trail is intact: 12,345 entries,")
    assert "12,345 条" in t("zh", "audit_report.intact", entries=12345)
    assert "{entries:,}" in t("en", "audit_report.intact")


def test_a_value_of_the_state_is_formed_in_the_browser():
    shown = str(tr("list.range", first=rx.Var("a").to(int), last=rx.Var("b").to(int), total=rx.Var("c").to(int)))
    assert "Number(c).toLocaleString" in shown
    assert "third" not in shown


def test_no_english_sentence_says_one_things():
    """`{n} entries` would read "1 entries": write `{n:entry|entries}`, or say it without a plural."""
    import re

    plural = re.compile(r"\{(?:n|count|entries|restarts|seconds|hours|days|minutes)(?::,)?\} [a-z]+s\b(?!/)")
    allowed = {"error.request_too_slow"}  # always thirty seconds
    wrong = {key: text for key, text in catalogue("en").items() if plural.search(text) and key not in allowed}
    assert wrong == {}
