"""Settings and integrations on their pages, and the log level changed from there."""

from __future__ import annotations

from collections.abc import Callable

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditQuery
from portal.kit import log
from portal.web.states.integrations import IntegrationsState
from portal.web.states.settings import SettingsState
from tests.stage import PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


async def test_a_setting_is_found_by_the_address(tab: NewTab) -> None:
    dave = tab().sign_in("dave").at("/settings", text="PORTAL_PORT")
    await dave.open()
    state = await dave.state(SettingsState)
    assert (state.rows[0].variable, state.rows[0].value) == ("PORTAL_PORT", "3000")
    assert "`" not in state.rows[0].expected.en + state.rows[0].meaning.zh


async def test_dave_changes_the_log_level_with_a_reason(tab: NewTab, stage: PortalStage) -> None:
    before = log.current_level()
    dave = tab().sign_in("dave").at("/settings")
    try:
        await dave.call(SettingsState.set_log_level, {"level": "error", "reason": "too much"})
        assert log.current_level() == "error"
        await dave.call(SettingsState.set_log_level, {"level": "all", "reason": "more"})
        assert (await dave.state(SettingsState)).log_trouble.zh
    finally:
        log.set_level(before)
    newest = stage.core.audit.page(SYSTEM, AuditQuery(action="log.level_set")).items
    assert [(entry.actor, entry.reason) for entry in newest] == [("dave", "too much")]


async def test_an_integration_is_tested_from_its_card(tab: NewTab, stage: PortalStage) -> None:
    dave = tab().sign_in("dave").at("/integrations")
    await dave.call(IntegrationsState.test, "engine")
    cards = {card.name: card for card in (await dave.state(IntegrationsState)).cards}
    assert cards["engine"].badge.tone == "ok"
    assert cards["engine"].at > 0
    assert not cards["github"].is_on
    await dave.call(IntegrationsState.test, "file_system; rm")
    assert (await dave.state(IntegrationsState)).asking == ""


async def test_bob_sees_neither_settings_nor_integrations(tab: NewTab) -> None:
    bob = tab().sign_in("bob").at("/settings")
    await bob.open()
    await bob.call(SettingsState.set_log_level, {"level": "debug", "reason": "curious"})
    assert (await bob.state(SettingsState)).rows == []
    assert log.current_level() != "debug"
