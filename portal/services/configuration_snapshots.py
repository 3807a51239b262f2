"""Settings as they add up for a service in an environment, and the snapshots that containers are made by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from portal.domain.configuration import Contract
from portal.domain.configuration_changes import Setting, Snapshot, snapshot_changes, snapshot_of
from portal.domain.configuration_layers import (
    Layer,
    LayerKind,
    Resolved,
    Scope,
    default_layer,
    image_layer,
    resolve,
    service_scope,
)
from portal.domain.configuration_text import contract_of_values
from portal.domain.rollout import Cause
from portal.domain.service import Service
from portal.store import catalogue, deployments, rollouts
from portal.store import configuration as store

NOT_KEPT = -1  # the number of settings that no container has had yet
HOST = "local"  # the machine of the engine that the portal speaks to


def contract_scope(service: str) -> Scope:
    return Scope(LayerKind.DEFAULT, service)


def contract_of(session: Session, service: Service) -> Contract:
    """What the service says of its settings; one that says nothing takes any variable."""
    kept = store.layer(session, contract_scope(service.name)).values
    contract = contract_of_values(kept) if kept else Contract()
    covered = {key.variable_name for key in contract.keys}
    return replace(contract, extra=tuple(name for name in service.environment if name not in covered))


def scopes_of(service: Service, environment: str) -> tuple[Scope, ...]:
    """The layers that can be edited and count for a service there, the weakest first: the first owner's team is the
    strongest of the teams.
    """
    teams = tuple(Scope(LayerKind.TEAM, owner) for owner in reversed(service.owners))
    place = Scope(LayerKind.ENVIRONMENT, environment)
    return (*teams, place, service_scope(service.name, environment), Scope(LayerKind.HOST, HOST))


def layers_of(
    session: Session,
    service: Service,
    environment: str,
    *,
    image: Mapping[str, str] | None = None,
    instead: Layer | None = None,
) -> tuple[Layer, ...]:
    """All of them, the weakest first; `instead` takes the place of the one of its scope."""
    contract = contract_of(session, service)
    kept = (store.layer(session, scope) for scope in scopes_of(service, environment))
    changed = tuple(instead if instead and layer.scope == instead.scope else layer for layer in kept)
    default = default_layer(contract, service.environment)
    default = replace(default, version=store.newest_number(session, contract_scope(service.name)))
    return (image_layer(contract, image or {}), default, *changed)


def resolved(
    session: Session, service: Service, environment: str, *, instead: Layer | None = None
) -> tuple[Resolved, ...]:
    layers = layers_of(session, service, environment, instead=instead)
    return resolve(contract_of(session, service), layers)


def wanted(session: Session, service: Service, environment: str, *, instead: Layer | None = None) -> Snapshot:
    """What containers made now would be given. Invalid(…) for a setting that cannot be as it is, or is missing."""
    values = resolved(session, service, environment, instead=instead)
    problem = next((r.problem for r in values if r.problem is not None), None)
    if problem is not None:
        raise problem
    return snapshot_of(contract_of(session, service), values, limits=service.limits)


def refusal(session: Session, service: Service, environment: str) -> Cause | None:
    """Why nothing can be made by these settings."""
    problem = next((r.problem for r in resolved(session, service, environment) if r.problem is not None), None)
    return Cause(problem.code, dict(problem.params)) if problem else None


def given(session: Session, service: Service, number: int) -> Snapshot:
    """What a container of that snapshot has; without one (0) what the service gives every container."""
    if number:
        return store.snapshot(session, number)
    settings = {name: Setting(text, variable=name, is_listed=False) for name, text in service.environment.items()}
    return Snapshot(settings, limits=service.limits)


def is_same(old: Snapshot, new: Snapshot) -> bool:
    """Whether containers have the same from both, wherever it came from."""
    reloads = [(shot.signal, shot.reload_path) for shot in (old, new)]
    return not snapshot_changes(old, new) and old.made_with == new.made_with and reloads[0] == reloads[1]


def for_rollout(session: Session, service: Service, environment: str) -> tuple[Snapshot, int]:
    """What a rollout that starts now brings, with the number of what runs already if nothing of it has changed, else
    NOT_KEPT.
    """
    shot = wanted(session, service, environment)
    current = deployments.get(session, service.name, environment)
    if current is None:
        return shot, NOT_KEPT
    runs = given(session, service, current.configuration)
    return shot, current.configuration if is_same(runs, shot) else NOT_KEPT


def last_with(session: Session, service: str, environment: str, *, version: str) -> int:
    """The number of the snapshot that the version had when it was replaced there, or came with; 0 if none is known."""
    for rollout in rollouts.promoted(session, service, environment, limit=500):
        if rollout.from_version == version:
            return rollout.from_configuration
        if rollout.to_version == version:
            return rollout.to_configuration
    return 0


def service_of(session: Session, name: str) -> Service:
    """NotFound("service_missing")."""
    return catalogue.service(session, name)
