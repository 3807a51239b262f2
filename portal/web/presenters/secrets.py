"""What the pages of secrets show: names, versions, dates and users, and never a value."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime

from portal.domain.access import Actor, Permission, may
from portal.domain.secret import Secret, SecretForm, SecretVersion, VersionState, due_state
from portal.domain.secret_rotation import CheckKind, CutOver, Generator
from portal.web.presenters.marks import BAD, IDLE, OK, WARN, Badge, Option, environment_words, epoch
from portal.web.words import Words, same, words

_STATES = {
    VersionState.NEXT: (WARN, "clock"),
    VersionState.CURRENT: (OK, "check"),
    VersionState.PREVIOUS: (IDLE, "undo"),
    VersionState.REVOKED: (IDLE, "x"),
}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """`is_revocable`: nothing has it and it is not the current one."""

    number: int
    badge: Badge
    origin: Words
    size: int
    created_by: str
    created_at: float
    used_since: float
    users: int
    is_revocable: bool
    is_revealable: bool


@dataclass(frozen=True, slots=True)
class UseLine:
    container: str
    service: str
    version: int
    href: str


@dataclass(frozen=True, slots=True)
class SecretLine:
    name: str = ""
    href: str = ""
    environment: str = ""
    environment_words: Words = Words()
    service: Words = Words()
    form: Words = Words()
    target: str = ""
    description: str = ""
    version: int = 0
    changed_at: float = 0.0
    due_at: float = 0.0
    due: Badge = Badge()
    is_due: bool = False
    is_overdue: bool = False
    users: int = 0


@dataclass(frozen=True, slots=True)
class SecretCard:
    line: SecretLine = SecretLine()
    is_variable: bool = False
    has_generator: bool = False
    can_edit: bool = False
    can_reveal: bool = False
    can_rotate: bool = False
    generator: Words = Words()
    check: Words = Words()
    cut_over: Words = Words()
    every: Words = Words()
    created_by: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SecretForms:
    """A secret as the form has it; empty for a new one."""

    environment: str = ""
    name: str = ""
    service: str = ""
    form: str = "file"
    target: str = ""
    description: str = ""
    generator: str = "none"
    made_length: int = 0
    make_command: str = ""
    every_days: int = 0
    is_automatic: bool = False
    check: str = "none"
    check_path: str = ""
    check_command: str = ""
    cut_over: str = "later"
    signal: str = ""
    wait_seconds: int = 60


def secret_line(secret: Secret, now: datetime) -> SecretLine:
    current, state = secret.current, due_state(secret, now)
    tone, icon = (BAD, "octagon-alert") if state == "overdue" else (WARN, "clock")
    return SecretLine(
        name=secret.name,
        href=f"/secrets/{secret.environment}/{secret.name}",
        environment=secret.environment,
        environment_words=environment_words(secret.environment),
        service=same(secret.service) if secret.service else words("secrets.all_services"),
        form=words(f"secret_form.{secret.form}"),
        target=secret.target,
        description=secret.description,
        version=current.number if current else 0,
        changed_at=epoch((current.used_since or current.created_at) if current else None),
        due_at=epoch(secret.due_at),
        due=Badge(tone, icon, words(f"secrets.{state}")) if state else Badge(),
        is_due=bool(state),
        is_overdue=state == "overdue",
        users=len(secret.used_by),
    )


def secret_card(secret: Secret, actor: Actor, now: datetime) -> SecretCard:
    rotation, can_edit = secret.rotation, may(actor, Permission.SECRET_EDIT, secret.environment)
    has_next = any(version.state is VersionState.NEXT for version in secret.versions)
    has_generator = rotation.generator is not Generator.NONE
    by_itself = "secrets.every_automatic" if rotation.is_automatic else "secrets.every"
    every = words(by_itself, n=rotation.every_days) if rotation.every_days else words("secrets.never")
    return SecretCard(
        line=secret_line(secret, now),
        is_variable=secret.form is SecretForm.VARIABLE,
        has_generator=has_generator and rotation.generator is not Generator.COMMAND,
        can_edit=can_edit,
        can_reveal=may(actor, Permission.SECRET_REVEAL, secret.environment),
        can_rotate=can_edit and (has_generator or has_next),
        generator=words(f"secret_generator.{rotation.generator}"),
        check=words(f"secret_check.{rotation.check}"),
        cut_over=words(f"secret_cut_over.{rotation.cut_over}"),
        every=every,
        created_by=secret.created_by,
        created_at=epoch(secret.created_at),
    )


def version_lines(secret: Secret, actor: Actor) -> list[VersionLine]:
    can_edit = may(actor, Permission.SECRET_EDIT, secret.environment)
    can_reveal = may(actor, Permission.SECRET_REVEAL, secret.environment)
    return [_version_line(secret, version, can_edit, can_reveal=can_reveal) for version in secret.versions]


def _version_line(secret: Secret, version: SecretVersion, can_edit: bool, *, can_reveal: bool) -> VersionLine:
    users = sum(use.version == version.number for use in secret.used_by)
    is_kept = version.state is not VersionState.REVOKED
    tone, icon = _STATES[version.state]
    typed = words("secrets.typed") if version.origin == "typed" else words(f"secret_generator.{version.origin}")
    return VersionLine(
        number=version.number,
        badge=Badge(tone, icon, words(f"secret_state.{version.state}")),
        origin=typed,
        size=version.size_bytes,
        created_by=version.created_by,
        created_at=epoch(version.created_at),
        used_since=epoch(version.used_since),
        users=users,
        is_revocable=can_edit and is_kept and not users and version.state is not VersionState.CURRENT,
        is_revealable=can_reveal and is_kept,
    )


def use_lines(secret: Secret) -> list[UseLine]:
    return [UseLine(u.container, u.service, u.version, f"/containers/{u.container}") for u in secret.used_by]


def form_of(secret: Secret) -> SecretForms:
    rotation = secret.rotation
    plain = ("every_days", "is_automatic", "check_path", "signal", "wait_seconds")
    return SecretForms(
        environment=secret.environment,
        name=secret.name,
        service=secret.service,
        form=str(secret.form),
        target=secret.target,
        description=secret.description,
        generator=str(rotation.generator),
        made_length=rotation.length,
        check=str(rotation.check),
        cut_over=str(rotation.cut_over),
        make_command=shlex.join(rotation.make_command),
        check_command=shlex.join(rotation.check_command),
        **{name: getattr(rotation, name) for name in plain},
    )


def choices(kind: type[SecretForm | Generator | CheckKind | CutOver], group: str) -> list[Option]:
    return [Option(str(one), words(f"{group}.{one}")) for one in kind]
