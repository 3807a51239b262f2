"""The world in memory: what a container does follows from its behaviour, its start and the clock alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from portal.adapters.memory.containers import MemoryContainers
from portal.adapters.memory.world import Behaviour, MemoryWorld
from portal.domain.container import (
    ContainerHealth,
    ContainerSpec,
    ContainerState,
    HealthCommand,
    Network,
)
from portal.domain.errors import NotFound, Unavailable
from tests.contracts.engines import eventually

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CHECK = HealthCommand(("true",), interval_seconds=2, start_seconds=1, retries=3)


@dataclass(slots=True)
class HandClock:
    time: datetime = field(default=BEGIN)

    def now(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(clock: HandClock) -> MemoryWorld:
    return MemoryWorld(clock)


@pytest.fixture
def containers(world: MemoryWorld) -> MemoryContainers:
    return MemoryContainers(world)


def run(containers: MemoryContainers, behaviour: Behaviour, *, name: str = "one", restarts: int = 2) -> None:
    image = containers.world.add_image("hello:1.0.0", behaviour)
    spec = ContainerSpec(name, image.id, health=CHECK, restart_attempts=restarts)
    containers.create(spec)
    containers.start(name)


def test_an_image_has_one_id_as_long_as_it_behaves_the_same(world: MemoryWorld) -> None:
    first = world.add_image("hello:1.0.0", Behaviour("1.0.0"))
    assert first.id == world.add_image("hello:1.0.0", Behaviour("1.0.0")).id
    assert first.id == MemoryWorld(HandClock()).add_image("hello:1.0.0", Behaviour("1.0.0")).id


def test_a_tag_moves_and_the_old_image_stays(world: MemoryWorld) -> None:
    old = world.add_image("hello:1", Behaviour("1.0.0"))
    new = world.add_image("hello:1", Behaviour("1.0.1"))
    assert old.id != new.id
    assert world.find_image("hello:1") == new
    assert world.find_image(old.id) == old


def test_a_slow_start_refuses_connections_until_it_is_over(
    containers: MemoryContainers, world: MemoryWorld, clock: HandClock
) -> None:
    run(containers, Behaviour(start_delay_seconds=5))
    container = world.container("one")
    assert not container.is_answering(clock.now())
    assert containers.inspect("one").health is ContainerHealth.STARTING
    clock.forward(5)
    assert container.is_answering(clock.now())
    assert containers.inspect("one").health is ContainerHealth.HEALTHY


def test_what_is_never_healthy_is_unhealthy_in_the_end(containers: MemoryContainers, clock: HandClock) -> None:
    run(containers, Behaviour(is_never_healthy=True))
    assert containers.inspect("one").health is ContainerHealth.STARTING
    clock.forward(7)
    assert containers.inspect("one").health is ContainerHealth.UNHEALTHY


def test_a_crash_loop_is_restarted_and_given_up(containers: MemoryContainers, clock: HandClock) -> None:
    run(containers, Behaviour(crash_after_seconds=3), restarts=2)
    seen: list[tuple[ContainerState, int]] = []
    for _ in range(12):
        found = containers.inspect("one")
        if not seen or seen[-1] != (found.state, found.restart_count):
            seen.append((found.state, found.restart_count))
        clock.forward(1)
    running, again, over = ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.EXITED
    assert seen == [(running, 0), (again, 0), (running, 1), (again, 1), (running, 2), (over, 2)]
    assert containers.inspect("one").exit_code == 1


@pytest.mark.parametrize(("mishap", "is_oom"), [(MemoryWorld.kill, False), (MemoryWorld.exhaust_memory, True)])
def test_a_killed_container_stays_down_until_it_is_started(
    containers: MemoryContainers, world: MemoryWorld, mishap: Callable[[MemoryWorld, str], None], is_oom: bool
) -> None:
    run(containers, Behaviour())
    mishap(world, "one")
    down = containers.inspect("one")
    assert (down.state, down.exit_code, down.is_oom_killed) == (ContainerState.EXITED, 137, is_oom)
    containers.start("one")
    up = containers.inspect("one")
    assert (up.state, up.exit_code, up.is_oom_killed) == (ContainerState.RUNNING, None, False)


def test_an_engine_that_is_cut_off_answers_nothing_while_its_containers_go_on(
    containers: MemoryContainers, world: MemoryWorld, clock: HandClock
) -> None:
    run(containers, Behaviour())
    world.cut_engine()
    for call in (containers.about, containers.list, containers.images):
        with pytest.raises(Unavailable, match="engine_unreachable"):
            call()
    assert world.container("one").is_answering(clock.now())
    world.restore_engine()
    assert containers.inspect("one").is_running


def test_a_full_disk_stops_what_writes_and_nothing_else(containers: MemoryContainers, world: MemoryWorld) -> None:
    run(containers, Behaviour())
    world.fill_disk()
    with pytest.raises(Unavailable, match="engine_disk_full"):
        containers.create(ContainerSpec("two", world.tags["hello:1.0.0"]))
    containers.stop("one")
    world.free_disk()
    assert containers.create(ContainerSpec("two", world.tags["hello:1.0.0"])).name == "two"


def test_an_address_belongs_to_the_running_container_that_listens_there(
    containers: MemoryContainers, world: MemoryWorld
) -> None:
    image = world.add_image("hello:1", Behaviour(port=9000))
    containers.ensure_network(Network("net", "10.0.0.0/24"))
    containers.create(ContainerSpec("one", image.id, network="net", address="10.0.0.9"))
    assert world.at("10.0.0.9", 9000) is None
    containers.start("one")
    assert world.at("10.0.0.9", 9000) is world.container("one")
    assert world.at("10.0.0.9", 80) is None
    containers.create(ContainerSpec("two", image.id, network="net"))
    assert world.container("two").address == "10.0.0.129"


def test_one_container_can_begin_to_behave_badly(containers: MemoryContainers, world: MemoryWorld) -> None:
    run(containers, Behaviour())
    run(containers, Behaviour(), name="two")
    world.alter("one", error_rate=0.5)
    assert world.container("one").behaviour.error_rate == 0.5
    assert world.container("two").behaviour.error_rate == 0.0


def test_a_pull_brings_what_a_registry_has(containers: MemoryContainers, world: MemoryWorld) -> None:
    with pytest.raises(NotFound):
        containers.image("far:1")
    world.add_remote_image("far:1", Behaviour("9"))
    assert containers.pull("far:1") == containers.image("far:1")


def test_readers_of_events_learn_of_crashes_when_the_clock_moves(
    containers: MemoryContainers, world: MemoryWorld, clock: HandClock
) -> None:
    run(containers, Behaviour(crash_after_seconds=1), restarts=1)
    stop, actions = Event(), list[str]()

    def read() -> None:
        for event in containers.events(stop, since=BEGIN):
            actions.append(event.action)

    reader = Thread(target=read, daemon=True)
    reader.start()
    clock.forward(60)
    world.tick()
    eventually(lambda: actions == ["create", "start", "die", "start", "die"])
    stop.set()
    world.tick()
    reader.join(2)
    assert not reader.is_alive()
