"""The second step of signing in, fresh proofs before dangerous acts, links that set a password, and preferences."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from portal.domain.access import SYSTEM, Actor, Grant, Permission, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import PortalError
from portal.domain.identity import NewPerson, NewUser, Preferences, SessionQuery, TokenOrder, UserQuery
from portal.domain.second_factor import STEP_SECONDS, code_at
from portal.services.audit import Audit
from portal.services.identity import Identity
from portal.services.secret_box import SecretBox
from portal.services.users import Users
from portal.store.database import Database

PASSWORD = "correct horse battery"


@pytest.fixture
def identity(database: Database, clock: Any, audit: Audit) -> Identity:
    identity = Identity(database, clock, audit, box=SecretBox(lambda: b"k" * 32))
    identity.create_user(SYSTEM, NewUser("erin", PASSWORD, (Grant(Role.ADMINISTRATOR),)))
    identity.create_user(SYSTEM, NewUser("bob", PASSWORD, (Grant(Role.DEVELOPER),)))
    return identity


def code(act: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(PortalError) as refused:
        act(*arguments, **options)
    return refused.value.code


def enter(identity: Identity, name: str = "bob") -> Actor:
    return identity.sign_in(name, PASSWORD, address="10.0.0.1", agent="Firefox")[1]


def secret_of(address: str) -> bytes:
    import base64
    import re

    found = re.search(r"secret=([A-Z2-7]+)", address)
    assert found is not None
    return base64.b32decode(found[1] + "=" * (-len(found[1]) % 8))


def shown(clock: Any, secret: bytes) -> str:
    """What the authenticator shows at this moment."""
    return code_at(secret, int(clock.now().timestamp()) // STEP_SECONDS)


def enrol(identity: Identity, clock: Any, actor: Actor) -> tuple[bytes, tuple[str, ...]]:
    secret = secret_of(identity.begin_second_factor(actor).address)
    codes = identity.confirm_second_factor(actor, shown(clock, secret))
    clock.pass_by(seconds=STEP_SECONDS)
    return secret, codes


def test_with_a_second_factor_the_password_alone_opens_nothing(identity: Identity, clock: Any):
    secret, _ = enrol(identity, clock, enter(identity))
    step, nobody = identity.sign_in("bob", PASSWORD, address="")
    assert nobody.is_anonymous
    assert code(identity.actor_of_session, step) == "session_over"
    session, bob = identity.enter_code(step, shown(clock, secret), address="")
    assert bob.name == identity.actor_of_session(session).name == "bob"


def test_a_code_counts_once(identity: Identity, clock: Any):
    secret, _ = enrol(identity, clock, enter(identity))
    first, second = (identity.sign_in("bob", PASSWORD, address="")[0] for _ in range(2))
    identity.enter_code(first, shown(clock, secret), address="")
    assert code(identity.enter_code, second, shown(clock, secret), address="") == "code_wrong"
    assert code(identity.enter_code, first, shown(clock, secret), address="") == "sign_in_again"


def test_of_two_with_the_same_code_at_once_one_comes_in(identity: Identity, clock: Any):
    secret, _ = enrol(identity, clock, enter(identity))
    steps = [identity.sign_in("bob", PASSWORD, address="")[0] for _ in range(2)]

    def come_in(step: str) -> bool:
        try:
            identity.enter_code(step, shown(clock, secret), address="")
        except PortalError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(come_in, steps)) == [False, True]


def test_guessing_codes_ends_soon_and_has_to_wait(identity: Identity, clock: Any):
    enrol(identity, clock, enter(identity))
    step, _ = identity.sign_in("bob", PASSWORD, address="")
    for _ in range(5):
        assert code(identity.enter_code, step, "000000", address="") == "code_wrong"
    assert code(identity.enter_code, step, "000000", address="") == "sign_in_again"
    assert code(identity.sign_in, "bob", PASSWORD, address="") == "sign_in_wait"


def test_the_second_step_does_not_wait_for_ever(identity: Identity, clock: Any):
    secret, _ = enrol(identity, clock, enter(identity))
    step, _ = identity.sign_in("bob", PASSWORD, address="")
    clock.pass_by(minutes=5)
    assert code(identity.enter_code, step, shown(clock, secret), address="") == "sign_in_again"


def test_a_changed_password_ends_sign_ins_that_are_not_finished(identity: Identity, clock: Any):
    secret, _ = enrol(identity, clock, enter(identity))
    step, _ = identity.sign_in("bob", PASSWORD, address="")
    identity.set_password(SYSTEM, "bob", "another long secret")
    assert code(identity.enter_code, step, shown(clock, secret), address="") == "sign_in_again"


def test_a_recovery_code_stands_in_once(identity: Identity, clock: Any):
    _, codes = enrol(identity, clock, enter(identity))
    assert len(set(codes)) == 10
    step, _ = identity.sign_in("bob", PASSWORD, address="")
    _, bob = identity.enter_code(step, f" {codes[0].upper()} ", address="")
    assert identity.recovery_codes_left(bob) == 9
    again, _ = identity.sign_in("bob", PASSWORD, address="")
    assert code(identity.enter_code, again, codes[0], address="") == "code_wrong"
    renewed = identity.renew_recovery_codes(bob)
    assert code(identity.enter_code, again, codes[1], address="") == "code_wrong"
    identity.enter_code(again, renewed[1], address="")


def test_a_wrong_code_turns_nothing_on(identity: Identity, clock: Any):
    bob = enter(identity)
    assert code(identity.confirm_second_factor, bob, "123456") == "second_factor_not_begun"
    identity.begin_second_factor(bob)
    assert code(identity.confirm_second_factor, bob, "12345x") == "code_wrong"
    assert not identity.user(bob).has_second_factor
    assert not enter(identity).is_anonymous


def test_turning_it_on_ends_the_other_sessions(identity: Identity, clock: Any):
    other, _ = identity.sign_in("bob", PASSWORD, address="")
    mine = enter(identity)
    enrol(identity, clock, mine)
    assert code(identity.actor_of_session, other) == "session_over"
    assert [s.id for s in identity.sessions(mine, SessionQuery()).items] == [mine.session[:16]]


def test_the_secret_of_the_second_factor_is_kept_sealed(identity: Identity, clock: Any, database: Database):
    secret, codes = enrol(identity, clock, enter(identity))
    with database.reading() as opened:
        kept = str([opened.connection().execute(text(f"SELECT * FROM {t}")).all() for t in ("portal_user", "audit")])
        kept += str(opened.connection().execute(text("SELECT * FROM recovery_code")).all())
    import base64

    assert not any(form in kept for form in (secret.hex(), base64.b32encode(secret).decode(), *codes))
    assert "s1." in kept


def test_another_master_key_says_what_is_wrong(identity: Identity, clock: Any, database: Database, audit: Audit):
    secret, codes = enrol(identity, clock, enter(identity))
    other = Identity(database, clock, audit, box=SecretBox(lambda: b"o" * 32))
    step, _ = other.sign_in("bob", PASSWORD, address="")
    assert code(other.enter_code, step, shown(clock, secret), address="") == "secret_sealed_otherwise"
    other.enter_code(step, codes[0], address="")


def test_who_has_lost_it_is_helped_by_those_who_edit_users(identity: Identity, clock: Any):
    enrol(identity, clock, enter(identity))
    erin = enter(identity, "erin")
    assert code(identity.remove_second_factor, Actor("carol"), "bob") == "not_allowed"
    identity.remove_second_factor(erin, "bob", reason="lost the phone")
    assert not enter(identity).is_anonymous


def dangerous(identity: Identity, actor: Actor) -> list[Any]:
    return [
        lambda: identity.create_user(actor, NewUser("gina", PASSWORD)),
        lambda: identity.invite(actor, NewPerson("ivan")),
        lambda: identity.set_grants(actor, "bob", (Grant(Role.VIEWER),)),
        lambda: identity.set_password(actor, "bob", "another long secret"),
        lambda: identity.make_reset_link(actor, "bob"),
        lambda: identity.disable(actor, "bob"),
        lambda: identity.enable(actor, "bob"),
        lambda: identity.end_sessions(actor, "bob"),
        lambda: identity.remove_second_factor(actor, "bob"),
        lambda: identity.create_token(actor, TokenOrder("all")),
        lambda: identity.create_token(actor, TokenOrder("edit", scopes=frozenset({Permission.USER_EDIT}))),
        lambda: identity.create_token(actor, TokenOrder("of bob", user="bob", scopes=frozenset({Permission.VIEW}))),
        lambda: identity.begin_second_factor(actor),
    ]


def test_dangerous_acts_want_a_fresh_proof(identity: Identity, clock: Any):
    erin = enter(identity, "erin")
    clock.pass_by(minutes=10, seconds=1)
    assert {code(act) for act in dangerous(identity, erin)} == {"proof_needed"}
    assert code(identity.prove, erin, "wrong") == "password_wrong"
    proved = identity.prove(erin, PASSWORD)
    for act in dangerous(identity, proved):
        act()


def test_a_code_proves_as_well_as_the_password(identity: Identity, clock: Any):
    erin = enter(identity, "erin")
    assert code(identity.prove, erin, "123456") == "code_wrong"
    secret, _ = enrol(identity, clock, erin)
    clock.pass_by(minutes=11)
    identity.create_token(identity.prove(erin, shown(clock, secret)), TokenOrder("all"))


def test_everyday_acts_want_none(identity: Identity, clock: Any):
    erin = enter(identity, "erin")
    clock.pass_by(minutes=11)
    identity.create_token(erin, TokenOrder("reader", scopes=frozenset({Permission.VIEW})))
    identity.end_sessions(erin, "erin")
    identity.set_preferences(erin, Preferences("zh", "dark", "Asia/Shanghai"))


def test_who_is_invited_sets_their_own_password_once(identity: Identity):
    link, ivan = identity.invite(SYSTEM, NewPerson("ivan", (Grant(Role.VIEWER),), "Ivan"))
    assert not ivan.has_password
    assert code(identity.sign_in, "ivan", "", address="") == "sign_in_failed"
    assert code(identity.accept_invitation, link, "short", address="") == "password_too_short"
    assert identity.accept_invitation(link, PASSWORD, address="") == "ivan"
    assert code(identity.accept_invitation, link, "another long secret", address="") == "invitation_over"
    user = identity.user(enter(identity, "ivan"))
    assert not user.is_password_temporary


def test_a_link_ends_with_time_with_a_newer_one_and_by_hand(identity: Identity, clock: Any):
    first, _ = identity.invite(SYSTEM, NewPerson("ivan", hours=1))
    clock.pass_by(hours=1)
    assert code(identity.accept_invitation, first, PASSWORD, address="") == "invitation_over"
    second = identity.make_reset_link(SYSTEM, "ivan")
    third = identity.make_reset_link(SYSTEM, "ivan")
    assert code(identity.accept_invitation, second, PASSWORD, address="") == "invitation_over"
    assert identity.invitations(SYSTEM)["ivan"].kind == "invitation"
    assert identity.end_invitation(SYSTEM, "ivan") == 1
    assert code(identity.accept_invitation, third, PASSWORD, address="") == "invitation_over"


def test_of_two_with_one_link_one_sets_the_password(identity: Identity):
    link, _ = identity.invite(SYSTEM, NewPerson("ivan"))

    def accept(password: str) -> bool:
        try:
            identity.accept_invitation(link, password, address="")
        except PortalError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, (PASSWORD, "another long secret"))) == [False, True]


def test_a_disabled_user_comes_in_by_no_link(identity: Identity):
    link = identity.make_reset_link(SYSTEM, "bob")
    identity.disable(SYSTEM, "bob")
    assert code(identity.accept_invitation, link, PASSWORD, address="") == "invitation_over"


def test_guessing_links_has_to_wait(identity: Identity):
    link, _ = identity.invite(SYSTEM, NewPerson("ivan"))
    for number in range(20):
        assert code(identity.accept_invitation, f"x{number}", PASSWORD, address="6.6.6.6") == "invitation_over"
    assert code(identity.accept_invitation, link, PASSWORD, address="6.6.6.6") == "sign_in_wait"
    identity.accept_invitation(link, PASSWORD, address="10.0.0.1")


def test_a_stranger_cannot_lock_out_the_last_administrator(identity: Identity):
    for number in range(8):
        code(identity.sign_in, "erin", f"wrong {number}", address="6.6.6.6")
    assert code(identity.sign_in, "erin", PASSWORD, address="6.6.6.6") == "sign_in_wait"
    assert enter(identity, "erin").name == "erin"


def test_somebody_who_waits_can_be_let_in(identity: Identity):
    for _ in range(5):
        code(identity.sign_in, "bob", "wrong", address="")
    assert [u.name for u in identity.users_page(SYSTEM, UserQuery(state="locked")).items] == ["bob"]
    identity.unlock(SYSTEM, "bob")
    enter(identity)


def test_sessions_are_seen_and_ended_by_their_owner_alone_and_those_who_edit_users(identity: Identity):
    bob, erin = enter(identity), enter(identity, "erin")
    mine = identity.sessions(bob, SessionQuery()).items
    assert [(s.user, s.agent, s.address, s.is_own) for s in mine] == [("bob", "Firefox", "10.0.0.1", True)]
    assert code(identity.sessions, bob, SessionQuery("*")) == "not_allowed"
    assert {s.user for s in identity.sessions(erin, SessionQuery("*")).items} == {"bob", "erin"}
    assert code(identity.end_session, bob, erin.session[:16]) == "session_missing"
    assert code(identity.end_session, bob, "%" * 16) == "session_missing"
    identity.end_session(erin, bob.session[:16], reason="left the desk")
    assert identity.sessions(erin, SessionQuery("bob")).total == 0


def test_ending_ones_other_sessions_keeps_this_one(identity: Identity):
    enter(identity)
    mine = enter(identity)
    assert identity.end_sessions(mine, "bob") == 1
    assert identity.sessions(mine, SessionQuery()).total == 1


def test_a_narrowed_token_touches_no_account(identity: Identity):
    secret, _ = identity.create_token(SYSTEM, TokenOrder("ci", user="bob", scopes=frozenset({Permission.VIEW})))
    token = identity.actor_of_token(secret)
    acts = [
        lambda: identity.sessions(token, SessionQuery()),
        lambda: identity.end_sessions(token, "bob"),
        lambda: identity.set_preferences(token, Preferences("zh")),
        lambda: identity.preferences(token),
    ]
    assert {code(act) for act in acts} == {"token_too_narrow"}
    assert code(identity.begin_second_factor, token) == "only_for_users"


def test_preferences_are_kept_for_the_person(identity: Identity):
    wanted = Preferences("zh", "dark", "Asia/Shanghai")
    identity.set_preferences(enter(identity), wanted)
    assert identity.preferences(enter(identity)) == wanted
    for bad in (Preferences("xx"), Preferences(theme="pink"), Preferences(zone="../../etc/passwd")):
        assert code(identity.set_preferences, enter(identity), bad) == "preference_bad"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (UserQuery(), ["bob", "erin"]),
        (UserQuery(sort="-name"), ["erin", "bob"]),
        (UserQuery(sort="-signed_in_at"), ["bob", "erin"]),
        (UserQuery(text="ER"), ["erin"]),
        (UserQuery(role="developer"), ["bob"]),
        (UserQuery(environment="prod"), []),
        (UserQuery(state="invited"), ["erin"]),
        (UserQuery(state="disabled"), []),
        (UserQuery(limit=1, offset=1), ["erin"]),
    ],
)
def test_users_are_filtered_sorted_and_paged(identity: Identity, query: UserQuery, names: list[str]):
    enter(identity)
    assert [user.name for user in identity.users_page(SYSTEM, query).items] == names


def test_a_sort_that_is_not_known_is_refused(identity: Identity):
    assert code(identity.users_page, SYSTEM, UserQuery(sort="password_hash")) == "sort_bad"


def test_all_of_it_is_in_the_trail(identity: Identity, clock: Any, audit: Audit):
    bob = enter(identity)
    _, codes = enrol(identity, clock, bob)
    step, _ = identity.sign_in("bob", PASSWORD, address="")
    identity.enter_code(step, codes[0], address="")
    identity.prove(bob, PASSWORD)
    identity.renew_recovery_codes(bob)
    identity.remove_second_factor(bob, "bob")
    identity.set_preferences(bob, Preferences("en"))
    link, _ = identity.invite(SYSTEM, NewPerson("ivan"))
    identity.accept_invitation(link, PASSWORD, address="")
    identity.make_reset_link(SYSTEM, "ivan")
    identity.end_invitation(SYSTEM, "ivan")
    identity.unlock(SYSTEM, "ivan")
    identity.end_session(bob, bob.session[:16])
    found = [entry.action for entry in audit.page(SYSTEM, AuditQuery(limit=200)).items][::-1]
    done = "signed_in second_factor_begun second_factor_on recovery_code_used signed_in proved recovery_codes_renewed "
    done += "second_factor_off preferences_set invited invitation_accepted reset_link_made invitation_ended unlocked "
    done += "session_ended"
    assert found[2:] == [f"user.{word}" for word in done.split()]


def test_no_way_to_edit_users_forgets_the_proof():
    """Whoever adds one looks here: it either demands a fresh proof or is named as harmless."""
    questions = {"users", "users_page", "user", "is_first_sign_in_due", "refuse_last_administrator"}
    harmless = questions | {"rename_user", "unlock", "ensure_administrator", "change_password"}
    ways = {name for name in vars(Users) if not name.startswith("_")}
    assert ways - harmless == {"create_user", "set_password", "set_grants", "disable", "enable"}
