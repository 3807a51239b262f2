"""Words are found in both languages, and what is missing shows instead of breaking a page."""

from __future__ import annotations

import pytest

from portal.i18n import LOCALES, catalogue, normal_locale, t


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [("zh-CN", "zh"), ("zh_CN.UTF-8", "zh"), ("ZH", "zh"), ("en-GB", "en"), ("fr", "en"), ("", "en"), ("../x", "en")],
)
def test_any_locale_becomes_one_of_ours(wanted: str, locale: str):
    assert normal_locale(wanted) == locale


def test_a_sentence_is_filled_in():
    assert "bob" in t("en", "error.user_missing", user="bob")
    assert "bob" in t("zh-CN", "error.user_missing", user="bob")


def test_a_missing_key_is_shown_as_it_is():
    assert t("en", "no.such.key", user="bob") == "no.such.key"


def test_a_gap_nobody_filled_stays_visible():
    assert "{user}" in t("en", "error.user_missing")


def test_what_is_filled_in_is_not_read_as_a_pattern():
    assert "{user}{0}" in t("en", "error.user_missing", user="{user}{0}")


def test_names_that_the_lookup_itself_uses_can_be_filled_in():
    assert t("en", "error.user_missing", key="k", locale="l", user="bob") == t("en", "error.user_missing", user="bob")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_can_be_filled_in(locale: str):
    for key, text in catalogue(locale).items():
        assert isinstance(t(locale, key, **{"from": "x"}), str), text


def test_roles_are_said_in_words_one_by_one_with_their_place():
    given = {"actor": "admin", "target": "bob", "roles": "developer, operator@prod"}
    assert t("zh", "audit.user.created", **given) == "admin 添加了用户 bob（开发、生产的值班）"
    assert t("en", "audit.user.created", **given).endswith("(developer, operator in prod)")


def test_a_word_that_is_no_role_stays_as_it_is():
    assert "debug" in t("zh", "audit.log.level_set", actor="dave", before="debug", level="info")
