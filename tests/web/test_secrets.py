"""Secrets on their pages: names for everybody, values for few, once, and for a minute."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.domain.access import SYSTEM
from portal.domain.secret import SecretOrder
from portal.domain.secret_rotation import Generator, Rotation
from portal.web.states import secrets as states
from portal.web.states.secrets import SecretsState
from tests.stage import PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]
CANARY = "canary-on-the-page"


@pytest.fixture
def path(stage: PortalStage, request: pytest.FixtureRequest) -> str:
    name = f"s{abs(hash(request.node.name)) % 10**9}"
    rotation = Rotation(generator=Generator.HEX)
    stage.core.secrets.create(SYSTEM, SecretOrder("prod", name, rotation=rotation), CANARY.encode())
    return f"/secrets/prod/{name}"


async def opened(tab: NewTab, who: str, path: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Tab, SecretsState]:
    async def once(*_: object, **__: object):
        yield

    monkeypatch.setattr(states, "beats", once)
    one = tab().sign_in(who).at(path)
    await one.open()
    return one, await one.state(SecretsState)


@pytest.mark.req("REQ-P3-008")
async def test_a_secret_is_listed_and_shown_without_its_value(
    tab: NewTab, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carol = tab().sign_in("carol").at("/secrets", environment="prod")
    await carol.open()
    state = await carol.state(SecretsState)
    assert path in [row.href for row in state.rows]
    _, state = await opened(tab, "carol", path, monkeypatch)
    assert state.is_open
    assert [version.badge.text.en for version in state.versions] == ["current"]
    assert not state.card.can_edit
    assert not state.card.can_reveal
    assert not state.revealed
    assert CANARY not in repr(state.dict())


async def test_dave_reveals_it_and_it_leaves_the_page_by_itself(
    tab: NewTab, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "SHOWN_SECONDS", 0.05)
    dave, _ = await opened(tab, "dave", path, monkeypatch)
    await dave.call(SecretsState.ask, "reveal", "1")
    await dave.call(SecretsState.reveal, {"reason": "outage"})
    assert CANARY in repr(dave.deltas), "it was sent to the page"
    await dave.call(SecretsState.hide_later)
    assert (await dave.state(SecretsState)).revealed == ""


async def test_a_release_manager_gives_it_a_new_version_and_may_not_reveal(
    tab: NewTab, path: str, monkeypatch: pytest.MonkeyPatch, stage: PortalStage
) -> None:
    alice, _ = await opened(tab, "alice", path, monkeypatch)
    await alice.call(SecretsState.put_version, {"secret": "typed\r\ntwice", "reason": "new"})
    await alice.call(SecretsState.reveal, {"reason": "curious"})
    state = await alice.state(SecretsState)
    assert ([version.number for version in state.versions], state.revealed) == ([2, 1], "")
    name = path.rpartition("/")[2]
    assert stage.core.secrets.reveal(SYSTEM, "prod", name, reason="look").value == b"typed\ntwice"


async def test_a_secret_is_made_by_the_form(tab: NewTab, stage: PortalStage) -> None:
    dave = tab().sign_in("dave").at("/secrets/new", environment="dev")
    await dave.open()
    assert (await dave.state(SecretsState)).form.environment == "dev"
    form = {"environment": "dev", "name": "by-form", "form": "variable", "generator": "hex", "length": "16"}
    plain = {"check": "none", "cut_over": "later", "every_days": "30", "wait_seconds": "60", "signal": ""}
    await dave.call(SecretsState.save, {**form, **plain, "secret": "", "reason": "needed"})
    made = stage.core.secrets.secret(SYSTEM, "dev", "by-form")
    assert (made.target, made.rotation.every_days, made.versions[0].origin) == ("BY_FORM", 30, "hex")
    await dave.call(SecretsState.save, {**form, **plain, "secret": "", "reason": "x", "every_days": "soon"})
    assert "every_days" in (await dave.state(SecretsState)).flaw.en
