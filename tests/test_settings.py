"""Settings come from the environment, and what is wrong there is refused by name in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.i18n import catalogue, t
from portal.settings import Settings, page, variables

REQUIRED = (
    *("CODEX_HOME", "CODEX_LOG_LEVEL", "CODEX_MAX_CONCURRENT", "CODEX_SESSIONS_ROOT", "CODEX_CONFIG_FILE"),
    *("CODEX_ENABLE_METRICS", "CODEX_METRICS_PORT", "GIT_USER_NAME", "GIT_USER_EMAIL", "GITHUB_TOKEN"),
    *("MCP_SERVER_PORT", "MCP_MAX_CONNECTIONS", "MCP_TIMEOUT"),
)
ROOT = Path(__file__).resolve().parents[1]


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def refusal(**environment: str) -> Invalid:
    with pytest.raises(Invalid) as refused:
        read(**environment)
    for locale in ("en", "zh"):
        sentence = t(locale, f"error.{refused.value.code}", **refused.value.params)
        assert refused.value.params["variable"] in sentence
        assert "{" not in sentence
    return refused.value


def test_every_variable_of_the_requirements_is_read():
    assert set(REQUIRED) <= set(variables())


def test_an_empty_environment_has_a_default_for_all_that_is_needed():
    settings = read()
    assert settings.port == 3000
    assert settings.database_url == "sqlite:///data/portal.db"
    assert settings.mcp_port is None


def test_defaults_follow_the_folders_they_are_in():
    settings = read(PORTAL_DATA="/srv/portal", CODEX_HOME="/srv/codex")
    assert settings.anchor_file == Path("/srv/portal/audit-anchors.jsonl")
    assert settings.database_url == "sqlite:////srv/portal/portal.db"
    assert settings.sessions_root == Path("/srv/codex/sessions")


def test_a_folder_with_braces_in_its_name_is_taken_as_it_is():
    assert read(PORTAL_DATA="/srv/{port}").engine_socket == Path("/srv/{port}/gate.sock")


def test_an_empty_variable_counts_as_not_set():
    assert read(MCP_SERVER_PORT="", PORTAL_PORT=" ").port == 3000


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("PORTAL_PORT", "0", "setting_not_a_number"),
        ("PORTAL_PORT", "٣٠٠٠", "setting_not_a_number"),
        ("CODEX_MAX_CONCURRENT", "many", "setting_not_a_number"),
        ("CODEX_LOG_LEVEL", "loud", "setting_not_an_option"),
        ("CODEX_ENABLE_METRICS", "perhaps", "setting_not_boolean"),
        ("GIT_USER_NAME", "a\nb", "setting_not_text"),
        ("PORTAL_PUBLIC_URL", "javascript://x", "setting_not_web_url"),
        ("PORTAL_DATABASE_URL", "mysql://x", "setting_not_database_url"),
        ("PORTAL_REDIS_URL", "http://x", "setting_not_redis_url"),
        ("PORTAL_PROXY_BIND", "8080", "setting_not_addresses"),
        ("PORTAL_SUBNET", "8.8.8.0/24", "setting_not_network"),
        ("PORTAL_SUBNET", "172.30.0.1/16", "setting_not_network"),
        ("PORTAL_FAILPOINTS", "rollout.shift.before=kill", "setting_only_for_tests"),
        ("PORTAL_ROLE", "worker", "setting_needs_postgresql"),
        ("PORTAL_DATA", "a\0b", "setting_not_path"),
        ("CODEX_HOME", "~nobody-of-that-name/codex", "setting_not_path"),
    ],
)
def test_a_wrong_value_is_refused_by_name(variable: str, value: str, code: str):
    error = refusal(**{variable: value})
    assert (error.code, error.params["variable"]) == (code, variable)


def test_an_unknown_variable_is_refused_with_the_nearest_known_one():
    error = refusal(PORTAL_PROT="3001")
    assert (error.code, error.params["suggestion"]) == ("setting_unknown", "PORTAL_PORT")


def test_variables_of_others_are_left_alone():
    assert read(PATH="/bin", CODEX_PORTAL_URL="http://x", PORTALS="x").port == 3000


def test_failpoints_are_obeyed_in_tests():
    assert read(PORTAL_TESTING="1", PORTAL_FAILPOINTS="a=kill").failpoints == "a=kill"


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    (tmp_path / "token").write_text("ghp_secret\n")
    assert read(GITHUB_TOKEN_FILE=str(tmp_path / "token")).github_token == "ghp_secret"


def test_a_secret_given_twice_is_refused(tmp_path: Path):
    assert refusal(GITHUB_TOKEN="x", GITHUB_TOKEN_FILE=str(tmp_path / "x")).code == "setting_twice"


def test_a_secret_file_that_is_not_there_is_refused(tmp_path: Path):
    assert refusal(PORTAL_DATABASE_URL_FILE=str(tmp_path / "x")).code == "setting_file_unreadable"


def test_only_secrets_come_from_files():
    assert refusal(PORTAL_PORT_FILE="/x").code == "setting_unknown"


def test_no_secret_is_shown(tmp_path: Path):
    settings = read(PORTAL_DATABASE_URL="postgresql://u:hunter2@h/d", GITHUB_TOKEN="hunter2")
    assert settings.database_url == "postgresql+psycopg://u:hunter2@h/d"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(refusal(PORTAL_DATABASE_URL="mysql://u:hunter2@h/d"))


@given(st.dictionaries(st.sampled_from(variables()), st.text(max_size=40), max_size=4))
def test_any_environment_is_read_or_refused_in_words(environment: dict[str, str]):
    code = ""
    try:
        Settings.from_environment(environment)
    except Invalid as error:
        code = f"error.{error.code}"
    assert not code or code in catalogue("en")


def test_every_setting_is_described_in_both_languages():
    for variable in variables():
        if not variable.endswith("_FILE") or variable == "CODEX_CONFIG_FILE":
            assert f"setting.{variable}" in catalogue("zh")


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_page_of_the_documentation_is_up_to_date(locale: str):
    path = ROOT / "docs" / locale / "settings.md"
    assert path.read_text("utf-8") == page(locale), "run bin/docs"
    assert set(re.findall(r"^\| `(\w+)`", page(locale), re.MULTILINE)) >= set(REQUIRED)
