"""Every setting is shown with where its value comes from, and no secret is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from portal.domain.access import Actor, Grant, Role
from portal.domain.errors import Refused
from portal.domain.setting import MASK, Setting, Source
from portal.kit import log
from portal.services.settings_book import LOG_LEVEL, SettingsBook
from portal.settings import Settings, explained

DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER),))
CANARY = "ghp_thecanarythatsingsinthecoalmine"


@pytest.fixture
def book(tmp_path: Path) -> SettingsBook:
    (tmp_path / "url").write_text(f"postgresql://me:{CANARY}@db/portal")
    given = {"GITHUB_TOKEN": CANARY, "PORTAL_PORT": "4000", "PORTAL_DATABASE_URL_FILE": str(tmp_path / "url")}
    return SettingsBook(explained(Settings.from_environment(given), given))


def only(book: SettingsBook, variable: str) -> Setting:
    return next(setting for setting in book.settings(DAVE) if setting.variable == variable)


def test_every_variable_is_there_with_its_source(book: SettingsBook, tmp_path: Path):
    assert {s.variable for s in book.settings(DAVE)} == {known.metadata["variable"] for known in fields(Settings)}
    port, database = only(book, "PORTAL_PORT"), only(book, "PORTAL_DATABASE_URL")
    assert (port.value, port.default, port.source) == ("4000", "3000", Source.ENVIRONMENT)
    assert (database.value, database.source, database.file) == (MASK, Source.FILE, str(tmp_path / "url"))
    assert (only(book, "PORTAL_REDIS_URL").value, only(book, "PORTAL_REDIS_URL").source) == ("", Source.DEFAULT)
    assert only(book, "PORTAL_AUDIT_ANCHORS").default == "$PORTAL_DATA/audit-anchors.jsonl"


def test_no_secret_is_shown(book: SettingsBook):
    assert CANARY not in repr(book.settings(DAVE))
    assert only(book, "GITHUB_TOKEN").value == MASK


@pytest.mark.parametrize(
    ("text", "variable"), [("4000", "PORTAL_PORT"), ("github", "GITHUB_TOKEN"), ("日志", LOG_LEVEL)]
)
def test_a_setting_is_found_by_name_value_and_meaning(book: SettingsBook, text: str, variable: str):
    assert variable in [setting.variable for setting in book.settings(DAVE, text=text)]
    assert book.settings(DAVE, text=text, group="nowhere") == ()


def test_a_log_level_that_was_changed_says_so(book: SettingsBook):
    before = log.current_level()
    try:
        log.set_level("debug")
        level = only(book, LOG_LEVEL)
        assert (level.value, level.source, level.is_read_once) == ("debug", Source.RUN_TIME, False)
    finally:
        log.set_level(before)


def test_it_takes_the_right_to_read_settings(book: SettingsBook):
    for ask in (book.settings, book.groups):
        with pytest.raises(Refused):
            ask(BOB)
