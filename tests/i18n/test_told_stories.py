"""What really happened is told in whole sentences: no placeholder is left open, in either language, on page and API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from portal.api.languages import audit_sentence, cause_sentence, language
from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry, AuditQuery
from portal.domain.environment import FreezeWindow
from portal.domain.errors import PortalError
from portal.domain.rollout import Action, Cause, Rollout, State
from portal.i18n import LOCALES, t
from portal.services.rollouts import RolloutOrder
from portal.web.presenters.timeline import sentence
from tests.stage import ALICE, BOB, DAVE, PortalStage

OPEN = re.compile(r"\{\w+\}")
STEPS = [{"weight": 10}, {"observe": "10s"}, {"pause": None}, {"weight": 50}]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> PortalStage:
    """A day of work: a good canary, a bad one, a freeze, a rollback, and people who change their minds."""
    stage = PortalStage(Path(tmp_path_factory.mktemp("stories"))).furnish()
    good = stage.start("1.1.0")
    stage.until(good, State.AWAITING_APPROVAL)
    stage.act(good, Action.APPROVE)
    stage.until(good, State.BAKING)
    stage.act(good, Action.FINISH)
    stage.until(good, State.SUCCEEDED)
    stage.until(stage.start("1.2.0"), State.ABORTED)
    stage.until(stage.start("1.4.0"), State.ABORTED, seconds=400)
    back = stage.core.rollouts.roll_back(ALICE, RolloutOrder("hello", "prod", "1.0.0", "customers complain"))
    stage.until(back, State.SUCCEEDED)
    frozen(stage, stage.start("1.1.0", plan={"strategy": "canary", "steps": STEPS, "bake": "1h"}))
    rejected = stage.start("1.1.0")
    stage.until(rejected, State.AWAITING_APPROVAL)
    stage.act(rejected, Action.REJECT)
    stage.until(rejected, State.ABORTED)
    list(stage.core.audit.export(SYSTEM))
    return stage


def frozen(stage: PortalStage, rollout: Rollout) -> None:
    """It is paused, goes on, is frozen, passes the freeze, and is aborted in the end."""
    stage.until(rollout, State.OBSERVING)
    stage.act(rollout, Action.PAUSE)
    stage.act(rollout, Action.RESUME)
    stage.until(rollout, State.PAUSED)
    stage.act(rollout, Action.SKIP)
    now = stage.clock.now()
    window = FreezeWindow(0, "night", "prod", starts_at=now, ends_at=now + timedelta(hours=1))
    added = stage.core.catalogue.add_freeze(ALICE, window, reason="stock taking")
    stage.until(rollout, State.PAUSED)
    for person in (ALICE, DAVE):
        stage.core.rollouts.break_glass(person, rollout.id, "a fix cannot wait")
    stage.pass_seconds(2)
    stage.core.catalogue.remove_freeze(ALICE, added.id)
    stage.act(rollout, Action.ABORT, DAVE)
    stage.until(rollout, State.ABORTED)


def entries(stage: PortalStage) -> Iterator[AuditEntry]:
    offset = 0
    while found := stage.core.audit.page(SYSTEM, AuditQuery(offset=offset, limit=200)).items:
        yield from found
        offset += len(found)


def test_the_day_had_everything(told: PortalStage):
    actions = {entry.action for entry in entries(told)}
    assert actions >= {
        *("rollout.approve", "rollout.reject", "rollout.abort", "rollout.pause", "rollout.resume", "rollout.skip"),
        *("rollout.finish", "rollout.glass_broken", "rollout.return_started", "rollout.rolling_back"),
        *(
            "rollout.paused",
            "rollout.succeeded",
            "rollout.promoted",
            "freeze.added",
            "freeze.removed",
            "audit.exported",
        ),
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_every_entry_is_a_whole_sentence_in_the_api(told: PortalStage, locale: str):
    token = language.set(locale)
    try:
        told_so = {entry.sequence: audit_sentence(entry) for entry in entries(told)}
    finally:
        language.reset(token)
    assert [text for text in told_so.values() if OPEN.search(text) or "rollout." in text] == []


def test_every_entry_is_a_whole_sentence_on_the_page(told: PortalStage):
    lines = [sentence(entry) for entry in entries(told)]
    assert [line for line in lines if OPEN.search(line.en + line.zh) or "rollout." in line.en] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_why_the_bad_canary_went_back_is_told_with_figures(told: PortalStage, locale: str):
    query = AuditQuery(action="rollout.rolling_back", limit=50)
    entry = next(e for e in told.core.audit.page(SYSTEM, query).items if e.params["cause"] == "verdict_failed")
    token = language.set(locale)
    try:
        text = audit_sentence(entry)
    finally:
        language.reset(token)
    assert entry.params["estimate"] in text
    assert entry.params["tolerance"] in text


def test_a_cause_that_the_container_engine_gave_is_told_too():
    cause = Cause("container_create_failed", {"name": "cfp-hello-1", "reason": "no such image"})
    assert "cfp-hello-1" in cause_sentence(cause)


@pytest.mark.parametrize("version", ["9.9.9", "1.0", "1.0.0"])
def test_a_refused_start_is_told_in_whole_sentences(told: PortalStage, version: str):
    deployed = told.deployed()
    with pytest.raises(PortalError) as refused:
        told.start(deployed if version == "1.0.0" else version, actor=BOB)
    for locale in LOCALES:
        text = t(locale, f"error.{refused.value.code}", **refused.value.params)
        assert not text.startswith("error.")
        assert not OPEN.search(text)
