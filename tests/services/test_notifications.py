"""People are told what concerns them, in the transaction in which it happens, and messages go out at least once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portal.adapters.memory.notifier import MemoryNotifier
from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from portal.domain.identity import NewUser
from portal.domain.notification import (
    MOST_ATTEMPTS,
    Channel,
    ChannelKind,
    ChannelOrder,
    DeliveryStatus,
    NotificationEvent,
    NotificationPreferences,
    Way,
    mentioned,
    pause_after,
)
from portal.domain.rollout import Action, State
from tests.stage import ALICE, BOB, CAROL, DAVE, PortalStage

ADMIN = Actor("erin", grants=(Grant(Role.ADMINISTRATOR),))
HOOK = ChannelOrder(ChannelKind.WEBHOOK, "chat", "https://chat.example/hook", secret="sign it")
DOWN = Unavailable("delivery_failed", reason="HTTP 503")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PortalStage]:
    staged = PortalStage(tmp_path).furnish()
    for name, role in (("alice", Role.RELEASE_MANAGER), ("bob", Role.DEVELOPER), ("carol", Role.VIEWER)):
        staged.core.identity.create_user(SYSTEM, NewUser(name, "a long walk on the beach", (Grant(role),)))
    yield staged
    staged.core.database.close()


@pytest.fixture
def hook(stage: PortalStage) -> MemoryNotifier:
    notifier = MemoryNotifier()
    both = dict.fromkeys(ChannelKind, notifier)
    stage.core.outbox.post = replace(stage.core.outbox.post, notifiers=both)
    return notifier


def told(stage: PortalStage, actor: Actor) -> list[str]:
    return [str(notification.event) for notification in stage.core.notifications.page(actor).items]


def channel(stage: PortalStage, order: ChannelOrder = HOOK) -> Channel:
    return stage.core.channels.create(ADMIN, order)


def test_who_may_approve_is_told_and_the_requester_when_it_is_finished(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    assert told(stage, ALICE) == ["approval_wanted"]
    assert told(stage, BOB) == told(stage, CAROL) == []
    stage.act(rollout, Action.APPROVE)
    stage.until(rollout, State.BAKING)
    stage.act(rollout, Action.FINISH)
    stage.until(rollout, State.SUCCEEDED)
    assert told(stage, BOB) == ["rollout_finished"]
    first = stage.core.notifications.page(BOB).items[0]
    assert (first.href, first.params["version"]) == (f"/rollouts/{rollout.id}", "1.1.0")


def test_the_requester_is_told_why_a_rollout_stopped(stage: PortalStage) -> None:
    stage.until(stage.start("1.2.0"), State.ABORTED)
    stopped = stage.core.notifications.page(BOB).items[-1]
    assert stopped.event is NotificationEvent.ROLLOUT_STOPPED
    assert stopped.params["cause"]


def test_a_name_in_a_reason_is_told_but_only_to_who_may_look(stage: PortalStage) -> None:
    stage.core.identity.create_user(SYSTEM, NewUser("mallory", "a long walk on the beach", ()))
    stage.start("1.1.0", reason="see @carol, @mallory, @nobody and @bob")
    assert told(stage, CAROL) == ["mention"]
    assert told(stage, BOB) == []
    assert stage.core.notifications.page(Actor("mallory", grants=(Grant(Role.VIEWER),))).total == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@a and @b.", ("a", "b")),
        ("mail a@b.c", ()),
        ("@@x", ()),
        ("@A", ()),
        ("(@dave-2)", ("dave-2",)),
        ("@a @a", ("a",)),
    ],
)
def test_names_are_found_in_text(text: str, names: tuple[str, ...]) -> None:
    assert mentioned(text) == names


def test_what_was_read_is_no_longer_counted_and_only_ones_own(stage: PortalStage) -> None:
    stage.start("1.1.0", reason="@carol @alice look")
    notice = stage.core.notifications.page(CAROL).items[0]
    stage.core.notifications.mark_read(ALICE, notification_id=notice.id)
    assert stage.core.notifications.unread(CAROL) == 1
    stage.core.notifications.mark_read(CAROL, notification_id=notice.id)
    assert stage.core.notifications.unread(CAROL) == 0
    assert stage.core.notifications.page(CAROL, is_unread=True).total == 0
    stage.core.notifications.mark_read(ALICE)
    assert stage.core.notifications.unread(ALICE) == 0


def test_everybody_chooses_the_ways_for_each_event(stage: PortalStage, hook: MemoryNotifier) -> None:
    ways = {NotificationEvent.MENTION: frozenset({Way.EMAIL})}
    stage.core.notifications.set_preferences(CAROL, NotificationPreferences("carol@example.org", ways))
    stage.start("1.1.0", reason="@carol look")
    assert told(stage, CAROL) == []
    assert stage.core.outbox.deliver() == 1
    assert (hook.sent[0].target, hook.sent[0].event) == ("carol@example.org", "mention")
    assert "bob" in hook.sent[0].subject
    with pytest.raises(Invalid):
        stage.core.notifications.set_preferences(CAROL, NotificationPreferences("no address"))


def test_if_the_change_is_undone_nobody_is_told(stage: PortalStage, hook: MemoryNotifier) -> None:
    channel(stage)
    rollout = stage.start("1.1.0")
    entry = AuditEntry("bob", "user", "rollout.halted", "rollout", str(rollout.id), environment="prod", reason="@carol")
    with contextlib.suppress(ZeroDivisionError), stage.core.database.transaction() as session:
        stage.core.audit.record(session, entry)
        session.connection().execution_options(power=1 / 0)
    assert told(stage, CAROL) == []
    assert stage.core.outbox.deliver() == 0


def test_a_fault_in_telling_does_not_undo_what_happened(stage: PortalStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.store.users.users", lambda _: 1 / 0)
    rollout = stage.start("1.1.0")
    assert stage.until(rollout, State.AWAITING_APPROVAL).state is State.AWAITING_APPROVAL


def test_a_channel_gets_the_events_it_wants_of_its_environments(stage: PortalStage, hook: MemoryNotifier) -> None:
    channel(stage)
    channel(stage, ChannelOrder(ChannelKind.WEBHOOK, "dev only", "https://x.example/", environments=("dev",)))
    finished = (NotificationEvent.ROLLOUT_FINISHED,)
    channel(stage, ChannelOrder(ChannelKind.WEBHOOK, "ends", "https://y.example/", events=finished))
    channel(stage, ChannelOrder(ChannelKind.WEBHOOK, "off", "https://z.example/", is_enabled=False))
    stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    stage.core.outbox.deliver()
    assert [(m.target, m.event, m.secret) for m in hook.sent] == [(HOOK.target, "approval_wanted", "sign it")]
    assert hook.sent[0].document["service"] == "hello"
    assert "bob" in str(hook.sent[0].document["text"])


def test_a_receiver_that_is_down_is_tried_again_in_order_and_nothing_is_lost(
    stage: PortalStage, hook: MemoryNotifier
) -> None:
    channel(stage)
    hook.failure = DOWN
    stage.until(stage.start("1.2.0"), State.ABORTED)
    waiting = stage.core.outbox.page(ADMIN, status="pending").total
    assert waiting >= 1
    assert stage.core.outbox.deliver() == 1
    assert stage.core.outbox.deliver() == 0, "not before its pause is over, and nothing overtakes it"
    stage.clock.move(6)
    assert stage.core.outbox.deliver() == 1
    hook.failure = None
    stage.clock.move(3600)
    while stage.core.outbox.deliver():
        pass
    assert stage.core.outbox.page(ADMIN, status="sent").total == waiting
    keys = [int(message.key) for message in hook.sent]
    assert keys == sorted(keys)


def test_after_so_many_attempts_it_is_given_up_and_can_be_tried_again(stage: PortalStage, hook: MemoryNotifier) -> None:
    channel(stage)
    hook.failure = DOWN
    stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    for _ in range(MOST_ATTEMPTS):
        assert stage.core.outbox.deliver() == 1
        stage.clock.move(3601)
    assert stage.core.outbox.deliver() == 0
    dead = stage.core.outbox.page(ADMIN, status="dead").items[0]
    assert (dead.attempts, dead.error) == (MOST_ATTEMPTS, "HTTP 503")
    hook.failure = None
    stage.core.outbox.retry(ADMIN, dead.id)
    assert stage.core.outbox.deliver() == 1
    with pytest.raises(Conflict):
        stage.core.outbox.retry(ADMIN, dead.id)
    with pytest.raises(NotFound):
        stage.core.outbox.retry(ADMIN, 999)


def test_what_the_receiver_does_not_want_is_given_up_at_once(stage: PortalStage, hook: MemoryNotifier) -> None:
    channel(stage)
    hook.failure = Refused("delivery_refused", reason="HTTP 410")
    stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    stage.core.outbox.deliver()
    assert stage.core.outbox.page(ADMIN).items[0].status is DeliveryStatus.DEAD


def test_one_that_dies_between_sending_and_noting_it_sends_again(stage: PortalStage, hook: MemoryNotifier) -> None:
    from portal.kit import failpoints

    channel(stage)
    stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    failpoints.arm("outbox.sent=error")
    try:
        with pytest.raises(RuntimeError):
            stage.core.outbox.deliver()
    finally:
        failpoints.arm("")
    assert stage.core.outbox.deliver() == 0, "somebody else still holds it"
    stage.clock.move(61)
    assert stage.core.outbox.deliver() == 1
    assert [message.key for message in hook.sent] == [hook.sent[0].key] * 2


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in range(1, 14)]
    assert pauses[:3] == [5, 10, 20]
    assert pauses[-1] == 3600
    assert pauses == sorted(pauses)


def test_a_channel_is_changed_tried_and_removed(stage: PortalStage, hook: MemoryNotifier) -> None:
    made = channel(stage)
    assert made.has_secret
    with pytest.raises(Conflict):
        channel(stage)
    renamed = stage.core.channels.save(ADMIN, made.id, ChannelOrder(ChannelKind.WEBHOOK, "team", HOOK.target))
    assert (renamed.name, renamed.has_secret) == ("team", True)
    stage.core.channels.test(ADMIN, made.id)
    assert (hook.sent[0].event, hook.sent[0].secret) == ("test", "sign it")
    hook.failure = DOWN
    with pytest.raises(Unavailable):
        stage.core.channels.test(ADMIN, made.id)
    stage.core.channels.remove(ADMIN, made.id)
    assert stage.core.channels.all(ADMIN) == ()


@pytest.mark.parametrize("actor", [ALICE, BOB, CAROL, DAVE], ids=["alice", "bob", "carol", "dave"])
def test_only_administrators_set_up_channels(stage: PortalStage, actor: Actor) -> None:
    for call in (
        lambda: stage.core.channels.all(actor),
        lambda: stage.core.channels.create(actor, HOOK),
        lambda: stage.core.outbox.page(actor),
        lambda: stage.core.outbox.retry(actor, 1),
    ):
        with pytest.raises(Refused):
            call()


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("webhook", "ftp://x.example"),
        ("webhook", "https://bob:pw@x.example/"),
        ("webhook", "https:///nowhere"),
        ("webhook", "http://x.example/ a"),
        ("email", "no address"),
        ("email", ""),
        ("email", "a@b.example,"),
        ("email", "a@b.example\r\nBcc: c@d.example"),
    ],
)
def test_a_target_that_is_none_is_refused(stage: PortalStage, kind: str, target: str) -> None:
    with pytest.raises(Invalid):
        channel(stage, ChannelOrder(ChannelKind(kind), "x", target))


def test_a_secret_is_kept_sealed(stage: PortalStage, tmp_path: Path) -> None:
    channel(stage)
    assert b"sign it" not in b"".join(path.read_bytes() for path in tmp_path.glob("portal.db*"))
