"""Containers as people use them: look, stop, start and restart. What a rollout works on says so."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from time import monotonic

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with, may
from portal.domain.audit import AuditEntry
from portal.domain.container import LABEL_ENVIRONMENT, Container
from portal.domain.container_masking import masked_document, masked_environment
from portal.domain.container_view import (
    ContainerAction,
    ContainerChoices,
    ContainerLine,
    ContainerQuery,
    ContainerView,
    Hold,
    matches,
    ordered,
)
from portal.domain.engine import ContainerDetails
from portal.domain.errors import NotFound, PortalError
from portal.domain.page import Page, bounded
from portal.domain.route import ServerState
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.audit import Audit
from portal.services.container_stats import StatsReader
from portal.services.rollouts import check_reason
from portal.store import holds, rollouts, routing
from portal.store.database import Database

FRESH_SECONDS = 1.0
GRACE_SECONDS = 10
LONGEST_DOCUMENT = 200_000


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything on the engine at one moment. One look serves all who look within a second."""

    lines: tuple[ContainerLine, ...] = ()
    at: float = float("-inf")


class Fleet:
    """The portal's containers. One that a person may not see does not exist for them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: Audit,
        *,
        containers: Containers,
        traffic: Traffic,
    ) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._containers, self._traffic = containers, traffic
        self.stats = StatsReader(containers)
        self._seen, self._looking = Seen(), threading.Lock()
        self._host, self.lets_execute = "", False

    def page(self, actor: Actor, query: ContainerQuery) -> Page[ContainerLine]:
        """Invalid("sort_unknown")."""
        query.check()
        found = [line for line in self._visible(actor) if matches(line, query)]
        offset, limit = bounded(query.offset, query.limit)
        if query.sort.removeprefix("-") in ("cpu", "memory"):
            self.stats.look(line.name for line in found if line.container.is_running)
        part = ordered([self._measured(line) for line in found], query.sort)[offset : offset + limit]
        self.stats.look(line.name for line in part if line.container.is_running)
        return Page(tuple(part), len(found), offset, limit)

    def choices(self, actor: Actor) -> ContainerChoices:
        lines = self._visible(actor)
        columns = ("service", "environment", "version", "host")
        return ContainerChoices(*(tuple(sorted({getattr(x, c) for x in lines} - {""})) for c in columns))

    def line(self, actor: Actor, name: str, *, permission: Permission = Permission.CONTAINER_VIEW) -> ContainerLine:
        """NotFound("container_missing") also for one that the actor may not see; Refused("not_allowed")."""
        found = next((line for line in self._lines() if line.name == name), None)
        if found is None or not may(actor, Permission.CONTAINER_VIEW, place_of(found.container)):
            demand(actor, Permission.CONTAINER_VIEW)
            raise NotFound("container_missing", name=name)
        demand(actor, permission, place_of(found.container))
        return self._measured(found)

    def view(self, actor: Actor, name: str) -> ContainerView:
        line = self.line(actor, name)
        details = self._containers.details(name)
        place = place_of(line.container)
        is_revealing = may(actor, Permission.CONTAINER_CONTROL, place)
        shown = replace(
            details,
            environment=masked_environment(details.environment, is_revealing=is_revealing),
            command=tuple(masked_document(details.command, is_revealing=True)),
            document={},
        )
        return ContainerView(
            line=replace(line, container=details.container),
            details=shown,
            document=_written(details, is_revealing=is_revealing),
            is_controllable=is_revealing,
            is_executable=self.lets_execute and may(actor, Permission.CONTAINER_EXEC, place),
            has_hidden_values=not is_revealing and bool(details.environment),
        )

    def act(self, actor: Actor, name: str, action: ContainerAction, *, reason: str) -> Container:
        """Start, stop or restart. A container that was stopped here stays so until somebody starts it.

        Whether it succeeds is in the trail too. Invalid("reason_missing"), NotFound, Refused("not_allowed") …
        """
        check_reason(reason)
        line = self.line(actor, name, permission=Permission.CONTAINER_CONTROL)
        entry = entry_of(actor, line, f"container.{action}", reason=reason)
        with self._database.transaction() as session:
            self._hold(session, actor, name, action=action, reason=reason)
            self._audit.record(session, entry)
        try:
            self._perform(name, action)
        except PortalError as error:
            self._record_failure(entry, error)
            raise
        finally:
            self.look_again()
        return self._containers.inspect(name)

    def look_again(self) -> None:
        """What was seen is out of date."""
        with self._looking:
            self._seen = Seen()

    def _hold(self, session: Session, actor: Actor, name: str, *, action: ContainerAction, reason: str) -> None:
        if action is ContainerAction.STOP:
            holds.put(session, Hold(name, actor.human, reason, self._clock.now()))
        else:
            holds.lift(session, name)

    def _perform(self, name: str, action: ContainerAction) -> None:
        match action:
            case ContainerAction.START:
                self._containers.start(name)
            case ContainerAction.STOP:
                self._containers.stop(name, grace_seconds=GRACE_SECONDS)
            case ContainerAction.RESTART:
                self._containers.restart(name, grace_seconds=GRACE_SECONDS)

    def _record_failure(self, entry: AuditEntry, error: PortalError) -> None:
        params = {**entry.params, "act": entry.action, "code": error.code}
        with self._database.transaction() as session:
            self._audit.record(session, replace(entry, action="container.act_failed", params=params))

    def _visible(self, actor: Actor) -> list[ContainerLine]:
        demand(actor, Permission.CONTAINER_VIEW)
        allowed = environments_with(actor, Permission.CONTAINER_VIEW)
        return [line for line in self._lines() if allowed is None or place_of(line.container) in allowed]

    def _lines(self) -> tuple[ContainerLine, ...]:
        with self._looking:
            if monotonic() - self._seen.at > FRESH_SECONDS:
                self._seen = Seen(self._look(), monotonic())
            return self._seen.lines

    def _look(self) -> tuple[ContainerLine, ...]:
        found = self._containers.list()
        names = {image.id: (image.tags or ("",))[0] for image in self._containers.images()}
        self._host = self._host or self._containers.host.facts().name
        with self._database.reading() as session:
            wanted = {replica.name for replica in routing.replicas(session)}
            held = holds.every(session)
            at_work = {(r.service, r.environment): r.id for r in rollouts.active(session)}
        servers = self._servers()
        lines = (
            ContainerLine(
                container=container,
                host=self._host,
                image_name=names.get(container.image, ""),
                is_wanted=container.name in wanted,
                hold=held.get(container.name),
                server=servers.get(container.name, ServerState.ABSENT),
            )
            for container in found
        )
        return tuple(replace(line, rollout_id=at_work.get((line.service, line.environment))) for line in lines)

    def _servers(self) -> dict[str, ServerState]:
        """What the proxy says, if it says anything: a list without it is still of use."""
        try:
            return {server.name: server.state for server in self._traffic.observe().servers}
        except PortalError:
            return {}

    def _measured(self, line: ContainerLine) -> ContainerLine:
        return replace(line, stats=self.stats.latest(line.name) if line.container.is_running else None)


def place_of(container: Container) -> str:
    """The environment whose permissions count; for a container without one, those that hold everywhere."""
    return container.labels.get(LABEL_ENVIRONMENT) or EVERYWHERE


def entry_of(actor: Actor, line: ContainerLine, action: str, *, reason: str = "", **params: str) -> AuditEntry:
    about = {"service": line.service, "version": line.version, **params}
    return AuditEntry(
        actor.name,
        actor.kind,
        action,
        "container",
        line.name,
        environment=line.environment,
        reason=reason,
        params={name: value for name, value in about.items() if value},
    )


def _written(details: ContainerDetails, *, is_revealing: bool) -> str:
    masked = masked_document(details.document, is_revealing=is_revealing)
    return json.dumps(masked, indent=2, ensure_ascii=False, default=str)[:LONGEST_DOCUMENT]
