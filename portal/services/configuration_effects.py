"""What follows from a change of settings: where it counts, how it takes effect there, and what containers are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import AuditEntry
from portal.domain.configuration import checked
from portal.domain.configuration_changes import Change, snapshot_changes, with_gentle
from portal.domain.configuration_layers import Layer, LayerKind, Scope
from portal.domain.configuration_view import Consequence
from portal.domain.environment import Protection
from portal.domain.errors import Invalid
from portal.domain.rollout import State
from portal.domain.service import Service
from portal.services import configuration_snapshots as snapshots
from portal.services.audit import Audit
from portal.store import catalogue, deployments, rollouts
from portal.store import configuration as store


def services_of(session: Session, scope: Scope) -> tuple[Service, ...]:
    """Those for which the layer counts."""
    if scope.kind is LayerKind.SERVICE:
        return (catalogue.service(session, scope.name.partition("@")[0]),)
    every = catalogue.services(session)
    return tuple(s for s in every if scope.kind is not LayerKind.TEAM or scope.name in s.owners)


def places_of(session: Session, scope: Scope) -> tuple[tuple[Service, str], ...]:
    """Where they are: each service in each environment for which the layer counts."""
    named = scope.environment
    places = [named] if named else [place.name for place in catalogue.environments(session)]
    return tuple((service, place) for service in services_of(session, scope) for place in places)


def protection_of(session: Session, scope: Scope) -> Protection:
    """How well the layer is guarded; one that counts in several environments as well as the best guarded of them."""
    if scope.kind is LayerKind.DEFAULT:
        return Protection()
    if scope.environment:
        return catalogue.environment(session, scope.environment).protection
    every = (place.protection for place in catalogue.environments(session))
    return max(every, key=lambda protection: protection.approvals, default=Protection())


def check_layer(session: Session, layer: Layer, names: set[str]) -> None:
    """Each of the keys has to be one that some service for which the layer counts takes, and that value of it.
    Invalid(…).
    """
    contracts = [snapshots.contract_of(session, service) for service in services_of(session, layer.scope)]
    for name in sorted(names & set(layer.values)):
        takers = [contract for contract in contracts if contract.is_known(name)]
        for contract in takers or [c for c in contracts if c.lets_in(name)][:1]:
            checked(contract.key(name), layer.values[name])
        if not takers and not any(contract.lets_in(name) for contract in contracts):
            known = sorted({key.name for contract in contracts for key in contract.keys})
            raise Invalid("config_unknown", field=name[:100], known=", ".join(known)[:500])


def consequences(session: Session, layer: Layer) -> tuple[Consequence, ...]:
    """What the layer would change for what is deployed now, place by place."""
    found: list[Consequence] = []
    for service, environment in places_of(session, layer.scope):
        if deployments.get(session, service.name, environment) is None:
            continue
        changes = _changes(session, service, environment, layer)
        if changes:
            found.append(Consequence(service.name, environment, changes))
    return tuple(found)


def _changes(session: Session, service: Service, environment: str, layer: Layer) -> tuple[Change, ...]:
    """Between the settings of now and those with the layer instead; what cannot be resolved changes nothing yet."""
    try:
        before = snapshots.wanted(session, service, environment)
        after = snapshots.wanted(session, service, environment, instead=layer)
    except Invalid:
        return ()
    deployment = deployments.get(session, service.name, environment)
    runs = snapshots.given(session, service, deployment.configuration) if deployment else before
    return snapshot_changes(replace(before, file=runs.file), after)


def at_work(session: Session, service: str, environment: str) -> int | None:
    """The rollout that everything else there has to wait for; one that only keeps its old version warm is none."""
    target = f"{service}@{environment}"
    return next((r.id for r in rollouts.active(session) if r.target == target and r.state is not State.BAKING), None)


def tell(
    session: Session, place: tuple[Service, str], now: datetime, *, names: set[str] | None = None
) -> tuple[Change, ...]:
    """From now on the containers there should have the new values of those keys that reach a running one. What was
    changed by that; nothing while a rollout is at work, or if the settings cannot be as they are.
    """
    service, environment = place
    deployment = deployments.get(session, service.name, environment)
    if deployment is None or at_work(session, service.name, environment) is not None:
        return ()
    runs = snapshots.given(session, service, deployment.configuration)
    try:
        wanted = snapshots.wanted(session, service, environment)
    except Invalid:
        return ()
    shot = with_gentle(runs, wanted, names=names)
    changes = snapshot_changes(runs, shot)
    if changes:
        kept = store.keep_snapshot(session, (service.name, environment), shot, now)
        deployments.put(session, replace(deployment, configuration=kept.id))
    return changes


def record_told(
    session: Session, audit: Audit, entry: AuditEntry, *, place: tuple[Service, str], changes: tuple[Change, ...]
) -> None:
    """That containers are told now, in the trail of the place."""
    keys = ", ".join(change.name for change in changes)[:300]
    told = replace(
        entry,
        action="configuration.applied",
        target=f"{place[0].name}@{place[1]}",
        environment=place[1],
        params={"keys": keys},
    )
    audit.record(session, told)
