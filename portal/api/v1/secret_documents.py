"""The documents of secrets: what is known about them, never their values, but for the one answer that reveals."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Self

from pydantic import Field

from portal.api.v1.documents import Document, Order
from portal.domain.errors import Invalid
from portal.domain.secret import LARGEST_BYTES, Revealed, Secret, SecretForm, SecretOrder, VersionState
from portal.domain.secret_rotation import CheckKind, CutOver, Generator, Rotation

LONGEST_BASE64 = LARGEST_BYTES * 4 // 3 + 8


class RotationDocument(Document):
    every_days: int = Field(default=0, description="0: never by itself.")
    is_automatic: bool = Field(default=False, description="Whether it is started by itself when it is due.")
    generator: Generator = Generator.NONE
    length: int = Field(default=0, description="Characters of a password, bytes of a token, bits of an RSA key.")
    make_command: list[str] = Field(default_factory=list, max_length=32)
    check: CheckKind = CheckKind.NONE
    check_path: str = Field(default="", max_length=200)
    check_command: list[str] = Field(default_factory=list, max_length=32)
    cut_over: CutOver = CutOver.LATER
    signal: str = Field(default="", max_length=10, description="Sent after a live change: HUP, USR1, USR2 or TERM.")
    wait_seconds: int = Field(default=60, description="How long the old version has to be unused before it goes.")

    def rotation(self) -> Rotation:
        given = self.model_dump()
        words = {name: tuple(given[name]) for name in ("make_command", "check_command")}
        return Rotation(**{**given, **words})


class SecretChange(Order):
    service: str = Field(default="", max_length=40, description="Empty: for all services of the environment.")
    form: SecretForm = SecretForm.FILE
    target: str = Field(default="", max_length=200, description="A path or the name of a variable; empty: the usual.")
    description: str = Field(default="", max_length=300)
    rotation: RotationDocument = Field(default_factory=RotationDocument)

    def order(self, environment: str, name: str) -> SecretOrder:
        plain = {field: getattr(self, field) for field in ("service", "form", "target", "description")}
        return SecretOrder(environment, name, **plain, rotation=self.rotation.rotation())


class ValueOrder(Order):
    """Without a value the secret's generator makes one."""

    secret: str | None = Field(default=None, max_length=LARGEST_BYTES, repr=False, description="The value as text.")
    secret_base64: str | None = Field(default=None, max_length=LONGEST_BASE64, repr=False)

    def value(self) -> bytes | None:
        """Invalid("secret_value_bad")."""
        if self.secret_base64 is None:
            return None if self.secret is None else self.secret.encode()
        try:
            return base64.b64decode(self.secret_base64, validate=True)
        except (binascii.Error, ValueError):
            raise Invalid("secret_value_bad", field="secret_base64", limit=LARGEST_BYTES // 1024) from None


class NewSecretOrder(SecretChange, ValueOrder):
    environment: str = Field(max_length=40)
    name: str = Field(max_length=64)


class NewVersionOrder(ValueOrder):
    is_next: bool = Field(default=False, description="Keep it for a rotation instead of using it from now on.")


class RevealOrder(Order):
    version: int = Field(default=0, ge=0, description="0: the current one.")
    reason: str = Field(max_length=500)


class RotateOrder(Order):
    """Everything is said by the secret itself."""


class MasterKeyOrder(Order):
    reason: str = Field(max_length=500)


class StartedDocument(Document):
    operation: int = Field(description="Its number below /operations.")


class VersionDocument(Document):
    number: int
    state: VersionState
    created_at: datetime
    created_by: str
    origin: str
    size_bytes: int
    used_since: datetime | None
    revoked_at: datetime | None


class UseDocument(Document):
    container: str
    service: str
    version: int


class SecretDocument(Document):
    """Its value is never here."""

    environment: str
    name: str
    service: str
    form: SecretForm
    target: str
    description: str
    rotation: RotationDocument
    created_at: datetime
    created_by: str
    version: int = Field(description="The current one; 0 if there is none.")
    due_at: datetime | None
    versions: list[VersionDocument]
    used_by: list[UseDocument]

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Secret)
        names = ("environment", "name", "service", "form", "target", "description", "created_at", "created_by")
        return cls(
            **{name: getattr(shown, name) for name in names},
            rotation=RotationDocument.of(shown.rotation),
            version=shown.current.number if shown.current else 0,
            due_at=shown.due_at,
            versions=[VersionDocument.of(version) for version in shown.versions],
            used_by=[UseDocument.of(use) for use in shown.used_by],
        )


class RevealedDocument(Document):
    """The one answer that has a value in it."""

    environment: str
    name: str
    version: int
    secret: str = Field(repr=False, description="As text, or `base64:` and the value in Base64 where it is none.")

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Revealed)
        secret = shown.secret
        return cls(environment=secret.environment, name=secret.name, version=shown.version, secret=shown.text)
