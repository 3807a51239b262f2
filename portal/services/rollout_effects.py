"""The effects of a rollout on the world. Each is safe to repeat; intent goes to the database before the world is
touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from portal.domain.container import Network
from portal.domain.deployment import Replica
from portal.domain.errors import Conflict
from portal.domain.rollout import Rollout
from portal.domain.rollout_facts import Do, EffectKind
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.container_inputs import container_spec
from portal.services.rollout_world import wanted_replicas
from portal.services.secret_box import SecretBox
from portal.services.secret_delivery import SecretDelivery
from portal.store import catalogue, rollouts, routing, secret_pins
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Effects:
    """Performs effects. `intend` runs inside the transaction that journals the start, `perform` after it, `settle`
    inside the one that journals the end.
    """

    database: Database
    clock: Clock
    containers: Containers
    traffic: Traffic
    network: Network
    box: SecretBox
    delivery: SecretDelivery

    def intend(self, session: Session, rollout: Rollout, effect: Do) -> None:
        _INTENTS[effect.effect](self, session, rollout, effect)

    def perform(self, rollout: Rollout, effect: Do) -> None:
        """Raises only errors of `portal.domain.errors`."""
        match effect.effect:
            case EffectKind.CREATE:
                self._start(effect.name)
            case EffectKind.REMOVE:
                self._remove(effect.name)
            case EffectKind.SHIFT:
                self.traffic.shift(self._table(), rollout.target)
            case EffectKind.LOCK:
                pass
            case _:
                self.traffic.apply(self._table())

    def settle(self, session: Session, rollout: Rollout, effect: Do) -> None:
        del rollout
        if effect.effect is EffectKind.REMOVE:
            routing.give_back(session, effect.name, self.clock.now())

    def _table(self):
        with self.database.reading() as session:
            return routing.table(session)

    def _start(self, name: str) -> None:
        with self.database.reading() as session:
            replica = next((r for r in routing.replicas(session) if r.name == name), None)
            if replica is None:  # given up by somebody else meanwhile
                raise Conflict("rollout_changed", id=name)
            spec = container_spec(session, replica, network=self.network.name, box=self.box)
        self.containers.ensure_network(self.network)
        self.delivery.prepare(replica)
        self.containers.create(spec)
        self.containers.start(name)

    def _remove(self, name: str) -> None:
        with self.database.reading() as session:
            replica = next((r for r in routing.replicas(session) if r.name == name), None)
            grace = catalogue.service(session, replica.service).stop_grace_seconds if replica else 10
        self.containers.stop(name, grace_seconds=grace)
        self.containers.remove(name)


def _intend_create(parts: Effects, session: Session, rollout: Rollout, effect: Do) -> None:
    side = wanted_replicas(session, rollout)[1 if effect.is_stable else 0]
    names = [name for name, _ in side]
    service = catalogue.service(session, rollout.service)
    if any(name == effect.name and replica is not None for name, replica in side):
        return
    replica = Replica(
        name=effect.name,
        service=rollout.service,
        environment=rollout.environment,
        slot=rollout.slot.other if effect.is_stable else rollout.slot,
        version=rollout.from_version if effect.is_stable else rollout.to_version,
        image=rollout.from_image if effect.is_stable else rollout.to_image,
        number=names.index(effect.name) + 1,
        address=routing.take_address(session, parts.network.subnet, parts.clock.now()),
        port=service.port,
        operation_id=rollout.id,
        configuration=rollout.from_configuration if effect.is_stable else rollout.to_configuration,
    )
    secret_pins.pin(session, replica, parts.clock.now())
    routing.add_replica(session, replica)


def _intend_admit(parts: Effects, session: Session, rollout: Rollout, effect: Do) -> None:
    slot = rollout.slot.other if effect.is_stable else rollout.slot
    rows = routing.replicas(session, rollout.service, rollout.environment)
    routing.set_routed(session, [r.name for r in rows if r.slot is slot], is_routed=True)
    shield = rollout.plan.is_shielded
    is_shielded = catalogue.service(session, rollout.service).is_shielded if shield is None else shield
    version = rollout.from_version if effect.is_stable else rollout.to_version
    values: dict[str, object] = {f"{slot}_version": version, "is_shielded": is_shielded}
    routing.change_route(session, rollout.service, rollout.environment, **values)
    routing.bump(session)


def _intend_shift(parts: Effects, session: Session, rollout: Rollout, effect: Do) -> None:
    values: dict[str, object] = {"candidate_percent": effect.percent}
    routing.change_route(session, rollout.service, rollout.environment, **values)
    if rollout.percent == 0 and effect.percent > 0:
        # The second of the shift is no evidence: in a part of it the canary had no share.
        rollouts.put_evidence(session, rollout.id, None, second=int(parts.clock.now().timestamp()))


def _intend_withdraw(parts: Effects, session: Session, rollout: Rollout, effect: Do) -> None:
    del parts, rollout
    routing.set_routed(session, [effect.name], is_routed=False)
    routing.bump(session)


def _intend_flip(parts: Effects, session: Session, rollout: Rollout, effect: Do) -> None:
    del parts, effect
    values: dict[str, object] = {"stable_slot": rollout.slot, "candidate_percent": 0}
    routing.change_route(session, rollout.service, rollout.environment, **values)


def _intend_nothing(parts: Effects, session: Session, rollout: Rollout, effect: Do) -> None:
    del parts, session, rollout, effect


_INTENTS: dict[EffectKind, Callable[[Effects, Session, Rollout, Do], None]] = {
    EffectKind.CREATE: _intend_create,
    EffectKind.ADMIT: _intend_admit,
    EffectKind.SHIFT: _intend_shift,
    EffectKind.WITHDRAW: _intend_withdraw,
    EffectKind.FLIP: _intend_flip,
    EffectKind.REMOVE: _intend_nothing,
    EffectKind.APPLY: _intend_nothing,
    EffectKind.LOCK: _intend_nothing,
}
