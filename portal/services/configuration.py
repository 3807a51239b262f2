"""Settings of services as people use them: seen with reasons, changed layer by layer, agreed on, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.configuration import Contract, Value
from portal.domain.configuration_changes import changes_of, snapshot_changes
from portal.domain.configuration_layers import Layer, LayerKind, Scope, resolve
from portal.domain.configuration_text import flat
from portal.domain.configuration_version import (
    Decision,
    Edit,
    Version,
    VersionState,
    applied,
    approval_refusal,
    decided,
    rebased,
)
from portal.domain.configuration_view import ConfigurationView, EditPreview, ReplicaSettings
from portal.domain.errors import Conflict, Invalid, PortalError, Refused
from portal.domain.service import Service
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services import configuration_effects as effects
from portal.services import configuration_snapshots as snapshots
from portal.services.audit import Audit
from portal.services.rollouts import check_reason
from portal.store import catalogue, deployments, routing
from portal.store import configuration as store
from portal.store.database import Database

TOPIC = "configuration"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every change is a version of one layer, audited in its own transaction."""

    database: Database
    clock: Clock
    audit: Audit
    topics: Topics
    containers: Containers

    def view(self, actor: Actor, service: str, environment: str) -> ConfigurationView:
        """Everything about the settings of a service in an environment. NotFound(…) for one of them."""
        demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            known = catalogue.service(session, service)
            deployment = deployments.get(session, service, environment)
        image = self._image_variables(deployment.image) if deployment else dict[str, str]()
        with self.database.reading() as session:
            return _view(session, known, environment, image)

    def _image_variables(self, reference: str) -> Mapping[str, str]:
        """What the image brings with it; nothing where the engine cannot say it now."""
        try:
            return self.containers.image(reference).environment
        except PortalError:
            return {}

    def contract(self, actor: Actor, service: str) -> tuple[Contract, int]:
        """What the service says of its settings, and the number of that version."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            known = catalogue.service(session, service)
            number = store.newest_number(session, snapshots.contract_scope(service))
            return snapshots.contract_of(session, known), number

    def save_contract(
        self, actor: Actor, service: str, contract: Contract, *, reason: str = "", base: int = -1
    ) -> Version:
        """From now on these are its keys; values of layers that no longer fit are told as problems where they count.

        Refused("configuration_same"), Conflict("configuration_changed") if somebody was quicker.
        """
        demand(actor, Permission.SERVICE_EDIT, EVERYWHERE)
        check_reason(reason)
        with self.database.transaction() as session:
            catalogue.service(session, service)
            old = store.layer(session, snapshots.contract_scope(service))
            edit = Edit(old.scope, reason, base=base, is_at_once=False)
            version = self._take(session, actor, self._draft(actor, edit, old, flat(contract)))
        self._tell_all()
        return version

    def layer(self, actor: Actor, scope: Scope) -> Layer:
        demand(actor, Permission.VIEW, scope.environment or None)
        with self.database.reading() as session:
            return store.layer(session, scope)

    def preview(self, actor: Actor, edit: Edit) -> EditPreview:
        """What the edit would change and what would follow. Invalid(…) for a value that cannot be."""
        demand(actor, Permission.VIEW, edit.scope.environment or None)
        with self.database.reading() as session:
            old = store.layer(session, edit.scope)
            new = _edited(session, old, edit)
            return EditPreview(
                scope=edit.scope,
                base=old.version,
                changes=changes_of(old.values, new.values),
                consequences=effects.consequences(session, new),
                approvals=effects.protection_of(session, edit.scope).approvals,
            )

    def save(self, actor: Actor, edit: Edit) -> Version:
        """A new version of the layer, or a proposal of one where others have to agree.

        Refused("configuration_same"), Conflict("configuration_changed") if somebody was quicker, Invalid(…).
        """
        check_reason(edit.reason)
        demand(actor, Permission.CONFIGURATION_EDIT, edit.scope.environment or EVERYWHERE)
        if not edit.scope.kind.is_editable:
            raise Invalid("layer_unknown", field="layer", layer=edit.scope.id[:60])
        with self.database.transaction() as session:
            old = store.layer(session, edit.scope)
            draft = self._draft(actor, edit, old, _edited(session, old, edit).values)
            needed = effects.protection_of(session, edit.scope).approvals
            if needed:
                version = store.put_version(session, replace(draft, needed=needed))
                self._record(session, actor, version, "configuration.proposed", edit.reason)
            else:
                version = self._take(session, actor, draft)
        self._tell_all()
        return version

    def _draft(self, actor: Actor, edit: Edit, old: Layer, values: Mapping[str, Value]) -> Version:
        if edit.base not in (-1, old.version):
            raise Conflict("configuration_changed", layer=edit.scope.id, number=old.version)
        changes = changes_of(old.values, values)
        if not changes:
            raise Refused("configuration_same", layer=edit.scope.id)
        return Version(
            id=0,
            scope=edit.scope,
            number=0,
            state=VersionState.PROPOSED,
            author=actor.human,
            reason=edit.reason.strip(),
            at=self.clock.now(),
            changes=changes,
            values=dict(values),
            origin=edit.origin,
            is_at_once=edit.is_at_once,
        )

    def _take(self, session: Session, actor: Actor, draft: Version) -> Version:
        """The change counts from now on, and running containers are told what they can be told."""
        values = rebased(draft, store.layer(session, draft.scope).values)
        number = store.newest_number(session, draft.scope) + 1
        taken = replace(draft, number=number, state=VersionState.TAKEN, values=values)
        version = store.put_version(session, taken)
        action = "configuration.declared" if version.scope.kind is LayerKind.DEFAULT else "configuration.changed"
        self._record(session, actor, version, action, version.reason)
        if version.is_at_once:
            self._tell_places(session, actor, version)
        return version

    def _tell_places(self, session: Session, actor: Actor, version: Version) -> None:
        names = {change.name for change in version.changes}
        for place in effects.places_of(session, version.scope):
            changes = effects.tell(session, place, self.clock.now(), names=names)
            if changes:
                entry = self._entry(actor, version, "configuration.applied", version.reason)
                effects.record_told(session, self.audit, entry, place=place, changes=changes)

    def decide(self, actor: Actor, version_id: int, *, is_approved: bool, reason: str) -> Version:
        """Agree to a proposal, or reject it. With enough agreement it counts at once.

        Refused(…) for its author and those who may not, Conflict("proposal_outdated") if its keys have changed since.
        """
        check_reason(reason)
        with self.database.transaction() as session:
            version = store.version(session, version_id)
            role = effects.protection_of(session, version.scope).approver_role
            refusal = approval_refusal(version, actor, role)
            is_own_withdrawal = not is_approved and actor.human == version.author
            if refusal is not None and not (is_own_withdrawal and version.state is VersionState.PROPOSED):
                raise refusal
            after = decided(version, Decision(actor.human, is_approved, reason.strip(), self.clock.now()))
            action = "configuration.approved" if is_approved else "configuration.rejected"
            self._record(session, actor, version, action, reason)
            is_enough = after.state is VersionState.PROPOSED and after.approvals >= after.needed
            after = self._take(session, actor, after) if is_enough else store.put_version(session, after)
        self._tell_all()
        return after

    def apply(self, actor: Actor, service: str, environment: str, *, reason: str) -> int:
        """Tell the running containers everything that they can be told and have not been; how many keys that were.

        Refused("configuration_same") if there is nothing, Conflict("rollout_running") while a rollout is at work.
        """
        demand(actor, Permission.CONFIGURATION_EDIT, environment)
        check_reason(reason)
        with self.database.transaction() as session:
            place = (catalogue.service(session, service), environment)
            rollout = effects.at_work(session, service, environment)
            if rollout is not None:
                raise Conflict("configuration_waits", id=rollout)
            changes = effects.tell(session, place, self.clock.now())
            if not changes:
                raise Refused("configuration_applied", service=service, environment=environment)
            entry = AuditEntry(actor.name, actor.kind, "", "configuration", "", reason=reason)
            effects.record_told(session, self.audit, entry, place=place, changes=changes)
        self._tell_all()
        return len(changes)

    def versions(self, actor: Actor, scopes: tuple[Scope, ...], *, limit: int = 50) -> tuple[Version, ...]:
        """Of these layers, the newest first; those of environments that the actor may not see are left out."""
        for scope in scopes:
            demand(actor, Permission.VIEW, scope.environment or None)
        with self.database.reading() as session:
            return store.versions(session, scopes, limit=limit)

    def history(self, actor: Actor, service: str, environment: str, *, limit: int = 50) -> tuple[Version, ...]:
        """Of every layer that counts for the service there, its own contract among them."""
        demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            known = catalogue.service(session, service)
            scopes = (*snapshots.scopes_of(known, environment), snapshots.contract_scope(service))
            return store.versions(session, scopes, limit=limit)

    def version(self, actor: Actor, scope: Scope, number: int) -> Version:
        demand(actor, Permission.VIEW, scope.environment or None)
        with self.database.reading() as session:
            return store.numbered(session, scope, number)

    def roll_back(self, actor: Actor, scope: Scope, number: int, *, reason: str) -> Version:
        """The layer as that version had it, as a new version (or a proposal of it)."""
        old = self.version(actor, scope, number)
        if scope.kind is LayerKind.DEFAULT:
            return self._restore_contract(actor, old, reason)
        current = self.layer(actor, scope)
        unset = tuple(name for name in current.values if name not in old.values)
        return self.save(actor, Edit(scope, reason, dict(old.values), unset, origin=f"rollback:{number}"))

    def _restore_contract(self, actor: Actor, old: Version, reason: str) -> Version:
        from portal.domain.configuration_text import contract_of_values

        return self.save_contract(actor, old.scope.name, contract_of_values(old.values), reason=reason)

    def _record(self, session: Session, actor: Actor, version: Version, action: str, reason: str) -> None:
        self.audit.record(session, self._entry(actor, version, action, reason))

    def _entry(self, actor: Actor, version: Version, action: str, reason: str) -> AuditEntry:
        keys = ", ".join(change.name for change in version.changes)[:300]
        return AuditEntry(
            actor.name,
            actor.kind,
            action,
            "configuration",
            version.scope.id,
            environment=version.scope.environment,
            reason=reason,
            params={"keys": keys, "number": str(version.number or version.id), "origin": version.origin},
        )

    def _tell_all(self) -> None:
        self.topics.publish(TOPIC)


def _edited(session: Session, old: Layer, edit: Edit) -> Layer:
    """The layer after the edit, checked. Invalid("edit_empty") is for the caller: an edit may change nothing."""
    new: dict[str, Value] = {}
    for name, value in edit.values.items():
        if not isinstance(value, str | int | float | bool):
            raise Invalid("config_wrong_type", field=name[:100], type="string", value=str(value)[:60])
        new[name] = value
    layer = replace(old, values=applied(old.values, new, unset=edit.unset))
    effects.check_layer(session, layer, set(new) - set(edit.unset))
    return layer


def _view(session: Session, service: Service, environment: str, image: Mapping[str, str]) -> ConfigurationView:
    contract = snapshots.contract_of(session, service)
    place = catalogue.environment(session, environment)
    deployment = deployments.get(session, service.name, environment)
    layers = snapshots.layers_of(session, service, environment, image=image)
    values = resolve(contract, layers)
    problem = next((r.problem for r in values if r.problem is not None), None)
    runs = snapshots.given(session, service, deployment.configuration) if deployment else None
    wanted = None if problem or runs is None else snapshots.wanted(session, service, environment)
    rows = routing.replicas(session, service.name, environment)
    scopes = {layer.scope for layer in layers}
    return ConfigurationView(
        service=service.name,
        environment=environment,
        contract=contract,
        resolved=values,
        layers=layers,
        image=image,
        deployment=deployment,
        runs=runs,
        replicas=tuple(
            ReplicaSettings(r.name, r.configuration) for r in rows if deployment and r.slot is deployment.slot
        ),
        pending=snapshot_changes(runs, wanted) if runs and wanted else (),
        problem=problem,
        rollout_id=effects.at_work(session, service.name, environment),
        proposals=tuple(p for p in store.proposals(session) if p.scope in scopes),
        approvals=place.protection.approvals,
    )
