"""Signing in by another provider: what was not asked for is refused, groups give roles, and nobody becomes another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import Invalid, PortalError
from portal.domain.identity import NewUser, Visit
from portal.domain.oidc import AuthorizationRequest, GroupRule, age_of, grants_of, parse_rules, user_name_of
from portal.services.audit import Audit
from portal.services.external_sign_in import ExternalSignIn, Policy, Return
from portal.services.identity import Identity
from portal.services.secret_box import SecretBox
from portal.settings import Settings
from portal.store.database import Database

PASSWORD = "correct horse battery"
ISSUER = "https://id.example"
RULES = parse_rules("devs=developer@dev, releasers=release_manager, admins=administrator")
VISIT = Visit("10.0.0.1", "Firefox")


class Provider:
    """Says of whoever comes back what the test has told it."""

    issuer = ISSUER

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "1", "preferred_username": "gina", "groups": ["devs"]}
        self.asked: list[AuthorizationRequest] = []
        self.verifiers: list[str] = []

    def authorization_url(self, request: AuthorizationRequest) -> str:
        self.asked.append(request)
        return f"{ISSUER}/auth?state={request.state}"

    def claims(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        self.verifiers.append(verifier)
        return {"iss": ISSUER, "nonce": self.asked[-1].nonce, **self.person}


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def identity(database: Database, clock: Any, audit: Audit) -> Identity:
    identity = Identity(database, clock, audit, box=SecretBox(lambda: b"k" * 32))
    identity.create_user(SYSTEM, NewUser("erin", PASSWORD, (Grant(Role.ADMINISTRATOR),)))
    return identity


@pytest.fixture
def external(identity: Identity, provider: Provider) -> ExternalSignIn:
    return ExternalSignIn(identity, provider, Policy("https://portal.example", "Example", RULES))


def code(act: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(PortalError) as refused:
        act(*arguments, **options)
    return refused.value.code


def begun(external: ExternalSignIn, *, ticket: str = "") -> Return:
    secret, url = external.begin("/rollouts", ticket=ticket)
    return Return(secret, parse_qs(urlsplit(url).query)["state"][0], "code")


def come_in(external: ExternalSignIn) -> Actor:
    return external.finish(begun(external), VISIT)[1]


def test_who_is_in_a_group_comes_in_with_its_role(external: ExternalSignIn, identity: Identity, provider: Provider):
    secret, gina, target = external.finish(begun(external), VISIT)
    assert identity.actor_of_session(secret) == gina == Actor("gina", grants=(Grant(Role.DEVELOPER, "dev"),))
    assert target == "/rollouts"
    assert not identity.user(SYSTEM, "gina").has_password
    assert come_in(external).name == "gina"
    assert len(set(provider.verifiers)) == 2
    assert provider.asked[0].redirect_uri == "https://portal.example/auth/oidc/callback"


def test_a_groups_change_counts_at_the_next_sign_in_and_ends_sessions(
    external: ExternalSignIn, identity: Identity, provider: Provider
):
    before, _, _ = external.finish(begun(external), VISIT)
    provider.person["groups"] = ["releasers", "unknown"]
    assert come_in(external).grants == (Grant(Role.RELEASE_MANAGER),)
    assert code(identity.actor_of_session, before) == "session_over"
    provider.person["groups"] = []
    assert code(external.finish, begun(external), VISIT) == "oidc_no_role"


def test_who_is_in_no_group_does_not_come_in_and_leaves_nothing(
    external: ExternalSignIn, identity: Identity, provider: Provider
):
    provider.person["groups"] = ["cooks"]
    assert code(external.finish, begun(external), VISIT) == "oidc_no_role"
    assert [user.name for user in identity.users(SYSTEM)] == ["erin"]


def test_the_same_name_or_address_makes_nobody_an_existing_user(external: ExternalSignIn, provider: Provider):
    provider.person |= {"preferred_username": "erin", "email": "erin@example", "groups": ["admins"]}
    assert code(external.finish, begun(external), VISIT) == "oidc_name_taken"
    provider.person = {"sub": "2", "email": "erin@example", "email_verified": True, "groups": ["admins"]}
    assert code(external.finish, begun(external), VISIT) == "oidc_name_taken"


def test_another_subject_with_the_same_name_is_somebody_else(external: ExternalSignIn, provider: Provider):
    come_in(external)
    provider.person["sub"] = "2"
    assert code(external.finish, begun(external), VISIT) == "oidc_name_taken"


def test_the_same_subject_with_another_name_is_the_same(external: ExternalSignIn, provider: Provider):
    come_in(external)
    provider.person["preferred_username"] = "married-gina"
    assert come_in(external).name == "gina"


def test_an_answer_that_was_not_asked_for_is_refused(external: ExternalSignIn):
    good, other = begun(external), begun(external)
    forged = [
        Return("", good.state, "code"),
        Return("guess", good.state, "code"),
        Return(good.secret, other.state, "code"),
        Return(other.secret, "", "code"),
    ]
    assert {code(external.finish, back, VISIT) for back in forged} == {"sign_in_again"}
    assert code(external.finish, good, VISIT) == "sign_in_again", "a wrong state has used it up"


def test_an_answer_counts_once_and_not_for_ever(external: ExternalSignIn, clock: Any):
    back = begun(external)
    external.finish(back, VISIT)
    assert code(external.finish, back, VISIT) == "sign_in_again"
    late = begun(external)
    clock.pass_by(minutes=10)
    assert code(external.finish, late, VISIT) == "sign_in_again"


def test_a_token_made_for_another_sign_in_is_refused(external: ExternalSignIn, provider: Provider):
    back = begun(external)
    provider.person["nonce"] = "of another"
    assert code(external.finish, back, VISIT) == "oidc_answer_bad"


def test_an_answer_of_another_issuer_is_refused(external: ExternalSignIn):
    back = begun(external)
    mixed = Return(back.secret, back.state, "code", "https://evil.example")
    assert code(external.finish, mixed, VISIT) == "oidc_answer_bad"


def test_a_disabled_user_does_not_come_in(external: ExternalSignIn, identity: Identity):
    come_in(external)
    identity.disable(SYSTEM, "gina")
    assert code(external.finish, begun(external), VISIT) == "sign_in_failed"


def test_a_user_links_an_account_and_comes_in_either_way(
    external: ExternalSignIn, identity: Identity, provider: Provider
):
    _, erin = identity.sign_in("erin", PASSWORD, address="")
    provider.person = {"sub": "9", "preferred_username": "e.example", "email": "erin@example", "groups": []}
    back = begun(external, ticket=external.link_ticket(erin))
    assert external.finish(back, VISIT)[1].name == "erin"
    assert come_in(external).grants == (Grant(Role.ADMINISTRATOR),), "roles that were given here stay"
    assert [linked.label for linked in external.identities(erin)] == ["erin@example"]
    external.unlink(erin, ISSUER)
    assert code(external.finish, begun(external), VISIT) == "oidc_no_role"


def test_an_account_belongs_to_one_user(external: ExternalSignIn, identity: Identity):
    come_in(external)
    _, erin = identity.sign_in("erin", PASSWORD, address="")
    back = begun(external, ticket=external.link_ticket(erin))
    assert code(external.finish, back, VISIT) == "identity_linked_already"


def test_a_ticket_is_for_one_person_once_and_soon(external: ExternalSignIn, identity: Identity, clock: Any):
    _, erin = identity.sign_in("erin", PASSWORD, address="")
    ticket = external.link_ticket(erin)
    external.begin("/", ticket=ticket)
    assert code(external.begin, "/", ticket=ticket) == "sign_in_again"
    late = external.link_ticket(erin)
    clock.pass_by(minutes=1)
    assert code(external.begin, "/", ticket=late) == "sign_in_again"
    clock.pass_by(minutes=10)
    assert code(external.link_ticket, erin) == "proof_needed"


def test_who_has_no_password_proves_who_they_are_at_the_provider(
    external: ExternalSignIn, identity: Identity, provider: Provider, clock: Any
):
    at = int(clock.now().timestamp()) - 5000  # its clock is wrong, which does not matter
    provider.person |= {"iat": at, "auth_time": at - 3600}
    gina = come_in(external)
    assert code(identity.begin_second_factor, gina) == "proof_needed"
    assert code(identity.prove, gina, PASSWORD) == "no_password"
    secret, url = external.begin("/profile", is_fresh=True)
    assert provider.asked[-1].is_fresh
    provider.person["auth_time"] = at - 2
    _, gina, target = external.finish(Return(secret, parse_qs(urlsplit(url).query)["state"][0], "code"), VISIT)
    assert target == "/profile"
    identity.begin_second_factor(gina)


@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({}, 0),
        ({"iat": 100}, 0),
        ({"iat": 100, "auth_time": "40"}, 0),
        ({"iat": 100, "auth_time": 40}, 60),
        ({"iat": 100, "auth_time": 140}, 0),
    ],
)
def test_how_long_ago_a_person_showed_who_they_are(claims: dict[str, Any], seconds: int):
    assert age_of(claims).total_seconds() == seconds


def test_the_only_way_in_cannot_be_unlinked(external: ExternalSignIn):
    assert code(external.unlink, come_in(external), ISSUER) == "only_way_in"


def test_the_last_administrator_stays_one(external: ExternalSignIn, identity: Identity, provider: Provider):
    provider.person["groups"] = ["admins"]
    come_in(external)
    identity.disable(SYSTEM, "erin")
    provider.person["groups"] = ["devs"]
    assert code(external.finish, begun(external), VISIT) == "last_administrator"


def test_without_a_provider_nobody_comes_in_this_way(identity: Identity):
    off = ExternalSignIn(identity, None, Policy("https://portal.example"))
    assert code(off.begin, "/") == "oidc_off"
    assert code(off.finish, Return("", "", ""), VISIT) == "oidc_off"


def test_all_of_it_is_in_the_trail(external: ExternalSignIn, identity: Identity, provider: Provider, audit: Audit):
    _, erin = identity.sign_in("erin", PASSWORD, address="")
    come_in(external)
    provider.person["groups"] = ["releasers"]
    come_in(external)
    provider.person = {"sub": "9"}
    external.finish(begun(external, ticket=external.link_ticket(erin)), VISIT)
    external.unlink(erin, ISSUER)
    found = [entry.action for entry in audit.page(SYSTEM, AuditQuery(limit=200)).items][::-1]
    done = "created signed_in grants_set signed_in identity_linked signed_in identity_unlinked"
    assert found[2:] == [f"user.{word}" for word in done.split()]


@pytest.mark.parametrize("text", ["devs", "devs=cook", "=viewer", "a=viewer,,b=viewer"])
def test_rules_that_say_nothing_are_refused(text: str):
    with pytest.raises(Invalid, match="setting_not_group_rules"):
        Settings.from_environment({"PORTAL_OIDC_ROLES": text})


def test_rules_are_shown_as_they_were_written():
    assert ", ".join(map(str, RULES)) == "devs=developer@dev, releasers=release_manager, admins=administrator"
    Settings.from_environment({"PORTAL_OIDC_ROLES": "devs=developer@dev"})


def test_a_group_may_have_any_name():
    rules = (GroupRule("/org/ops=eu", Grant(Role.OPERATOR)),)
    assert parse_rules("/org/ops=eu=operator") == rules
    assert grants_of(["/org/ops=eu"], rules) == (Grant(Role.OPERATOR),)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Gina.Example", "gina.example"),
        ("Zoë Müller", "zoe-muller"),
        ("../../x", "x"),
        ("李雷", ""),
        ("a" * 99, "a" * 63),
    ],
)
def test_a_name_is_made_fit(text: str, name: str):
    assert user_name_of(text) == name
