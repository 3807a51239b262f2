"""What the page of recovery shows: how the portal's own backup is, and what came of every restore."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.backup import Backup, BackupState, Recovery, RecoveryKind
from portal.services.backups import BackupStatus
from portal.web.presenters.containers import size
from portal.web.presenters.marks import BAD, IDLE, OK, Badge, Option, duration_words, environment_words, epoch
from portal.web.words import Words, same, words

DASH = same("\N{EN DASH}")
_STATES = {
    BackupState.MADE: (IDLE, "clock"),
    BackupState.GOOD: (OK, "shield-check"),
    BackupState.BAD: (BAD, "octagon-alert"),
}


@dataclass(frozen=True, slots=True)
class RecoveryLine:
    id: int = 0
    kind: Words = Words()
    target: Words = Words()
    environment: Words = Words()
    badge: Badge = Badge()
    took: Words = Words()
    lost: Words = Words()
    error: str = ""
    person: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class BackupLine:
    id: int = 0
    target: Words = Words()
    badge: Badge = Badge()
    size: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class RecoveryCard:
    """`alarm` is empty if there is nothing to worry about; moments are 0 for never."""

    is_set: bool = False
    address: str = ""
    key_name: str = ""
    alarm: Words = Words()
    good_at: float = 0.0
    good_took: Words = DASH
    sent_at: float = 0.0
    sent: Words = Words()
    made_at: float = 0.0
    made: Badge = Badge()
    kept: Words = Words()


def recovery_card(status: BackupStatus) -> RecoveryCard:
    shipped, good, last = status.shipped, status.last_good, status.last
    return RecoveryCard(
        is_set=status.is_set,
        address=status.address,
        key_name=status.key_name,
        alarm=words(f"recovery.alarm_{status.alarm}") if status.alarm else Words(),
        good_at=epoch(good.at) if good else 0.0,
        good_took=_seconds(good.rto_seconds) if good else DASH,
        sent_at=epoch(shipped.at) if shipped else 0.0,
        sent=words("recovery.segments", n=shipped.sequence) if shipped else DASH,
        made_at=epoch(last.at) if last else 0.0,
        made=_badge(last.state) if last else Badge(),
        kept=words("recovery.kept", n=status.rules.kept.days),
    )


def recovery_line(recovery: Recovery) -> RecoveryLine:
    tone, icon, key = (OK, "check", "good") if recovery.is_good else (BAD, "octagon-alert", "bad")
    return RecoveryLine(
        id=recovery.id,
        kind=kind_label(recovery.kind),
        target=_target(recovery.target),
        environment=environment_words(recovery.environment) if recovery.environment else Words(),
        badge=Badge(tone, icon, words(f"recovery.{key}")),
        took=_seconds(recovery.rto_seconds),
        lost=DASH if recovery.rpo_seconds is None else _seconds(recovery.rpo_seconds),
        error=recovery.error,
        person=recovery.requested_by,
        at=epoch(recovery.at),
    )


def backup_line(backup: Backup) -> BackupLine:
    return BackupLine(
        backup.id, _target(backup.target), _badge(backup.state), size(backup.size_bytes), epoch(backup.at)
    )


def kinds() -> list[Option]:
    return [Option(kind, kind_label(kind)) for kind in RecoveryKind]


def kind_label(kind: str) -> Words:
    return words(f"recovery_kind.{kind}")


def _badge(state: BackupState) -> Badge:
    tone, icon = _STATES[state]
    return Badge(tone, icon, words(f"backup_state.{state}"))


def _target(target: str) -> Words:
    return words("recovery.the_portal") if target == "portal" else same(target)


def _seconds(seconds: float) -> Words:
    return duration_words(seconds if seconds >= 10 else round(seconds, 1))
