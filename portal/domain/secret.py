"""Secrets of environments: what they are called, how they reach a container, their versions and when they are due."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.errors import Invalid
from portal.domain.secret_rotation import CheckKind, CutOver, Rotation, check_rotation

LARGEST_BYTES = 65_536
MOST_SECRETS, MOST_VERSIONS, MOST_FILES = 500, 20, 64
SECRETS_FOLDER = "/run/secrets"
LONGEST_DESCRIPTION = 300
SHOWN_SECONDS = 60
DUE_SOON = timedelta(days=7)
SECRET_SORTS = ("name", "-name", "due", "-age")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9][A-Za-z0-9._/-]{0,190}[A-Za-z0-9]", re.ASCII)
_KERNEL = ("/proc", "/sys", "/dev")
OWN_VARIABLES = frozenset({"PORT", "APP_VERSION"})


class SecretForm(StrEnum):
    """How a secret reaches a container: as a file in memory, or as an environment variable."""

    FILE = "file"
    VARIABLE = "variable"


class VersionState(StrEnum):
    """`next` is not used yet; `previous` was used before and still counts until it is revoked."""

    NEXT = "next"
    CURRENT = "current"
    PREVIOUS = "previous"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class SecretOrder:
    """A secret as somebody wants it. `service` empty: for all services of the environment.

    `target` is the path of the file or the name of the variable; empty for the usual one.
    """

    environment: str
    name: str
    service: str = ""
    form: SecretForm = SecretForm.FILE
    target: str = ""
    description: str = ""
    rotation: Rotation = Rotation()


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """`origin` is typed or the kind of generator that made it. Its value is not here and is never listed."""

    number: int
    state: VersionState
    created_at: datetime
    created_by: str
    origin: str = "typed"
    size_bytes: int = 0
    used_since: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """`versions` are the newest first. `used_by` names the containers that were given it, with the version of each."""

    id: int
    environment: str
    name: str
    service: str
    form: SecretForm
    target: str
    description: str
    rotation: Rotation
    created_at: datetime
    created_by: str
    versions: tuple[SecretVersion, ...] = ()
    used_by: tuple[SecretUse, ...] = ()

    @property
    def current(self) -> SecretVersion | None:
        return next((v for v in self.versions if v.state is VersionState.CURRENT), None)

    def version(self, number: int) -> SecretVersion | None:
        return next((v for v in self.versions if v.number == number), None)

    @property
    def due_at(self) -> datetime | None:
        """When the present version should be replaced; None if it need not be."""
        current = self.current
        if current is None or not self.rotation.every_days:
            return None
        return (current.used_since or current.created_at) + timedelta(days=self.rotation.every_days)


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A container that was given a version of a secret."""

    container: str
    service: str
    version: int


@dataclass(frozen=True, slots=True)
class SecretQuery:
    """`state` is due (soon or late), overdue, or empty for all; each word of `text` is in name, service or what it is
    for. `sort` is one of SECRET_SORTS.
    """

    environment: str = ""
    service: str = ""
    form: str = ""
    state: str = ""
    text: str = ""
    sort: str = "name"
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Revealed:
    """A value on its way to one person's eyes."""

    secret: Secret
    version: int
    value: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """As text, or in Base64 with `base64:` before it where it is none."""
        try:
            return self.value.decode()
        except UnicodeDecodeError:
            import base64

            return "base64:" + base64.b64encode(self.value).decode()


def about(secret_id: int, environment: str, *, name: str, version: int) -> str:
    """What a sealed value is bound to: copied to another secret, environment or version it does not open."""
    return f"secret/{environment}/{secret_id}/{name}/{version}"


def target_of(order: SecretOrder) -> str:
    """Where it is found in a container: as asked for, or below /run/secrets, or as a name in capitals."""
    if order.target:
        return order.target
    if order.form is SecretForm.FILE:
        return f"{SECRETS_FOLDER}/{order.name}"
    return re.sub(r"[^A-Z0-9_]", "_", order.name.upper()).lstrip("0123456789_") or "SECRET"


def check_secret(order: SecretOrder) -> SecretOrder:
    """Invalid("secret_name_bad" | "secret_target_bad" | "secret_description_bad" | …, field=…)."""
    if not _NAME.fullmatch(order.name) or ".." in order.name:
        raise Invalid("secret_name_bad", field="name", name=order.name[:70])
    target = target_of(order)
    is_good = _is_path(target) if order.form is SecretForm.FILE else _is_variable(target)
    if not is_good:
        raise Invalid("secret_target_bad", field="target", target=target[:200])
    if len(order.description) > LONGEST_DESCRIPTION or "\0" in order.description:
        raise Invalid("secret_description_bad", field="description", limit=LONGEST_DESCRIPTION)
    check_rotation(order.rotation)
    rotation, is_file = order.rotation, order.form is SecretForm.FILE
    if not is_file and (rotation.cut_over is CutOver.LIVE or rotation.check is not CheckKind.NONE):
        name = "cut_over" if rotation.cut_over is CutOver.LIVE else "check"
        raise Invalid("rotation_bad", field=f"rotation.{name}", name=name)
    return order


def _is_path(path: str) -> bool:
    is_plain = bool(_PATH.fullmatch(path)) and posixpath.normpath(path) == path and not path.startswith("//")
    folder = posixpath.dirname(path)
    return is_plain and folder != "/" and not any(folder == root or folder.startswith(f"{root}/") for root in _KERNEL)


def _is_variable(name: str) -> bool:
    return bool(_VARIABLE.fullmatch(name)) and name not in OWN_VARIABLES


def check_value(value: bytes, form: SecretForm) -> bytes:
    """Invalid("secret_value_bad") if it is empty, past 64 KiB, or cannot be a variable."""
    is_good = 1 <= len(value) <= LARGEST_BYTES
    if is_good and form is SecretForm.VARIABLE:
        try:
            is_good = "\0" not in value.decode()
        except UnicodeDecodeError:
            is_good = False
    if not is_good:
        raise Invalid("secret_value_bad", field="value", limit=LARGEST_BYTES // 1024)
    return value


def due_state(secret: Secret, now: datetime) -> str:
    """overdue, due (within seven days), or empty."""
    due = secret.due_at
    if due is None:
        return ""
    return "overdue" if due <= now else "due" if due - now <= DUE_SOON else ""
