"""Commands that work on this machine's own portal, as the user of the operating system."""

from __future__ import annotations

import getpass

import pytest

from tests.cli.conftest import Portal

PASSWORD = "a long walk on the beach\n"


@pytest.fixture
def migrated(own: Portal) -> Portal:
    assert own("migrate").code == 0
    return own


def test_a_command_in_the_wrong_folder_makes_no_second_portal(own: Portal):
    result = own("user", "list")
    assert result.code == 4
    assert "portal.db" in result.err


def test_migrating_again_changes_nothing(own: Portal):
    assert [own("migrate", "--json").json["is_changed"] for _ in range(2)] == [True, False]


def test_a_user_is_added_given_roles_and_disabled(migrated: Portal):
    added = migrated("user", "add", "alice", "--role", "release_manager", "--role", "operator@dev", typed=PASSWORD)
    assert (added.code, added.out) == (0, "User alice is added.\n")
    migrated("user", "add", "root", "--role", "administrator", typed=PASSWORD)
    listed = {user["name"]: user for user in migrated("user", "list", "--json").json}
    assert set(listed["alice"]["grants"]) == {"release_manager", "operator@dev"}
    assert migrated("user", "grant", "alice", "viewer").out == "alice now has: viewer.\n"
    assert migrated("user", "passwd", "alice", typed="another walk on the beach\n").code == 0
    assert migrated("user", "disable", "alice").code == 0
    assert migrated("user", "list", "--json").json[0]["is_disabled"]
    assert migrated("user", "enable", "alice").code == 0
    assert migrated("user", "disable", "root").code == 3


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [
        (("user", "add", "bob"), "short\n", 2),
        (("user", "add", "bob", "--role", "king"), PASSWORD, 2),
        (("user", "add", "Bob Smith"), PASSWORD, 2),
        (("user", "disable", "nobody"), "", 4),
        (("token", "create", "ci", "--user", "nobody"), "", 4),
        (("token", "revoke", "7"), "", 4),
    ],
)
def test_what_cannot_be_is_refused_by_kind(migrated: Portal, arguments: tuple[str, ...], typed: str, code: int):
    assert migrated(*arguments, typed=typed).code == code


def test_a_token_is_all_that_goes_to_standard_output(migrated: Portal):
    migrated("user", "add", "alice", "--role", "developer", typed=PASSWORD)
    made = migrated("token", "create", "ci", "--user", "alice", "--scope", "release.create", "--days", "7")
    assert made.out.startswith("cfp_")
    assert made.out.count("\n") == 1
    assert "once" in made.err
    listed = migrated("token", "list", "--json").json
    assert [(token["name"], token["user"], token["scopes"]) for token in listed] == [
        ("ci", "alice", ["release.create"])
    ]
    assert made.out.strip() not in str(listed)
    assert migrated("token", "revoke", str(listed[0]["id"])).code == 0
    assert migrated("token", "list", "--json").json[0]["revoked_at"]


def test_the_trail_names_the_user_of_the_operating_system(migrated: Portal):
    migrated("user", "add", "alice", typed=PASSWORD)
    verified = migrated("audit", "verify", "--json")
    assert (verified.code, verified.json["is_intact"], verified.json["entries"]) == (0, True, 1)
    from portal.cli.own import own_portal
    from portal.domain.audit import AuditQuery

    with own_portal() as (core, operator):
        entry = core.audit.page(operator, AuditQuery()).items[0]
    assert (entry.actor, entry.actor_kind, entry.action) == (getpass.getuser(), "local", "user.created")


def test_a_trail_that_was_tampered_with_ends_with_one(migrated: Portal):
    migrated("user", "add", "alice", typed=PASSWORD)
    from portal.cli.own import own_portal

    with own_portal() as (core, _), core.database.engine.begin() as connection:
        for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")  # what keeps an honest hand off
        connection.exec_driver_sql("UPDATE audit SET actor = 'somebody else'")
    result = migrated("audit", "verify")
    assert result.code == 1
    assert "1" in result.out


def test_settings_are_shown_without_their_secrets(own: Portal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    monkeypatch.setenv("PORTAL_PORT", "3333")
    result = own("settings", "--json")
    rows = {row["variable"]: row for row in result.json}
    assert "ghp_secret" not in result.out
    assert (rows["GITHUB_TOKEN"]["value"], rows["GITHUB_TOKEN"]["is_given"]) == ("…", True)
    assert (rows["PORTAL_PORT"]["value"], rows["PORTAL_HOST"]["is_given"]) == (3333, False)
    assert "PORTAL_DATABASE_URL" in own("settings").out


def test_a_wrong_setting_is_named(own: Portal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORTAL_PROT", "3333")
    result = own("settings")
    assert result.code == 2
    assert "PORTAL_PROT" in result.err
