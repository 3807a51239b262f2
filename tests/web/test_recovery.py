"""The page of recovery: what the portal's backup is worth, and asking for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from portal.adapters.memory.backups import MemoryBackups
from portal.domain.backup import Backup, BackupKind, Recovery, RecoveryKind
from portal.services.backup_vault import Vault
from portal.services.backups import Means
from portal.web.states import recovery as module
from portal.web.states.recovery import RecoveryState
from portal.web.states.session import SessionState
from tests.stage import PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


@pytest.fixture(autouse=True)
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    async def once(state: object, topic: str) -> AsyncIterator[None]:
        yield

    monkeypatch.setattr(module, "beats", once)


def keep(stage: PortalStage, *, is_good: bool) -> None:
    backups, now = stage.core.backups, stage.clock.now()
    made = Backup(0, BackupKind.PORTAL, "portal", "portal/1/bases/0/", now, size_bytes=540_672)
    found = Recovery(0, RecoveryKind.CHECK, "portal", now, is_good=is_good, rto_seconds=0.8, rpo_seconds=0.2)
    with stage.core.database.transaction() as session:
        kept = backups.keep(session, made)
        backups.found(session, replace(found, error="" if is_good else "audit cut"), kept)


async def test_without_a_store_the_page_says_what_to_do(tab: NewTab) -> None:
    dave = tab().sign_in("dave").at("/recovery")
    await dave.open()
    assert not (await dave.state(RecoveryState)).card.is_set
    await dave.call(RecoveryState.back_up)
    assert "PORTAL_BACKUP_STORE" in (await dave.state(SessionState)).notice.text.en


async def test_the_last_good_restore_counts_and_not_the_last_backup(
    tab: NewTab, stage: PortalStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.core.backups, "means", Means(Vault(MemoryBackups(), bytes(32))))
    keep(stage, is_good=True)
    good_at = stage.clock.now().timestamp()
    stage.clock.move(3600)
    keep(stage, is_good=False)
    dave = tab().sign_in("dave").at("/recovery", kind="check")
    await dave.open()
    state = await dave.state(RecoveryState)
    assert (state.card.good_at, state.card.good_took.en) == (good_at, "0.8 s")
    assert [row.badge.text.en for row in state.rows] == ["Not whole", "Whole"]
    assert [one.badge.tone for one in state.backups] == ["bad", "ok"]
    assert state.rows[0].error == "audit cut"


async def test_carol_may_not_ask_for_a_backup(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/recovery")
    await carol.call(RecoveryState.back_up)
    assert (await carol.state(SessionState)).notice.tone == "bad"
