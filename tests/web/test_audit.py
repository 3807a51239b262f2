"""The audit trail on its pages: filters in the address, one entry with its proof, and the check of the whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal import wiring
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.audit import AuditEntry
from portal.domain.identity import NewUser
from portal.i18n import catalogue
from portal.i18n.forms import PLACE
from portal.web.presenters.audit import audit_card
from portal.web.states.audit import AuditCheckState, AuditState
from portal.web.states.audit_entry import AuditEntryState
from tests.stage import PortalStage
from tests.web.conftest import Tab, password_of

NewTab = Callable[[], Tab]


async def listed(tab: NewTab, **query: str) -> list[tuple[str, str]]:
    alice = tab().sign_in("alice").at("/audit", **query)
    await alice.open()
    return [(row.text.en, row.target) for row in (await alice.state(AuditState)).rows]


async def test_the_list_shows_what_the_address_asks_for(tab: NewTab) -> None:
    assert {target for _, target in await listed(tab, action="release.created")} >= {"hello 1.0.0", "hello 1.5.0"}
    assert {target for _, target in await listed(tab, target_kind="rollout", target="1")} == {"1"}
    assert await listed(tab, text="hello 1.4.0") == [("bob registered release hello 1.4.0", "hello 1.4.0")]
    assert await listed(tab, until="2020-01-01T00:00:00Z") == []
    assert await listed(tab, since="2020-01-01T00:00:00.000Z", period="1h", until="nonsense") != []


async def test_the_order_is_that_of_the_address(tab: NewTab) -> None:
    oldest = await listed(tab, sort="at")
    assert oldest[0][0] == "The portal changed service hello"
    assert (await listed(tab, sort="drop table"))[-1] == oldest[0]


async def test_the_export_has_the_filters_of_the_list(tab: NewTab) -> None:
    alice = tab().sign_in("alice").at("/audit", actor="bob", period="24h")
    await alice.open()
    export = (await alice.state(AuditState)).export
    assert export.startswith("/api/v1/audit/export?actor=bob&since=")
    assert export.endswith("Z&")


async def test_an_entry_is_shown_with_what_speaks_for_it(tab: NewTab, stage: PortalStage) -> None:
    alice = tab().sign_in("alice").at("/audit/1")
    await alice.open()
    state = await alice.state(AuditEntryState)
    assert [claim.tone for claim in state.proof.claims] == ["ok", "ok", "wait"]
    stage.core.audit.anchor()
    await alice.open()
    state = await alice.state(AuditEntryState)
    assert [claim.tone for claim in state.proof.claims] == ["ok"] * 4
    assert state.card.target == "hello"
    assert len(state.proof.public_key) == 64


@pytest.mark.parametrize("path", ["/audit/999999", "/audit/-1", "/audit/x", "/audit/1e3"])
async def test_an_entry_that_is_not_there_is_said_to_be_missing(tab: NewTab, path: str) -> None:
    alice = tab().sign_in("alice").at(path)
    await alice.open()
    assert (await alice.state(AuditEntryState)).missing.zh


async def test_of_another_environment_nothing_is_seen(tab: NewTab) -> None:
    identity = wiring.core().identity
    identity.create_user(SYSTEM, NewUser("gina", password_of("gina"), (Grant(Role.DEVELOPER, "dev"),)))
    gina = tab().sign_in("gina").at("/audit")
    await gina.open()
    state = await gina.state(AuditState)
    assert {row.environment.en for row in state.rows} <= {"dev"}
    assert state.environments == ["dev"]
    await gina.at("/audit/1").open()
    assert (await gina.state(AuditEntryState)).missing.en


async def test_the_trail_is_checked_from_the_page(tab: NewTab, stage: PortalStage) -> None:
    alice = tab().sign_in("alice").at("/audit")
    await alice.call(AuditCheckState.start)
    seen = 0
    while not (check := stage.core.audit_check.last(SYSTEM)) or not check.is_over:
        seen = await stage.core.topics.news("audit-check", seen, timeout_seconds=5.0)
    await alice.call(AuditCheckState.start)
    assert check.report is not None
    assert check.report.is_intact


async def test_who_may_not_read_the_trail_gets_nothing(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/audit")
    await carol.open()
    await carol.call(AuditCheckState.start)
    assert (await carol.state(AuditState)).rows == []
    assert wiring.core().audit_check.last(SYSTEM) is None


def told(**params: str) -> dict[str, tuple[str, str]]:
    card = audit_card(AuditEntry("alice", "user", "rollout.aborted", "rollout", "7", params=params))
    return {pair.name.zh: (pair.value.en, pair.value.zh) for pair in card.params}


def test_what_an_entry_carries_is_named_and_told_in_the_language_of_the_reader() -> None:
    assert told(strategy="canary", state="aborted", version="1.2.0") == {
        "策略": ("canary", "金丝雀"),
        "状态": ("Aborted", "已中止"),
        "版本": ("1.2.0", "1.2.0"),
    }
    assert told(roles="developer, operator@prod")["角色"] == (
        "developer, operator in prod",
        "开发、生产的值班",
    )
    assert told(approval_wanted="bell, email", mention="-") == {
        "有审批等待您": ("Bell, E-mail", "铃铛、邮件"),
        "有人提到您": ("-", "-"),
    }


def test_the_object_is_not_told_twice() -> None:
    assert told(target="7") == {}
    assert told(target="8") == {"对象": ("8", "8")}


def test_a_cause_is_told_with_its_own_parameters() -> None:
    assert "1.2.0" in told(cause="health_lost", version="1.2.0")["原因"][1]


def test_what_nobody_named_is_shown_as_it_is() -> None:
    assert told(colour="green") == {"colour": ("green", "green")}


def test_every_parameter_that_a_sentence_of_the_trail_tells_has_a_name() -> None:
    shown_otherwise = {"actor", "reason", "environment", "user", "target"}
    told_of = {
        place[1] for key, text in catalogue("en").items() if key.startswith("audit.") for place in PLACE.finditer(text)
    }
    assert {name for name in told_of - shown_otherwise if f"audit_param.{name}" not in catalogue("zh")} == set()
