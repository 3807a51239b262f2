"""The job that gives a secret a new value: made, tried, put into use; the old one seen unused, then revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, SYSTEM, Actor, Grant, Permission, Role
from portal.domain.audit import AuditEntry
from portal.domain.deployment import Replica
from portal.domain.errors import Conflict, Refused, Unavailable
from portal.domain.rollout import State
from portal.domain.secret import Secret, SecretForm, VersionState, check_value
from portal.domain.secret_rotation import CheckKind, CutOver, Generator
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.job_run import JobRun
from portal.services.rollouts import RolloutOrder, Rollouts
from portal.services.secret_delivery import SecretDelivery
from portal.services.secret_making import made_value
from portal.services.secret_values import opened
from portal.services.secrets import Secrets
from portal.store import deployments, rollouts, routing, secret_pins
from portal.store import secrets as store
from portal.store.database import Database

KIND = "secret_rotation"
TRIES, PAUSE_SECONDS, COMMAND_SECONDS, LOOK_SECONDS = 5, 2.0, 60.0, 1.0
ROLLOUT_SECONDS, PROOF_SECONDS = 3600.0, 86_400.0
PLAN = "strategy: rolling\nbake: 0s\n"


class Ask(Protocol):
    def __call__(self, address: str, port: int, *, path: str) -> int:
        """The HTTP status of GET; Unavailable(…) without an answer."""
        ...


@dataclass(frozen=True, slots=True)
class RotationParts:
    """What a rotation works with."""

    database: Database
    clock: Clock
    audit: Audit
    containers: Containers
    secrets: Secrets
    delivery: SecretDelivery
    rollouts: Rollouts
    ask: Ask


class SecretRotation:
    """Each step may be repeated: what is done already is found in the database or in what the job remembers."""

    permission = Permission.SECRET_EDIT

    def __init__(self, parts: RotationParts) -> None:
        self._parts = parts

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        """A new value that waits for the next rollout leaves the old one in use, so nothing is revoked."""
        whole = ("make", "verify", "cut_over", "prove", "revoke")
        return whole[:3] if document.get("cut_over") == CutOver.LATER else whole

    def perform(self, step: str, run: JobRun) -> None:
        acts: dict[str, Callable[[JobRun], None]] = {
            "make": self._make,
            "verify": self._verify,
            "cut_over": self._cut_over,
            "prove": self._prove,
            "revoke": self._revoke,
        }
        acts[step](run)

    def clean(self, run: JobRun) -> None:
        """What was only tried is taken back: the file beside the secret, and a new value that was not put into use."""
        if "tried" in run.memory:
            self._show_next(self._secret(run), b"")
        if "version" not in run.memory or run.memory.get("is_in_use") or not run.memory.get("is_made"):
            return
        with self._parts.database.transaction() as session:
            row = store.version_row(session, self._secret(run).id, int(run.memory["version"]))
            if row.state == VersionState.NEXT:
                store.revoke_version(session, row, self._parts.clock.now())
                self._record(session, run, "secret.revoked", version=str(row.number))

    def _secret(self, run: JobRun) -> Secret:
        with self._parts.database.reading() as session:
            return store.get(session, str(run.document["environment"]), str(run.document["name"]))

    def _make(self, run: JobRun) -> None:
        """A version that waits already is taken; else the generator makes one."""
        secret = self._secret(run)
        before = secret.current.number if secret.current else 0
        waiting = next((v.number for v in secret.versions if v.state is VersionState.NEXT), 0)
        if waiting:
            run.remember(version=waiting, before=before, is_made=bool(run.memory.get("is_made")))
            return
        run.remember(is_made=True, before=before)
        value = check_value(self._new_value(secret), secret.form)
        with self._parts.database.transaction() as session:
            row = store.row(session, secret.environment, secret.name)
            origin = str(secret.rotation.generator)
            made = self._parts.secrets.add_version(session, row, value, by=run.job.requested_by, origin=origin)
            self._record(session, run, "secret.version_added", version=str(made.number), state="next", origin=origin)
        run.remember(version=made.number)

    def _new_value(self, secret: Secret) -> bytes:
        if secret.rotation.generator is not Generator.COMMAND:
            return made_value(secret.rotation)
        done = self._parts.containers.execute(
            self._one_container(secret).name, secret.rotation.make_command, timeout_seconds=COMMAND_SECONDS
        )
        if done.exit_code != 0 or done.is_cut:
            raise Refused("secret_command_failed", status=done.exit_code)
        printed = [line.text for line in done.lines if line.stream != "stderr"]
        return "\n".join(printed).rstrip("\n").encode()

    def _verify(self, run: JobRun) -> None:
        """The value stands beside the secret as a file of the same name with `.next` while it is tried."""
        secret = self._secret(run)
        if secret.rotation.check is CheckKind.NONE:
            return
        target = self._one_container(secret)
        with self._parts.database.reading() as session:
            value = opened(session, self._parts.secrets.box, secret.id, version=int(run.memory["version"]))
        run.remember(tried=True)
        self._show_next(secret, value)
        said = ""
        for turn in range(1, TRIES + 1):
            said = self._said(secret, target)
            if not said:
                run.remember(verified_in=target.name, verified_by=str(secret.rotation.check))
                return
            run.progress(turn, TRIES, unit="tries")
            run.wait(PAUSE_SECONDS)
        raise Refused("secret_check_failed", container=target.name, said=said)

    def _said(self, secret: Secret, target: Replica) -> str:
        """What speaks against the new value; nothing if it is good."""
        rotation = secret.rotation
        if rotation.check is CheckKind.COMMAND:
            done = self._parts.containers.execute(target.name, rotation.check_command, timeout_seconds=COMMAND_SECONDS)
            return "" if done.exit_code == 0 else f"exit {done.exit_code}"
        try:
            status = self._parts.ask(target.address, target.port, path=rotation.check_path)
        except Unavailable as error:
            return error.code
        return "" if 200 <= status < 300 else f"HTTP {status}"

    def _show_next(self, secret: Secret, value: bytes) -> None:
        if secret.form is not SecretForm.FILE:
            return
        for place in self._places(secret):
            self._parts.delivery.fill(place, extra={f"{secret.target}.next": value})

    def _places(self, secret: Secret) -> tuple[secret_pins.Place, ...]:
        with self._parts.database.reading() as session:
            return secret_pins.places(session, secret.id)

    def _one_container(self, secret: Secret) -> Replica:
        """One that runs and was given the secret. Refused("secret_no_container")."""
        names = {use.container for use in secret.used_by}
        running = {c.name for c in self._parts.containers.list() if c.is_running and c.name in names}
        with self._parts.database.reading() as session:
            found = next((r for r in routing.replicas(session) if r.name in running), None)
        if found is None:
            raise Refused("secret_no_container", name=secret.name)
        return found

    def _cut_over(self, run: JobRun) -> None:
        secret, version = self._secret(run), int(run.memory["version"])
        if secret.current is None or secret.current.number != version:
            with self._parts.database.transaction() as session:
                store.use_version(session, secret.id, version, self._parts.clock.now())
                self._record(session, run, "secret.used", version=str(version), before=str(run.memory["before"]))
        run.remember(is_in_use=True)
        if run.document.get("cut_over") == CutOver.LIVE:
            self._rewrite(secret, version)
        elif run.document.get("cut_over") == CutOver.SWAP:
            self._swap(run, secret)

    def _rewrite(self, secret: Secret, version: int) -> None:
        """Under the containers that run; then they are told. Refused("secret_not_live") for a variable."""
        if secret.form is not SecretForm.FILE:
            raise Refused("secret_not_live", name=secret.name)
        with self._parts.database.transaction() as session:
            places = secret_pins.move_files(session, secret.id, version)
        for place in places:
            self._parts.delivery.fill(place)
        if secret.rotation.signal:
            names = {use.container for use in secret.used_by}
            for container in self._parts.containers.list():
                if container.is_running and container.name in names:
                    self._parts.containers.signal(container.name, f"SIG{secret.rotation.signal}")

    def _swap(self, run: JobRun, secret: Secret) -> None:
        """A rollout of what runs already for each service that has the secret, one after the other."""
        for service in self._services(secret):
            with self._parts.database.reading() as session:
                runs = deployments.get(session, service, secret.environment)
                is_behind = runs is not None and secret_pins.is_behind(
                    session, (service, secret.environment, runs.slot)
                )
            started: dict[str, int] = dict(run.memory.get("rollouts") or {})
            if runs is None or (not is_behind and service not in started):
                continue
            if service not in started:
                key = f"rotation {run.job.id} {service}"
                order = RolloutOrder(service, secret.environment, runs.version, f"secret {secret.name}", PLAN, key)
                started[service] = self._parts.rollouts.start(_rotator(secret), order).id
                run.remember(rollouts=started)
            self._await(run, secret, started[service])

    def _services(self, secret: Secret) -> Iterable[str]:
        with self._parts.database.reading() as session:
            places = secret_pins.places(session, secret.id)
            every = deployments.every(session)
        given = {service for service, _, _ in places} | ({secret.service} - {""})
        return sorted(d.service for d in every if d.environment == secret.environment and d.service in given)

    def _await(self, run: JobRun, secret: Secret, rollout_id: int) -> None:
        """Its end. The secret goes back to what it was where the rollout does."""
        waited = 0.0
        while True:
            with self._parts.database.reading() as session:
                rollout = rollouts.get(session, rollout_id)
            if rollout.state is State.SUCCEEDED:
                return
            if rollout.state.is_over or waited > ROLLOUT_SECONDS:
                self._go_back(run, secret)
                raise Conflict("rotation_rollout_failed", id=rollout_id)
            run.progress(waited, unit="seconds")
            run.wait(LOOK_SECONDS)
            waited += LOOK_SECONDS

    def _go_back(self, run: JobRun, secret: Secret) -> None:
        before = int(run.memory["before"])
        with self._parts.database.transaction() as session:
            store.use_version(session, secret.id, before, self._parts.clock.now())
            self._record(session, run, "secret.used", version=str(before), before=str(run.memory["version"]))

    def _prove(self, run: JobRun) -> None:
        """No container has had an older version for as long as the rotation says, looked at once a second."""
        wait_seconds, waited = float(self._secret(run).rotation.wait_seconds), 0.0
        since, looks = float(run.memory.get("unused_since") or 0.0), int(run.memory.get("looks") or 0)
        while True:
            now, users = self._parts.clock.now().timestamp(), self._old_users(run)
            since, looks = (since or now, looks + 1) if not users else (0.0, 0)
            if run.memory.get("unused_since") != since or looks % 30 == 0:
                run.remember(unused_since=since, looks=looks)
            if since and now - since >= wait_seconds:
                run.remember(unused_since=since, looks=looks)
                return
            if waited > PROOF_SECONDS + wait_seconds:
                raise Refused("secret_in_use", version=run.memory["before"], n=len(users))
            run.progress(now - since if since else 0.0, wait_seconds, unit="seconds")
            run.wait(LOOK_SECONDS)
            waited += LOOK_SECONDS

    def _old_users(self, run: JobRun) -> list[str]:
        """Containers that are there and were given another version than the new one."""
        secret, version = self._secret(run), int(run.memory["version"])
        there = {container.name for container in self._parts.containers.list()}
        return [use.container for use in secret.used_by if use.version < version and use.container in there]

    def _revoke(self, run: JobRun) -> None:
        """All that were used before, for nothing has them any more."""
        secret = self._secret(run)
        with self._parts.database.transaction() as session:
            for row in store.version_rows(session, secret.id):
                if row.state == VersionState.PREVIOUS and row.number < int(run.memory["version"]):
                    store.revoke_version(session, row, self._parts.clock.now())
                    proof = {"unused_since": str(run.memory.get("unused_since")), "looks": str(run.memory.get("looks"))}
                    self._record(session, run, "secret.revoked", version=str(row.number), **proof)

    def _record(self, session: Session, run: JobRun, action: str, **params: str) -> None:
        environment, name = str(run.document["environment"]), str(run.document["name"])
        about = {"name": name, "operation": str(run.job.id), "who": run.job.requested_by, **params}
        entry = AuditEntry(
            SYSTEM.name, SYSTEM.kind, action, "secret", f"{environment}/{name}", environment=environment, params=about
        )
        self._parts.audit.record(session, entry)


def _rotator(secret: Secret) -> Actor:
    """The portal, which rolls out what a person has let it rotate."""
    return Actor(SYSTEM.name, kind=SYSTEM.kind, grants=(Grant(Role.ADMINISTRATOR, secret.environment or EVERYWHERE),))
