"""Settings between environments and with the world outside: exported, imported (the difference first), promoted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, may
from portal.domain.configuration import Value, checked_values
from portal.domain.configuration_changes import Change, changes_of
from portal.domain.configuration_layers import service_scope
from portal.domain.configuration_text import (
    exchanged,
    long_name,
    own_name,
    parse_exchange,
    parse_variables,
    values_of_variables,
    written_variables,
)
from portal.domain.configuration_version import Edit
from portal.domain.errors import Invalid, NotFound
from portal.services import configuration_snapshots as snapshots
from portal.store import catalogue
from portal.store.database import Database

LONGEST_FILE = 100_000


@dataclass(frozen=True, slots=True)
class ConfigurationExchange:
    """Reads only: what is to be changed comes back as edits, to be looked at and saved like any other."""

    database: Database

    def exported(self, actor: Actor, service: str) -> dict[str, object]:
        """The exchange JSON of all environments that the actor may see."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            places = [p for p in catalogue.environments(session) if may(actor, Permission.VIEW, p.name)]
            limits = catalogue.service(session, service).limits
            shown = {
                long_name(place.name): exchanged(
                    _values(session, service, place.name),
                    replicas=place.replicas,
                    cpu=f"{limits.cpu_cores:g}",
                    memory=f"{limits.memory_bytes // 1024**2}Mi",
                )
                for place in places
            }
        return {"environments": shown}

    def exported_variables(self, actor: Actor, service: str, environment: str) -> str:
        """What containers there would get, as a .env file."""
        demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            contract = snapshots.contract_of(session, catalogue.service(session, service))
            return written_variables(_values(session, service, environment), contract)

    def imported(self, actor: Actor, service: str, document: object, *, reason: str) -> tuple[Edit, ...]:
        """What the exchange JSON would change, environment by environment; nothing for one that has it all already."""
        given = parse_exchange(document)
        edits: list[Edit] = []
        with self.database.reading() as session:
            known = [place.name for place in catalogue.environments(session)]
            contract = snapshots.contract_of(session, catalogue.service(session, service))
            for name, values in given.items():
                environment = own_name(name, known)
                if environment not in known:
                    raise NotFound("environment_missing", environment=name)
                demand(actor, Permission.VIEW, environment)
                typed = checked_values(contract, values)
                edits += self._edit(session, service, environment, typed, reason=reason)
        return tuple(edits)

    def imported_variables(self, actor: Actor, place: tuple[str, str], text: str, *, reason: str) -> tuple[Edit, ...]:
        """What a .env file would change there. Invalid(…) for a line that is none, or a name of nothing."""
        demand(actor, Permission.VIEW, place[1])
        if len(text) > LONGEST_FILE:
            raise Invalid("config_too_long", field="text", limit=LONGEST_FILE)
        with self.database.reading() as session:
            contract = snapshots.contract_of(session, catalogue.service(session, place[0]))
            values = values_of_variables(parse_variables(text), contract)
            return tuple(self._edit(session, *place, values, reason=reason))

    def _edit(
        self, session: Session, service: str, environment: str, values: Mapping[str, Value], *, reason: str
    ) -> list[Edit]:
        now = _values(session, service, environment)
        fresh = {name: value for name, value in values.items() if now.get(name) != value}
        scope = service_scope(service, environment)
        return [Edit(scope, reason, fresh, origin="import")] if fresh else []

    def promoted(
        self, actor: Actor, place: tuple[str, str], to: str, *, names: tuple[str, ...] = (), reason: str
    ) -> Edit:
        """The chosen settings (all that differ, if none is named) of a service, as a change of another environment."""
        service, environment = place
        demand(actor, Permission.VIEW, environment)
        demand(actor, Permission.VIEW, to)
        different = {change.name: change.new for change in self.compared(actor, service, old=to, new=environment)}
        chosen = {name: value for name, value in different.items() if not names or name in names}
        values: dict[str, object] = {name: value for name, value in chosen.items() if value is not None}
        unset = tuple(name for name, value in chosen.items() if value is None)
        return Edit(service_scope(service, to), reason, values, unset, origin=f"promotion:{environment}")

    def compared(self, actor: Actor, service: str, *, old: str, new: str) -> tuple[Change, ...]:
        """What is different for the service between two environments."""
        for environment in (old, new):
            demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            for environment in (old, new):
                catalogue.environment(session, environment)
            return changes_of(_values(session, service, old), _values(session, service, new))


def _values(session: Session, service: str, environment: str) -> dict[str, Value]:
    resolved = snapshots.resolved(session, catalogue.service(session, service), environment)
    return {r.key.name: r.value for r in resolved if r.value is not None}
