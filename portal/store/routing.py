"""What the proxy should do: routes, the containers of each slot, their addresses, and the revision of it all."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from portal.domain.deployment import Replica
from portal.domain.environment import Environment
from portal.domain.errors import Unavailable
from portal.domain.route import Route, RoutingTable, Server, Slot
from portal.domain.service import Service
from portal.store import catalogue
from portal.store.tables import CounterRow, ReplicaRow, RetiredAddressRow, RouteRow

ADDRESS_REST = timedelta(minutes=10)


def bump(session: Session, name: str = "routing") -> int:
    """The next number of a counter; the row is locked until the transaction ends."""
    row = session.get(CounterRow, name, with_for_update=True)
    if row is None:
        row = CounterRow(name=name)
    row.value += 1
    session.add(row)
    session.flush()
    return row.value


def table(session: Session) -> RoutingTable:
    """The whole routing table at its present revision."""
    counter = session.get(CounterRow, "routing")
    replicas = session.exec(select(ReplicaRow).where(ReplicaRow.is_routed).order_by(ReplicaRow.number))  # type: ignore[arg-type]
    servers: dict[tuple[str, str, str], list[Server]] = {}
    for row in replicas:
        servers.setdefault((row.service, row.environment, row.slot), []).append(Server(row.name, row.address, row.port))
    services = {s.name: s for s in catalogue.services(session, has_archived=True)}
    prefixes = {e.name: e.host_prefix for e in catalogue.environments(session, has_archived=True)}
    routes = tuple(
        _route(row, servers, services[row.service], prefixes.get(row.environment, ""))
        for row in session.exec(select(RouteRow).order_by(RouteRow.service, RouteRow.environment))
    )
    return RoutingTable(counter.value if counter else 0, routes)


def hosts_of(service: Service, prefix: str) -> tuple[str, ...]:
    """The hosts of a service where the environment puts `prefix` before them; empty: every host that is not
    another's.
    """
    names = service.hosts or ((f"{service.name}.localhost",) if prefix else ())
    return tuple(prefix + name for name in names)


def rival(session: Session, service: Service, environment: Environment) -> str:
    """The route of something else that answers to the same host and path, or nothing: two of them cannot be
    told apart.
    """
    own = set(hosts_of(service, environment.host_prefix)) or {""}
    for route in table(session).routes:
        is_other = (route.service, route.environment) != (service.name, environment.name)
        if is_other and route.path_prefix == service.path_prefix and own & (set(route.hosts) or {""}):
            return route.key
    return ""


def _route(row: RouteRow, servers: dict[tuple[str, str, str], list[Server]], service: Service, prefix: str) -> Route:
    hosts = hosts_of(service, prefix)
    return Route(
        service=row.service,
        environment=row.environment,
        hosts=hosts,
        path_prefix=service.path_prefix,
        preview_host=f"preview.{hosts[0] if hosts else service.name + '.localhost'}",
        health_path=service.health_path,
        stable_slot=Slot(row.stable_slot),
        candidate_percent=row.candidate_percent,
        blue_version=row.blue_version,
        green_version=row.green_version,
        blue=tuple(servers.get((row.service, row.environment, Slot.BLUE), ())),
        green=tuple(servers.get((row.service, row.environment, Slot.GREEN), ())),
        is_shielded=row.is_shielded,
    )


def change_route(session: Session, service: str, environment: str, **values: object) -> None:
    """Set fields of a route (made if there is none yet) and bump the revision, if anything is different at all."""
    row = session.get(RouteRow, (service, environment), with_for_update=True)
    if row is None:
        row = RouteRow(service=service, environment=environment, stable_slot=Slot.BLUE)
        session.add(row)
        bump(session)
    if any(getattr(row, name) != value for name, value in values.items()):
        row.sqlmodel_update(values)
        session.add(row)
        bump(session)


def forget(session: Session, environment: str) -> None:
    """No route leads into the environment any more."""
    rows = session.exec(select(RouteRow).where(RouteRow.environment == environment)).all()
    for row in rows:
        session.delete(row)
    if rows:
        bump(session)


def stable_slot(session: Session, service: str, environment: str) -> Slot:
    row = session.get(RouteRow, (service, environment))
    return Slot(row.stable_slot) if row else Slot.BLUE


def replicas(session: Session, service: str = "", environment: str = "") -> tuple[Replica, ...]:
    """Of both slots, by number; of everything if no service is named."""
    wanted = select(ReplicaRow).order_by(ReplicaRow.slot, ReplicaRow.number)  # type: ignore[arg-type]
    if service:
        wanted = wanted.where(ReplicaRow.service == service, ReplicaRow.environment == environment)
    return tuple(_replica(row) for row in session.exec(wanted))


def _replica(row: ReplicaRow) -> Replica:
    values: dict[str, Any] = row.model_dump()
    values["slot"] = Slot(row.slot)
    return Replica(**values)


def add_replica(session: Session, replica: Replica) -> None:
    """Nothing happens if it is there already: the address it has stays."""
    if session.get(ReplicaRow, replica.name) is None:
        session.add(ReplicaRow(**{name: getattr(replica, name) for name in Replica.__slots__}))
        session.flush()


def set_routed(session: Session, names: Iterable[str], *, is_routed: bool) -> None:
    for name in names:
        row = session.get(ReplicaRow, name)
        if row is not None:
            row.is_routed = is_routed
            session.add(row)


def set_configuration(session: Session, name: str, number: int) -> None:
    """It has been given the settings of that snapshot. Nothing happens if it is gone."""
    row = session.get(ReplicaRow, name)
    if row is not None:
        row.configuration = number
        session.add(row)


def take_address(session: Session, subnet: str, now: datetime) -> str:
    """The lowest free address in the lower half of the subnet, which the engine does not hand out by itself.

    An address that was given back rests for ten minutes. Unavailable("addresses_exhausted") if none is left.
    """
    network = ipaddress.ip_network(subnet)
    rested = col(RetiredAddressRow.at) > now - ADDRESS_REST
    taken = set(session.exec(select(ReplicaRow.address)))
    taken |= set(session.exec(select(RetiredAddressRow.address).where(rested)))
    half = network.num_addresses // 2
    for offset in range(10, half):
        address = str(network.network_address + offset)
        if address not in taken:
            return address
    raise Unavailable("addresses_exhausted", subnet=subnet)


def give_back(session: Session, name: str, now: datetime) -> None:
    """Forget a container; its address rests before it is used again. Nothing happens if it is forgotten already."""
    row = session.get(ReplicaRow, name)
    if row is None:
        return
    session.merge(RetiredAddressRow(address=row.address, at=now))
    session.delete(row)
    session.flush()
