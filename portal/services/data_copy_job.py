"""The job that copies a volume or a database, compares every table, and puts the copy in place of what was there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from portal.domain.access import SYSTEM, Permission
from portal.domain.audit import AuditEntry
from portal.domain.container import VolumeMount
from portal.domain.data_store import PROTECTED, DataStore, StoreKind, Taint, about_store
from portal.domain.errors import PortalError, Refused
from portal.domain.masking import Column
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.copy_scripts import VOLUME, Table, masks_of, scripts_of
from portal.services.helper_containers import SCRATCH, HelperContainers, HelperTask
from portal.services.job_run import JobRun
from portal.services.secret_box import SecretBox
from portal.store import catalogue, keys
from portal.store import copies as store
from portal.store.database import Database

KIND = "data_copy"
VOLUME_USER = "10001:10001"
Said = tuple[str, ...]


class DataCopyJob:
    """A database: look at its tables, read them masked, load them beside, compare, swap. A volume: copy and compare.

    Each step leaves the target as it was; only the last one changes it, at once.
    """

    permission = Permission.DATA_COPY

    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, helpers: HelperContainers, box: SecretBox
    ) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._helpers, self._box = helpers, box

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        with self._database.reading() as session:
            kind = store.store(session, *document["source"]).kind
        return ("copy", "settle") if kind is StoreKind.VOLUME else ("look", "dump", "load", "swap", "settle")

    def perform(self, step: str, run: JobRun) -> None:
        source, target = self._stores(run)
        acts: dict[str, Callable[[JobRun, DataStore, DataStore], None]] = {
            "copy": self._copy,
            "look": self._look,
            "dump": self._dump,
            "load": self._load,
            "swap": self._swap,
            "settle": self._settle,
        }
        acts[step](run, source, target)

    def _stores(self, run: JobRun) -> tuple[DataStore, DataStore]:
        with self._database.reading() as session:
            return store.store(session, *run.document["source"]), store.store(session, *run.document["target"])

    def _copy(self, run: JobRun, source: DataStore, target: DataStore) -> None:
        users = self._users_of(target.volume, but=_helper(run, "copy"))
        if users:
            raise Refused("volume_used", volume=target.volume, containers=", ".join(users[:5]))
        task = HelperTask(
            name=_helper(run, "copy"),
            image=target.image,
            script=VOLUME,
            volumes=(VolumeMount(source.volume, "/mnt", is_read_only=True), VolumeMount(target.volume, SCRATCH)),
            user=target.user or VOLUME_USER,
            unit="kilobytes",
        )
        (told,) = [line.split() for line in self._helpers.run(task, run) if line.startswith("files ")]
        run.remember(result={"files": told[1], "bytes": told[2], "checksum": told[3]})

    def _users_of(self, volume: str, *, but: str) -> list[str]:
        running = (c for c in self._helpers.containers.list() if c.is_running and c.name != but)
        return [c.name for c in running if volume in c.volumes]

    def _look(self, run: JobRun, source: DataStore, target: DataStore) -> None:
        del target
        said = self._ask(run, source, "look", scripts_of(source, run.job.id).look())
        columns = [json.loads(line.removeprefix("column ")) for line in said if line.startswith("column ")]
        if not columns:
            raise Refused("copy_no_tables", name=source.name)
        masks_of(source, _tables(columns))
        run.remember(columns=columns)

    def _dump(self, run: JobRun, source: DataStore, target: DataStore) -> None:
        tables = _tables(run.memory["columns"])
        key = self._mask_key(target.environment)
        said = self._ask(run, source, "dump", scripts_of(source, run.job.id).dump(tables, key))
        run.remember(sums=_sums(said))

    def _mask_key(self, environment: str) -> bytes:
        """One for all that comes into an environment, so that keys are joinable across its databases."""
        with self._database.transaction() as session:
            return keys.ensure_key(session, f"masking:{environment}")

    def _load(self, run: JobRun, source: DataStore, target: DataStore) -> None:
        tables = _tables(run.memory["columns"])
        hidden = {place[0]: True for place in masks_of(source, tables)}
        run.remember(is_loading=True)
        said = self._ask(run, target, "load", scripts_of(target, run.job.id).load(tables, hidden))
        wanted, found = run.memory["sums"], _sums(said)
        wrong = [name for name in {*wanted, *found} if wanted.get(name) != found.get(name)]
        if wrong:
            raise Refused("copy_differs", tables=", ".join(sorted(wrong))[:200])
        rows = sum(int(given[0]) for given in found.values())
        whole = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        run.remember(result={"tables": str(len(found)), "rows": str(rows), "checksum": whole})

    def _swap(self, run: JobRun, source: DataStore, target: DataStore) -> None:
        del source
        self._ask(run, target, "swap", scripts_of(target, run.job.id).swap())

    def _ask(self, run: JobRun, asked: DataStore, step: str, script: tuple[str, dict[str, bytes]]) -> Said:
        with self._database.reading() as session:
            sealed = store.sealed_password(session, asked.environment, asked.name)
        about = about_store(asked.environment, asked.name)
        password = self._box.open(sealed, about=about) if sealed else b""
        task = HelperTask(
            name=_helper(run, step),
            image=asked.image,
            script=script[0],
            files={**script[1], "password": password},
            environment=scripts_of(asked, run.job.id).environment,
            volumes=(VolumeMount(_scratch(run), "/copy"),),
            has_network=True,
            unit="tables",
        )
        return self._helpers.run(task, run)

    def _settle(self, run: JobRun, source: DataStore, target: DataStore) -> None:
        """What was counted is kept, and where the data came from is written on it."""
        result, number = run.memory["result"], int(run.document["copy"])
        with self._database.transaction() as session:
            copy = store.copy(session, number, is_locked=True)
            store.change_copy(session, replace(copy, job_id=run.job.id, result=result))
            origin = self._origin(session, source, target)
            if origin:
                taint = Taint(
                    environment=target.environment,
                    name=target.name,
                    origin=origin,
                    is_masked=bool(source.masks),
                    copy_id=number,
                    at=self._clock.now(),
                    volume=target.volume,
                )
                store.put_taint(session, taint)
            else:
                store.lift_taint(session, target.environment, target.name)
            self._record(session, run, target, result)
        run.remember(is_done=True)

    def _origin(self, session: Session, source: DataStore, target: DataStore) -> str:
        """The protected environment that the data is from, directly or by way of others; not where it is at home."""
        known = {t.name: t.origin for t in store.taints(session, source.environment)}
        carried = known.get(source.name)
        is_protected = catalogue.environment(session, source.environment).stage in PROTECTED
        origin = carried or (source.environment if is_protected else "")
        return "" if origin == target.environment else origin

    def _record(self, session: Session, run: JobRun, target: DataStore, result: Mapping[str, str]) -> None:
        params = {"from": "/".join(run.document["source"]), "checksum": result["checksum"][:16], "job": str(run.job.id)}
        entry = AuditEntry(
            SYSTEM.name, SYSTEM.kind, "copy.done", "store", target.name, environment=target.environment, params=params
        )
        self._audit.record(session, entry)

    def clean(self, run: JobRun) -> None:
        """The scratch volume goes, and what was loaded beside the target if it has not taken its place."""
        for step in ("copy", "look", "dump", "load", "swap"):
            self._helpers.containers.remove(_helper(run, step))
        try:
            source, target = self._stores(run)
            if run.memory.get("is_loading") and not run.memory.get("is_done"):
                self._ask(run, target, "drop", scripts_of(target, run.job.id).drop())
        except PortalError:
            source = None
        if source is None or source.kind is not StoreKind.VOLUME:
            self._helpers.containers.host.remove_volume(_scratch(run))


def _helper(run: JobRun, step: str) -> str:
    return f"cfp-job-{run.job.id}-{step}"


def _scratch(run: JobRun) -> str:
    return f"cfp-copy-{run.job.id}"


def _sums(said: Said) -> dict[str, list[str]]:
    """Rows and checksum by table."""
    found = [json.loads(line.removeprefix("table ")) for line in said if line.startswith("table ")]
    return {row["table"]: [str(row["rows"]), str(row["sum"])] for row in found}


def _tables(columns: list[dict[str, Any]]) -> tuple[Table, ...]:
    names = dict.fromkeys(row["table"] for row in columns)
    return tuple(_table(name, [row for row in columns if row["table"] == name]) for name in names)


def _table(name: str, rows: list[dict[str, Any]]) -> Table:
    ordered = sorted(rows, key=lambda row: int(row["position"]))
    columns = tuple(
        Column(
            row["name"],
            row["kind"],
            int(row["length"]),
            is_generated=bool(row["generated"]),
            is_nullable=bool(row["nullable"]),
        )
        for row in ordered
    )
    return Table(name, columns, {row["name"]: row["type"] for row in ordered})
