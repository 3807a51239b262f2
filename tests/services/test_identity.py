"""People, passwords, sessions and tokens: what ends does so at once, nobody gains by guessing, all is in the trail."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from portal.domain.access import SYSTEM, Actor, Grant, Permission, Role, may
from portal.domain.audit import AuditQuery
from portal.domain.errors import Conflict, Invalid, PortalError, Refused
from portal.domain.identity import NewUser, TokenOrder
from portal.services.audit import Audit
from portal.services.identity import Identity
from portal.services.secret_box import SecretBox
from portal.store.database import Database

PASSWORD = "correct horse battery"
ALICE = NewUser("alice", PASSWORD, (Grant(Role.RELEASE_MANAGER),), "Alice")
BOB = NewUser("bob", PASSWORD, (Grant(Role.DEVELOPER, "dev"),), "Bob")
MALLORY = Actor("mallory", grants=(Grant(Role.ADMINISTRATOR, "dev"), Grant(Role.OPERATOR)))


def identity_of(database: Database, clock: Any, audit: Audit) -> Identity:
    return Identity(database, clock, audit, box=SecretBox(lambda: b"k" * 32))


@pytest.fixture
def identity(database: Database, clock: Any, audit: Audit) -> Identity:
    identity = identity_of(database, clock, audit)
    identity.create_user(SYSTEM, ALICE)
    return identity


def code(act: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(PortalError) as refused:
        act(*arguments, **options)
    return refused.value.code


def enter(identity: Identity, name: str = "alice", password: str = PASSWORD) -> str:
    return identity.sign_in(name, password, address="10.0.0.1")[0]


def actions(audit: Audit) -> list[str]:
    return [entry.action for entry in audit.page(SYSTEM, AuditQuery(limit=200)).items][::-1]


def test_the_first_start_makes_an_administrator_and_tells_the_password_once(
    database: Database, clock: Any, audit: Audit
):
    identity = identity_of(database, clock, audit)
    password = identity.ensure_administrator()
    assert password is not None
    assert identity.ensure_administrator() is None
    _, actor = identity.sign_in("admin", password, address="")
    assert may(actor, Permission.USER_EDIT)
    assert identity.user(actor).is_password_temporary


def test_several_first_starts_at_once_make_one_administrator(database: Database, clock: Any, audit: Audit):
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: identity_of(database, clock, audit).ensure_administrator(), range(3)))
    assert len([password for password in made if password]) == 1


def test_a_session_leads_to_the_person_and_their_grants(identity: Identity):
    secret, actor = identity.sign_in(" Alice", PASSWORD, address="10.0.0.1")
    assert actor == identity.actor_of_session(secret) == Actor("alice", grants=ALICE.grants)


def test_no_secret_is_kept_as_it_is(identity: Identity, database: Database):
    session = enter(identity)
    token, _ = identity.create_token(SYSTEM, TokenOrder("ci", user="alice"))
    with database.reading() as opened:
        for table in ("portal_user", "user_session", "api_token", "audit"):
            kept = str(opened.connection().execute(text(f"SELECT * FROM {table}")).all())
            assert kept
            assert not any(secret in kept for secret in (session, token, PASSWORD))


def test_passwords_are_argon2id_of_the_agreed_cost(identity: Identity, database: Database):
    with database.reading() as opened:
        kept = opened.connection().execute(text("SELECT password_hash FROM portal_user")).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_wrong_password_a_stranger_and_a_disabled_user_look_alike(identity: Identity):
    identity.create_user(SYSTEM, BOB)
    identity.disable(SYSTEM, "bob")
    tries = [("alice", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD)]
    assert {code(identity.sign_in, *attempt, address="") for attempt in tries} == {"sign_in_failed"}


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_guessing_has_to_wait_ever_longer(identity: Identity, clock: Any, name: str):
    for number in range(5):
        assert code(identity.sign_in, name, f"wrong {number}", address="") == "sign_in_failed"
    assert code(identity.sign_in, name, "wrong", address="") == "sign_in_wait"
    clock.pass_by(seconds=2.1)
    assert code(identity.sign_in, name, "wrong", address="") == "sign_in_failed"
    clock.pass_by(seconds=2.1)
    assert code(identity.sign_in, name, "wrong", address="") == "sign_in_wait"


def test_the_right_password_does_not_shorten_the_wait_and_ends_the_count(identity: Identity, clock: Any):
    for _ in range(5):
        code(identity.sign_in, "alice", "wrong", address="")
    assert code(identity.sign_in, "alice", PASSWORD, address="") == "sign_in_wait"
    clock.pass_by(minutes=5)
    enter(identity)
    assert code(identity.sign_in, "alice", "wrong", address="") == "sign_in_failed"
    enter(identity)


def test_many_guesses_at_once_are_still_counted_one_by_one(identity: Identity):
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda n: code(identity.sign_in, "alice", f"wrong {n}", address=str(n)), range(12)))
    assert (codes.count("sign_in_failed"), codes.count("sign_in_wait")) == (5, 7)


def test_an_address_that_fails_with_many_names_has_to_wait(identity: Identity):
    for number in range(20):
        code(identity.sign_in, f"user{number}", "wrong", address="10.6.6.6")
    assert code(identity.sign_in, "alice", PASSWORD, address="10.6.6.6") == "sign_in_wait"
    enter(identity)


def test_signing_out_ends_the_session(identity: Identity):
    secret = enter(identity)
    identity.sign_out(secret)
    identity.sign_out(secret)
    assert code(identity.actor_of_session, secret) == "session_over"


def test_a_session_ends_by_itself(identity: Identity, clock: Any):
    secret = enter(identity)
    clock.pass_by(hours=11, minutes=59)
    identity.actor_of_session(secret)
    clock.pass_by(minutes=1)
    assert code(identity.actor_of_session, secret) == "session_over"


def test_the_oldest_session_gives_way(identity: Identity, clock: Any):
    first = enter(identity)
    later: list[str] = []
    for _ in range(20):
        clock.pass_by(seconds=1)
        later.append(enter(identity))
    assert code(identity.actor_of_session, first) == "session_over"
    assert {identity.actor_of_session(secret).name for secret in later} == {"alice"}


def test_a_new_password_ends_all_other_sessions(identity: Identity):
    mine, other = enter(identity), enter(identity)
    identity.change_password(identity.actor_of_session(mine), PASSWORD, "another long secret")
    assert code(identity.actor_of_session, other) == "session_over"
    assert not identity.user(identity.actor_of_session(mine)).is_password_temporary
    identity.set_password(SYSTEM, "alice", "and a third long one")
    assert code(identity.actor_of_session, mine) == "session_over"
    assert code(identity.sign_in, "alice", PASSWORD, address="") == "sign_in_failed"
    enter(identity, password="and a third long one")


def test_ones_own_password_is_changed_only_by_who_knows_it(identity: Identity):
    actor = identity.actor_of_session(enter(identity))
    assert code(identity.change_password, actor, "wrong", "another long secret") == "password_wrong"
    token = identity.actor_of_token(identity.create_token(actor, TokenOrder("ci"))[0])
    assert code(identity.change_password, token, PASSWORD, "another long secret") == "only_for_users"


@pytest.mark.parametrize("change", ["disable", "set_grants"])
def test_less_rights_are_effective_at_once(identity: Identity, change: str):
    secret = enter(identity)
    token, _ = identity.create_token(SYSTEM, TokenOrder("ci", user="alice"))
    identity.disable(SYSTEM, "alice") if change == "disable" else identity.set_grants(SYSTEM, "alice", ())
    assert code(identity.actor_of_session, secret) == "session_over"
    if change == "disable":
        assert code(identity.actor_of_token, token) == "token_bad"
    else:
        assert not may(identity.actor_of_token(token), Permission.VIEW)


def test_another_process_sees_the_end_at_once(identity: Identity, database: Database, clock: Any, audit: Audit):
    secret, other = enter(identity), identity_of(database, clock, audit)
    other.actor_of_session(secret)
    identity.end_sessions(SYSTEM, "alice")
    assert code(other.actor_of_session, secret) == "session_over"


def test_the_last_administrator_stays(identity: Identity):
    identity.create_user(SYSTEM, NewUser("root", PASSWORD, (Grant(Role.ADMINISTRATOR),)))
    assert code(identity.disable, SYSTEM, "root") == "last_administrator"
    assert code(identity.set_grants, SYSTEM, "root", (Grant(Role.ADMINISTRATOR, "dev"),)) == "last_administrator"
    identity.set_grants(SYSTEM, "alice", (Grant(Role.ADMINISTRATOR),))
    identity.disable(SYSTEM, "root")


def test_two_administrators_cannot_disable_each_other_at_once(identity: Identity):
    for name in ("root", "toor"):
        identity.create_user(SYSTEM, NewUser(name, PASSWORD, (Grant(Role.ADMINISTRATOR),)))
    ready = threading.Barrier(2)

    def disable(name: str) -> bool:
        ready.wait()
        try:
            identity.disable(SYSTEM, name)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(disable, ("root", "toor"))) == [False, True]


def test_an_administrator_of_one_environment_makes_no_users(identity: Identity):
    acts = [
        lambda: identity.create_user(MALLORY, BOB),
        lambda: identity.set_grants(MALLORY, "mallory", (Grant(Role.ADMINISTRATOR),)),
        lambda: identity.set_password(MALLORY, "alice", "another long secret"),
        lambda: identity.disable(MALLORY, "alice"),
        lambda: identity.enable(MALLORY, "alice"),
        lambda: identity.end_sessions(MALLORY, "alice"),
        lambda: identity.rename_user(MALLORY, "alice", "Eve"),
        lambda: identity.users(MALLORY),
        lambda: identity.user(MALLORY, "alice"),
        lambda: identity.create_token(MALLORY, TokenOrder("x", user="alice")),
        lambda: identity.tokens(MALLORY, user="alice"),
        lambda: identity.tokens(MALLORY, user="*"),
    ]
    assert [code(act) for act in acts] == ["not_allowed"] * len(acts)


def test_a_token_acts_for_its_owner_within_its_scopes(identity: Identity):
    order = TokenOrder("ci", scopes=frozenset({Permission.VIEW, Permission.ROLLOUT_START}))
    secret, token = identity.create_token(identity.actor_of_session(enter(identity)), order)
    actor = identity.actor_of_token(secret)
    assert secret.startswith("cfp_")
    assert (actor.name, actor.kind, actor.human) == ("alice/ci", "token", "alice")
    assert may(actor, Permission.ROLLOUT_START)
    assert not may(actor, Permission.ROLLOUT_APPROVE)
    assert identity.tokens(SYSTEM, user="alice")[0].used_at is not None
    assert token.prefix in secret


def test_a_token_expires_and_can_be_revoked(identity: Identity, clock: Any):
    first, _ = identity.create_token(SYSTEM, TokenOrder("a", user="alice", days=1))
    second, token = identity.create_token(SYSTEM, TokenOrder("b", user="alice"))
    clock.pass_by(days=1)
    assert code(identity.actor_of_token, first) == "token_bad"
    identity.revoke_token(SYSTEM, token.id)
    assert code(identity.actor_of_token, second) == "token_bad"
    assert code(identity.revoke_token, MALLORY, token.id) == "not_allowed"


@pytest.mark.parametrize("secret", ["", "cfp_", "cfp_" + "x" * 43, "é", "\ud800", "x" * 100_000])
def test_what_is_no_secret_leads_to_nobody(identity: Identity, secret: str):
    assert code(identity.actor_of_token, secret) == "token_bad"
    assert code(identity.actor_of_session, secret) == "session_over"


def test_a_narrow_token_makes_no_wider_one(identity: Identity):
    narrow = Actor("alice/ci", "token", ALICE.grants, frozenset({Permission.TOKEN_OWN, Permission.VIEW}), "alice")
    wider = frozenset({Permission.VIEW, Permission.ROLLBACK})
    assert code(identity.create_token, narrow, TokenOrder("x")) == "token_scope_too_wide"
    assert code(identity.create_token, narrow, TokenOrder("x", scopes=wider)) == "token_scope_too_wide"
    identity.create_token(narrow, TokenOrder("x", scopes=frozenset({Permission.VIEW})))


def test_tokens_are_bounded(identity: Identity):
    for number in range(50):
        identity.create_token(SYSTEM, TokenOrder(f"t{number}", user="alice"))
    assert code(identity.create_token, SYSTEM, TokenOrder("more", user="alice")) == "too_many_tokens"


@pytest.mark.parametrize("name", ["", "Alice", "-x", "a b", "../x", "x" * 64, "ä", "a\n"])
def test_a_name_that_could_be_mistaken_is_refused(identity: Identity, name: str):
    with pytest.raises(Invalid, match="user_name_bad"):
        identity.create_user(SYSTEM, NewUser(name, PASSWORD))


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaaaa", "carol1234567", "x1y2z" * 41])
def test_a_weak_password_is_refused(identity: Identity, password: str):
    with pytest.raises(Invalid, match="password_"):
        identity.create_user(SYSTEM, NewUser("carol", password))


def test_a_name_is_given_once(identity: Identity):
    with pytest.raises(Conflict, match="user_exists"):
        identity.create_user(SYSTEM, ALICE)


def test_every_change_is_in_the_trail(identity: Identity, audit: Audit):
    mine = enter(identity)
    code(identity.sign_in, "alice", "wrong", address="")
    actor = identity.actor_of_session(mine)
    identity.change_password(actor, PASSWORD, "another long secret")
    identity.rename_user(actor, "alice", "A.")
    _, token = identity.create_token(actor, TokenOrder("ci"))
    identity.revoke_token(actor, token.id)
    identity.set_password(SYSTEM, "alice", PASSWORD)
    identity.set_grants(SYSTEM, "alice", ALICE.grants)
    identity.disable(SYSTEM, "alice")
    identity.enable(SYSTEM, "alice")
    identity.end_sessions(SYSTEM, "alice")
    identity.sign_out(enter(identity))
    done = (
        "created signed_in sign_in_failed password_changed renamed token.created token.revoked password_set grants_set"
    )
    done += " disabled enabled sessions_ended signed_in signed_out"
    assert actions(audit) == [word if "." in word else f"user.{word}" for word in done.split()]


def test_a_change_that_cannot_be_audited_does_not_happen(
    identity: Identity, audit: Audit, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise RuntimeError("no more numbers")

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(RuntimeError):
        identity.create_user(SYSTEM, BOB)
    monkeypatch.undo()
    assert [user.name for user in identity.users(SYSTEM)] == ["alice"]
