"""Secrets of environments: kept sealed, never read back but by who may reveal them, all of it audited."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, demand_proof, environments_with
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, Refused
from portal.domain.lists import check_sort
from portal.domain.page import Page
from portal.domain.secret import (
    MOST_FILES,
    MOST_SECRETS,
    MOST_VERSIONS,
    SECRET_SORTS,
    Revealed,
    Secret,
    SecretForm,
    SecretOrder,
    SecretQuery,
    VersionState,
    about,
    check_secret,
    check_value,
    target_of,
)
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.rollouts import check_reason
from portal.services.secret_box import SecretBox
from portal.services.secret_making import made_value
from portal.services.secret_values import opened
from portal.store import catalogue
from portal.store import secrets as store
from portal.store.database import Database
from portal.store.tables_secrets import SecretRow, SecretVersionRow

FINISHED = frozenset({VersionState.REVOKED})


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A value for a secret, made by its generator if there is none here. It is current for containers that are made
    from now on, or with `is_next` waits until a rotation takes it.
    """

    environment: str
    name: str
    value: bytes | None = field(default=None, repr=False)
    is_next: bool = False


class Secrets:
    """Names, versions and dates are for everybody who may see the environment; values are sealed and stay so."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, *, box: SecretBox) -> None:
        self._database, self._clock, self._audit, self.box = database, clock, audit, box

    def page(self, actor: Actor, query: SecretQuery) -> Page[Secret]:
        """Of the environments that the actor may see. Invalid("sort_bad")."""
        demand(actor, Permission.VIEW, query.environment or None)
        check_sort(query.sort, SECRET_SORTS)
        with self._database.reading() as session:
            return store.page(session, query, self._clock.now(), within=environments_with(actor, Permission.VIEW))

    def secret(self, actor: Actor, environment: str, name: str) -> Secret:
        """NotFound("secret_missing")."""
        demand(actor, Permission.VIEW, environment)
        with self._database.reading() as session:
            return store.get(session, environment, name)

    def create(self, actor: Actor, order: SecretOrder, value: bytes | None, *, reason: str = "") -> Secret:
        """With its first version, which is current at once; without a value its generator makes one.

        Conflict("secret_exists" | "secret_target_taken" | "too_many_secrets"), Invalid(…).
        """
        demand(actor, Permission.SECRET_EDIT, order.environment)
        check_secret(order)
        content = check_value(made_value(order.rotation) if value is None else value, order.form)
        origin = "typed" if value is not None else str(order.rotation.generator)
        with self._database.transaction() as session:
            self._check_place(session, order)
            now = self._clock.now()
            row = store.add(session, order, now, by=actor.human)
            first = self.add_version(session, row, content, by=actor.human, origin=origin)
            store.use_version(session, first.secret_id, first.number, now)
            self._record(session, actor, "secret.created", row, reason=reason, version="1", origin=origin)
            return store.get(session, order.environment, order.name)

    def save(self, actor: Actor, order: SecretOrder, *, reason: str = "") -> Secret:
        """Change what is known about it; its value and the containers that run stay as they are."""
        demand(actor, Permission.SECRET_EDIT, order.environment)
        check_secret(order)
        with self._database.transaction() as session:
            row = store.row(session, order.environment, order.name)
            self._check_place(session, order, own=row.id)
            before = _about(row)
            store.fill(row, order)
            changed = {name: text for name, text in _about(row).items() if before[name] != text}
            self._record(session, actor, "secret.saved", row, reason=reason, **changed)
            return store.get(session, order.environment, order.name)

    def put(self, actor: Actor, new: NewVersion, *, reason: str = "") -> Secret:
        """A new version. Conflict("too_many_versions"), Invalid("secret_value_bad" | "secret_not_generated")."""
        demand(actor, Permission.SECRET_EDIT, new.environment)
        with self._database.transaction() as session:
            row = store.row(session, new.environment, new.name)
            rotation = store.get(session, new.environment, new.name).rotation
            content = check_value(made_value(rotation) if new.value is None else new.value, SecretForm(row.form))
            origin = "typed" if new.value is not None else str(rotation.generator)
            made = self.add_version(session, row, content, by=actor.human, origin=origin)
            if not new.is_next:
                store.use_version(session, made.secret_id, made.number, self._clock.now())
            params = {"version": str(made.number), "state": "next" if new.is_next else "current", "origin": origin}
            self._record(session, actor, "secret.version_added", row, reason=reason, **params)
            return store.get(session, new.environment, new.name)

    def reveal(self, actor: Actor, environment: str, name: str, *, version: int = 0, reason: str) -> Revealed:
        """The value, for its own permission, a fresh proof and a reason; it is in the trail before it is shown.

        `version` 0: the current one. Refused("secret_revoked"), Refused("proof_needed"), Invalid("reason_missing").
        """
        demand(actor, Permission.SECRET_REVEAL, environment)
        check_reason(reason)
        demand_proof(actor, self._clock.now())
        with self._database.transaction() as session:
            secret = store.get(session, environment, name)
            number = version or (secret.current.number if secret.current else 0)
            value = opened(session, self.box, secret.id, version=number)
            row = store.row(session, environment, name)
            self._record(session, actor, "secret.revealed", row, reason=reason, version=str(number))
        return Revealed(secret, number, value)

    def revoke(self, actor: Actor, environment: str, name: str, *, version: int, reason: str) -> Secret:
        """Its value is gone for good. Refused("secret_in_use") while a container has it or it is the current one."""
        demand(actor, Permission.SECRET_EDIT, environment)
        check_reason(reason)
        with self._database.transaction() as session:
            secret = store.get(session, environment, name)
            row = store.version_row(session, secret.id, version)
            users = [use.container for use in secret.used_by if use.version == version]
            if users or row.state == VersionState.CURRENT:
                raise Refused("secret_in_use", version=version, n=len(users))
            if row.state not in FINISHED:
                store.revoke_version(session, row, self._clock.now())
                named = store.row(session, environment, name)
                self._record(session, actor, "secret.revoked", named, reason=reason, version=str(version))
            return store.get(session, environment, name)

    def remove(self, actor: Actor, environment: str, name: str, *, reason: str) -> None:
        """With all its versions. Refused("secret_in_use") while a container has one of them."""
        demand(actor, Permission.SECRET_EDIT, environment)
        check_reason(reason)
        demand_proof(actor, self._clock.now())
        with self._database.transaction() as session:
            secret = store.get(session, environment, name)
            if secret.used_by:
                raise Refused("secret_in_use", version=secret.used_by[0].version, n=len(secret.used_by))
            row = store.row(session, environment, name)
            self._record(session, actor, "secret.removed", row, reason=reason)
            store.remove(session, row)

    def add_version(self, session: Session, row: SecretRow, value: bytes, *, by: str, origin: str) -> SecretVersionRow:
        """Sealed, and not used yet; for the services of secrets alone. Conflict("too_many_versions")."""
        known = store.version_rows(session, row.id or 0)
        if sum(one.state not in FINISHED for one in known) >= MOST_VERSIONS:
            raise Conflict("too_many_versions", most=MOST_VERSIONS)
        number = known[0].number + 1 if known else 1
        sealed = self.box.seal(value, about=about(row.id or 0, row.environment, name=row.name, version=number))
        made = SecretVersionRow(
            secret_id=row.id or 0,
            number=number,
            state=VersionState.NEXT,
            sealed=sealed,
            size_bytes=len(value),
            origin=origin,
            created_at=self._clock.now(),
            created_by=by,
        )
        session.add(made)
        session.flush()
        store.forget_versions(session, row.id or 0, kept=MOST_VERSIONS)
        return made

    def _check_place(self, session: Session, order: SecretOrder, *, own: int | None = None) -> None:
        catalogue.environment(session, order.environment)
        if order.service:
            catalogue.service(session, order.service)
        known = store.every(session, order.environment)
        others = [other for other in known if other.id != own]
        if own is None and any(other.name == order.name for other in others):
            raise Conflict("secret_exists", environment=order.environment, name=order.name)
        meets = [o for o in others if not o.service or not order.service or o.service == order.service]
        taken = next((o for o in meets if o.form is order.form and o.target == target_of(order)), None)
        if taken is not None:
            raise Conflict("secret_target_taken", target=taken.target, name=taken.name)
        files = sum(other.form is SecretForm.FILE for other in meets)
        if len(others) >= MOST_SECRETS or (order.form is SecretForm.FILE and files >= MOST_FILES):
            raise Conflict("too_many_secrets", most=MOST_SECRETS, files=MOST_FILES)

    def _record(
        self, session: Session, actor: Actor, action: str, row: SecretRow, *, reason: str = "", **params: str
    ) -> None:
        entry = AuditEntry(
            actor.name,
            actor.kind,
            action,
            "secret",
            f"{row.environment}/{row.name}",
            environment=row.environment,
            reason=reason,
            params={"name": row.name, **params},
        )
        self._audit.record(session, entry)


def _about(row: SecretRow) -> dict[str, str]:
    plain = {name: str(getattr(row, name)) for name in ("service", "form", "target", "description")}
    return plain | {f"rotation.{name}": str(value) for name, value in row.rotation.items()}
