"""A whole portal on the memory adapters, with a clock that the test holds: nothing runs by itself, so nothing
is flaky.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal.adapters.memory.access_log import MemoryAccessLog
from portal.adapters.memory.containers import MemoryContainers
from portal.adapters.memory.traffic import MemoryTraffic
from portal.adapters.memory.world import Behaviour, MemoryWorld
from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.container import Network
from portal.domain.environment import Environment, Stage
from portal.domain.errors import Conflict
from portal.domain.rollout import Action, Rollout, State
from portal.domain.rollout_view import RolloutView
from portal.domain.service import Service
from portal.parts import Parts
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from portal.settings import Settings
from portal.store import operations
from portal.store.database import Database
from portal.store.migrate import migrate
from portal.wiring import Core, assemble

ALICE = Actor("alice", grants=(Grant(Role.RELEASE_MANAGER),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER),))
CAROL = Actor("carol", grants=(Grant(Role.VIEWER),))
DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
MALLORY = Actor("mallory", grants=())

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IMAGES = {
    "1.0.0": Behaviour(version="1.0.0", latency_ms=20.0),
    "1.1.0": Behaviour(version="1.1.0", latency_ms=20.0),
    "1.2.0": Behaviour(version="1.2.0", latency_ms=20.0, error_rate=0.05),
    "1.3.0": Behaviour(version="1.3.0", latency_ms=30.0),
    "1.4.0": Behaviour(version="1.4.0", is_never_healthy=True),
    "1.5.0": Behaviour(version="1.5.0", crash_after_seconds=2.0),
}
PREFIXES = {Stage.DEV: "dev.", Stage.STAGING: "staging.", Stage.PROD: ""}
CANARY = """
strategy: canary
steps: [{weight: 10}, {observe: 10s}, {approval: 1}, {weight: 50}, {observe: 10s}]
bake: 1h
"""


class HeldClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class PortalStage:
    """`hello` runs at 1.0.0 in prod with three containers; 1.1.0 to 1.5.0 are released."""

    def __init__(
        self,
        folder: Path,
        *,
        url: str = "",
        requests_per_second: float = 200.0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = HeldClock()
        self.rate = requests_per_second
        self.world = MemoryWorld(self.clock)
        self.containers = MemoryContainers(self.world)
        self.traffic = MemoryTraffic(self.world)
        self.log = MemoryAccessLog(self.traffic)
        database = Database(url or f"sqlite:///{folder}/portal.db")
        migrate(database)
        network = Network("codex", "172.30.0.0/16", "172.30.128.0/17")
        chosen = Settings.from_environment({"PORTAL_DATA": str(folder), **(settings or {})})
        parts = Parts(database, self.clock, self.containers, self.traffic, self.log, network=network, settings=chosen)
        self.core: Core = assemble(parts)

    def furnish(self) -> PortalStage:
        self.core.catalogue.save_service(SYSTEM, Service("hello", "hello", description="sample"))
        for position, stage in enumerate((Stage.DEV, Stage.STAGING, Stage.PROD), start=1):
            self.core.catalogue.save_environment(
                SYSTEM, Environment(stage, stage, position, replicas=3, host_prefix=PREFIXES[stage])
            )
        for version, behaviour in IMAGES.items():
            self.world.add_image(f"hello:{version}", behaviour)
            self.core.releases.create(BOB, "hello", version, image=f"hello:{version}")
        first = self.start("1.0.0", plan=None)
        assert self.until(first, State.SUCCEEDED).state is State.SUCCEEDED
        return self

    def start(self, version: str, *, plan: object = CANARY, actor: Actor = BOB, reason: str = "try it") -> Rollout:
        return self.core.rollouts.start(actor, RolloutOrder("hello", "prod", version, reason, plan))

    def look(self) -> None:
        """Everything that is due is worked on once; claims are given back as the worker does."""
        with self.core.database.transaction() as session:
            operations.free_leases(session)
            claims = operations.claim(session, "stage", limit=20)
        for claim in claims:
            try:
                self.core.engine.work(claim)
            except Conflict:
                continue
            with self.core.database.transaction() as session:
                operations.release(session, claim, after_seconds=0.0)

    def do_jobs(self) -> None:
        """Every job that is due is done, as far as it goes."""
        with self.core.database.transaction() as session:
            operations.free_leases(session)
            claims = operations.claim(session, "stage", limit=20, of_jobs=True)
        for claim in claims:
            self.core.job_engine.work(claim)
            with self.core.database.transaction() as session:
                operations.release(session, claim, after_seconds=0.0)

    def pass_seconds(self, seconds: float) -> None:
        """Time goes by in steps of a quarter of a second: requests are served, watched, and rollouts looked at."""
        for _ in range(max(1, round(seconds * 4))):
            self.clock.move(0.25)
            self.world.tick()
            self.log.serve(0.25, self.rate)
            self.core.watch.read(timeout_seconds=0.0)
            self.look()

    def until(self, rollout: Rollout, *states: State, seconds: float = 120.0) -> Rollout:
        """Time goes by until the rollout is in one of the states or over; fails when it takes longer."""
        for _ in range(round(seconds * 4)):
            now = self.now(rollout)
            if now.state in states or now.state.is_over:
                return now
            self.pass_seconds(0.25)
        raise AssertionError(f"still {self.now(rollout)}")

    def now(self, rollout: Rollout) -> Rollout:
        return self.core.rollouts.rollout(SYSTEM, rollout.id)

    def view(self, rollout: Rollout, actor: Actor = ALICE) -> RolloutView:
        return self.core.views.view(actor, rollout.id)

    def act(self, rollout: Rollout, action: Action, actor: Actor = ALICE, *, reason: str = "because") -> Rollout:
        shown = self.view(rollout, actor).evidence_hash
        return self.core.rollouts.act(actor, rollout.id, action, request=ActionRequest(reason, evidence_hash=shown))

    def deployed(self) -> str:
        return next((d.version for d in self.core.deployments.all(SYSTEM) if d.environment == "prod"), "")

    def running(self) -> set[str]:
        """The versions of which containers run."""
        return {c.labels["codexfather.version"] for c in self.containers.list() if c.is_running}

    def share(self) -> int:
        """The share of the slot that is not stable, as the proxy has it."""
        route = next(r for r in self.traffic.routes if r.key == "hello@prod")
        green = self.traffic.observe().green_percent("hello@prod")
        assert green is not None
        return green if route.stable_slot == "blue" else 100 - green
