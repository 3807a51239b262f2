"""Pages of accounts: users, sessions, tokens, one's own profile, and why somebody may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.adapters.oidc import Client, OpenIdProvider
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.errors import PortalError
from portal.domain.identity import NewUser, Preferences, SessionQuery
from portal.domain.second_factor import code_at
from portal.store import users
from portal.web.presenters.accounts import browser_words
from portal.web.states.access import AccessState
from portal.web.states.invite import InviteState
from portal.web.states.profile import ProfileState, picture_of
from portal.web.states.proof import ProofState
from portal.web.states.session import SessionState
from portal.web.states.sessions import SessionsState
from portal.web.states.tokens import NewTokenState, TokensState
from portal.web.states.user import UserState
from portal.web.states.users import UsersState
from tests.stage import PortalStage
from tests.web.conftest import Tab, password_of

NewTab = Callable[[], Tab]


@pytest.fixture
def erin(stage: PortalStage) -> str:
    new = NewUser("erin", password_of("erin"), (Grant(Role.ADMINISTRATOR),))
    return stage.core.identity.create_user(SYSTEM, new).name


async def test_users_are_listed_for_those_who_edit_them_and_nobody_else(tab: NewTab, erin: str) -> None:
    admin = tab().sign_in(erin).at("/users", role="developer")
    await admin.open()
    assert [row.name for row in (await admin.state(UsersState)).rows] == ["bob"]
    carol = tab().sign_in("carol").at("/users")
    await carol.open()
    state = await carol.state(UsersState)
    assert state.rows == []
    assert "administrator" in state.trouble.en


async def test_roles_are_drafted_then_saved_with_a_reason(tab: NewTab, stage: PortalStage, erin: str) -> None:
    admin = tab().sign_in(erin).at("/users/bob")
    bob = tab().sign_in("bob").at("/releases")
    await admin.open()
    await admin.call(UserState.add_grant, {"role": "operator", "place": "prod"})
    await admin.call(UserState.drop_grant, "developer@*")
    assert stage.core.identity.user(SYSTEM, "bob").grants == (Grant(Role.DEVELOPER),)

    await admin.call(UserState.ask, "grants", "bob")
    await admin.call(UserState.save_grants, {"reason": "on call"})

    assert stage.core.identity.user(SYSTEM, "bob").grants == (Grant(Role.OPERATOR, "prod"),)
    assert (await admin.state(SessionState)).notice.tone == "ok"
    assert set(await bob.open()) == {"_redirect"}, "bob's session has ended"


@pytest.mark.parametrize("form", [{"role": "king", "place": "*"}, {"role": "viewer", "place": "../x"}, {}, []])
async def test_a_role_that_there_is_not_is_refused(tab: NewTab, erin: str, form: Any) -> None:
    admin = tab().sign_in(erin).at("/users/bob")
    await admin.open()
    await admin.call(UserState.add_grant, form)
    assert [line.key for line in (await admin.state(UserState)).draft] == ["developer@*"]


async def test_an_old_proof_is_asked_for_and_then_the_same_form_works(
    tab: NewTab, stage: PortalStage, erin: str
) -> None:
    admin = tab().sign_in(erin).at("/users/bob")
    await admin.open()
    stage.clock.move(11 * 60)
    await admin.call(UserState.ask, "disable", "bob")

    await admin.call(UserState.disable, {"reason": "left"})
    assert (await admin.state(ProofState)).is_wanted
    assert not stage.core.identity.user(SYSTEM, "bob").is_disabled

    await admin.call(UserState.disable, {"reason": "left", "proof": "wrong"})
    assert "password" in (await admin.state(UserState)).objection.en
    await admin.call(UserState.disable, {"reason": "left", "proof": password_of(erin)})
    assert stage.core.identity.user(SYSTEM, "bob").is_disabled
    assert not (await admin.state(ProofState)).is_wanted


async def test_who_has_no_password_is_led_to_their_provider_and_back(
    tab: NewTab, stage: PortalStage, erin: str
) -> None:
    admin = tab().sign_in(erin).at("/users/bob", tab="roles")
    await admin.open()
    with stage.core.database.transaction() as session:
        users.row(session, erin).password_hash = ""
    stage.core.external._provider = OpenIdProvider("https://id.example", Client("portal"))
    stage.clock.move(11 * 60)
    await admin.call(UserState.ask, "disable", "bob")
    await admin.call(UserState.disable, {"reason": "left"})
    proof = await admin.state(ProofState)
    assert (proof.is_wanted, proof.has_password, proof.has_code) == (True, False, False)
    assert proof.start == "/auth/oidc/start?next=%2Fusers%2Fbob%3Ftab%3Droles&fresh=1"
    await admin.call(UserState.disable, {"reason": "left", "proof": password_of(erin)})
    assert "provider" in (await admin.state(UserState)).objection.en
    assert not stage.core.identity.user(SYSTEM, "bob").is_disabled


async def test_an_invitation_is_shown_once(tab: NewTab, stage: PortalStage, erin: str) -> None:
    admin = tab().sign_in(erin).at("/users/new")
    await admin.open()
    form = {"name": "ivan", "role": "viewer", "place": "dev", "hours": "24", "reason": ""}
    await admin.call(InviteState.invite, {**form, "hours": "9999"})
    assert (await admin.state(InviteState)).link == ""
    await admin.call(InviteState.invite, form)
    link = (await admin.state(InviteState)).link
    stage.core.identity.accept_invitation(link.partition("#")[2], "a long walk on the beach", address="")
    await admin.open()
    assert (await admin.state(InviteState)).link == ""


async def test_sessions_are_ones_own_unless_one_edits_users(tab: NewTab, stage: PortalStage, erin: str) -> None:
    bob, admin = tab().sign_in("bob").at("/sessions"), tab().sign_in(erin).at("/sessions")
    await bob.open()
    await admin.open()
    assert {row.user for row in (await bob.state(SessionsState)).rows} == {"bob"}
    rows = (await admin.state(SessionsState)).rows
    assert {row.user for row in rows} == {"bob", "erin"}

    theirs = next(row.id for row in rows if row.user == "erin")
    await bob.call(SessionsState.ask, "end", theirs)
    await bob.call(SessionsState.end, {"reason": "mine now"})
    assert "session" in (await bob.state(SessionsState)).objection.en
    mine = next(row.id for row in rows if row.user == "bob")
    await admin.call(SessionsState.ask, "end", mine)
    await admin.call(SessionsState.end, {"reason": "left the desk"})
    assert await bob.call(SessionsState.load) == ["_redirect"]


async def test_ending_the_others_keeps_this_one(tab: NewTab, stage: PortalStage) -> None:
    here, there = tab().sign_in("bob").at("/sessions"), tab().sign_in("bob").at("/releases")
    await here.open()
    await here.call(SessionsState.end_others, {})
    assert stage.core.identity.sessions(SYSTEM, SessionQuery("bob")).total == 1
    assert set(await there.open()) == {"_redirect"}


async def test_a_token_is_narrow_by_choice_and_shown_once(tab: NewTab, stage: PortalStage) -> None:
    bob = tab().sign_in("bob").at("/tokens/new")
    await bob.open()
    await bob.call(NewTokenState.create, {"name": "ci", "days": "30", "scope.view": "on", "scope.user.edit": "on"})
    secret = (await bob.state(NewTokenState)).secret
    assert stage.core.identity.actor_of_token(secret).scopes == {"view"}

    bob.at("/tokens")
    await bob.open()
    rows = (await bob.state(TokensState)).rows
    assert [(row.name, row.is_whole) for row in rows] == [("ci", False)]
    await bob.call(TokensState.ask, "revoke", rows[0].id)
    await bob.call(TokensState.revoke, {"reason": "done"})
    with pytest.raises(PortalError, match="token_bad"):
        stage.core.identity.actor_of_token(secret)


async def test_preferences_are_checked_and_kept(tab: NewTab, stage: PortalStage) -> None:
    bob = tab().sign_in("bob").at("/profile")
    await bob.open()
    await bob.call(ProfileState.save_preferences, {"language": "zh", "theme": "dark", "zone": "Mars/Base"})
    assert (await bob.state(SessionState)).notice.tone == "bad"
    await bob.call(ProfileState.save_preferences, {"language": "zh", "theme": "dark", "zone": "Asia/Shanghai"})
    session = (await bob.state(SessionState))._actor
    assert stage.core.identity.preferences(session) == Preferences("zh", "dark", "Asia/Shanghai")
    assert (await bob.state(ProfileState)).applied == 1


async def test_a_password_is_changed_by_who_knows_the_present_one(tab: NewTab, stage: PortalStage) -> None:
    bob, other = tab().sign_in("bob").at("/profile"), tab().sign_in("bob").at("/releases")
    await bob.open()
    new = "a long walk on the beach"
    await bob.call(ProfileState.change_password, {"old": "wrong", "new": new, "again": new})
    await bob.call(ProfileState.change_password, {"old": password_of("bob"), "new": new, "again": "another"})
    assert (await bob.state(ProfileState)).password_trouble.en
    await bob.call(ProfileState.change_password, {"old": password_of("bob"), "new": new, "again": new})
    assert not (await bob.state(ProfileState)).password_trouble.en
    assert set(await other.open()) == {"_redirect"}
    assert await bob.call(ProfileState.load) == []


async def test_a_second_factor_is_set_up_and_its_secrets_are_gone_afterwards(tab: NewTab, stage: PortalStage) -> None:
    import base64

    bob = tab().sign_in("bob").at("/profile")
    await bob.open()
    await bob.call(ProfileState.begin, {})
    shown = await bob.state(ProfileState)
    assert shown.picture.startswith("data:image/svg+xml")
    secret = base64.b32decode(shown.typed_secret.replace(" ", ""))
    await bob.call(ProfileState.confirm, {"code": "000000"})
    assert (await bob.state(ProfileState)).factor_trouble.en
    await bob.call(ProfileState.confirm, {"code": code_at(secret, int(stage.clock.now().timestamp()) // 30)})
    kept = await bob.state(ProfileState)
    assert len(kept.codes) == 10
    assert (kept.picture, kept.typed_secret) == ("", "")
    await bob.call(ProfileState.forget)
    assert (await bob.state(ProfileState)).codes == []
    assert stage.core.identity.sign_in("bob", password_of("bob"), address="")[1].is_anonymous


async def test_why_somebody_may_or_may_not(tab: NewTab, erin: str) -> None:
    bob = tab().sign_in("bob").at("/access", permission="rollout.approve", environment="prod")
    await bob.open()
    reason = (await bob.state(AccessState)).reason
    assert reason.badge.tone == "bad"
    assert "release manager" in reason.way_out.en
    assert reason.granters == "erin"
    bob.at("/access", permission="view", person="alice")
    await bob.open()
    assert (await bob.state(SessionState)).notice.tone == "bad", "others are for those who edit users"
    admin = tab().sign_in(erin).at("/access", permission="rollout.approve", person="alice", environment="prod")
    await admin.open()
    reason = (await admin.state(AccessState)).reason
    assert [line.key for line in reason.grants] == ["release_manager@*"]


async def test_whatever_is_sent_breaks_no_page(tab: NewTab, erin: str) -> None:
    admin = tab().sign_in(erin).at("/users/bob")
    await admin.open()
    for handler in (UserState.save_grants, UserState.disable, ProfileState.confirm, NewTokenState.create):
        for form in ({}, [], None, "x", {"reason": 5}, {"proof": ["x"]}, {"reason": "x" * 10_000}):
            await admin.call(handler, form)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iOS"),
        ("python-httpx/0.28", "python-httpx"),
        ("", "Unknown browser"),
        ("<script>", "Unknown browser"),
    ],
)
def test_a_browser_is_recognised(agent: str, name: str) -> None:
    assert browser_words(agent).en == name


def test_the_picture_is_plain_svg() -> None:
    from urllib.parse import unquote

    text = unquote(picture_of("otpauth://totp/x?secret=ABC"))
    assert "<svg" in text
    assert "script" not in text
