"""What every container engine promises: one suite for Docker and Podman behind the gate, and the one in memory."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from portal.adapters.docker.containers import DockerContainers
from portal.adapters.memory.containers import MemoryContainers
from portal.adapters.memory.world import Behaviour, MemoryWorld
from portal.domain.container import (
    LABEL_LIVE,
    LABEL_MANAGED,
    LABEL_SERVICE,
    Container,
    ContainerHealth,
    ContainerLogLine,
    ContainerSpec,
    ContainerState,
    FileMount,
    HealthCommand,
    Network,
)
from portal.domain.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from portal.ports.containers import Containers
from tests.contracts.engines import (
    IMAGE,
    PREFIX,
    ask,
    docker_socket,
    eventually,
    gate,
    image_archive,
    podman_socket,
)

pytestmark = pytest.mark.req("REQ-P3-006")

NAMES = (f"{PREFIX}-{os.getpid()}-{number}" for number in itertools.count())
CHATTY = ("/bin/sh", "-c", "trap 'exit 0' TERM; echo ready; echo to stderr >&2; while :; do sleep 0.1; done")
BROKEN = ("/bin/sh", "-c", "echo last words; exit 3")


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine under test. `broken` is an image whose containers end at once."""

    kind: str
    containers: Containers
    image: str
    broken: str
    network: Network

    def spec(self, **changes: Any) -> ContainerSpec:
        plain = ContainerSpec(next(NAMES), self.image, command=CHATTY, stop_grace_seconds=2)
        return replace(plain, **changes)

    def crashing(self, **changes: Any) -> ContainerSpec:
        return self.spec(image=self.broken, command=BROKEN, **changes)

    def run(self, spec: ContainerSpec) -> Container:
        self.containers.create(spec)
        self.containers.start(spec.name)
        return self.containers.inspect(spec.name)


def memory_engine() -> Engine:
    world = MemoryWorld(SystemClock())
    containers = MemoryContainers(world)
    world.keep_image(containers.load(image_archive())[0], Behaviour(greeting="ready"))
    broken = world.add_image("broken:1", Behaviour(greeting="last words", crash_after_seconds=0.05))
    return Engine("memory", containers, containers.image(IMAGE).id, broken.id, Network("net", "10.231.0.0/24"))


def real_engine(stack: ExitStack, kind: str) -> Engine:
    socket = docker_socket() if kind == "docker" else stack.enter_context(podman_socket())
    containers = DockerContainers(f"unix://{stack.enter_context(gate(socket, '--exec')).path}")
    image = containers.load(image_archive())[0].id
    number = os.getpid() % 200
    network = Network(f"{PREFIX}-{os.getpid()}-{kind}", f"10.{231 if kind == 'docker' else 232}.{number}.0/24")
    stack.callback(sweep, socket, network.name)
    return Engine(kind, containers, image, image, network)


def sweep(socket: str, network: str) -> None:
    for row in ask(socket, "GET", "/v1.41/containers/json?all=1")[1]:
        if any(name.startswith(f"/{PREFIX}-{os.getpid()}-") for name in row["Names"]):
            ask(socket, "DELETE", f"/v1.41/containers/{row['Id']}?force=1&v=1")
    ask(socket, "DELETE", f"/v1.41/networks/{network}")


@pytest.fixture(
    scope="module",
    params=["memory", pytest.param("docker", marks=pytest.mark.live), pytest.param("podman", marks=pytest.mark.live)],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ExitStack() as stack:
        yield memory_engine() if request.param == "memory" else real_engine(stack, request.param)


@pytest.fixture
def network(engine: Engine) -> Network:
    return engine.containers.ensure_network(engine.network)


def keep(lines: Iterator[Any], into: list[Any]) -> Thread:
    """Reads on in a thread; what came is seen at once."""

    def work() -> None:
        for line in lines:
            into.append(line)  # noqa: PERF402

    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_an_engine_says_which_one_it_is(engine: Engine) -> None:
    facts = engine.containers.about()
    assert facts.name == engine.kind
    assert facts.version
    assert facts.is_demonstration == (engine.kind == "memory")


def test_what_an_engine_lacks_has_words(engine: Engine) -> None:
    catalogue = json.loads((Path(__file__).parents[2] / "portal/i18n/en.json").read_text("utf-8"))
    for code in engine.containers.about().missing.values():
        assert f"error.{code}" in catalogue


def test_a_loaded_image_is_found_by_tag_and_by_id(engine: Engine) -> None:
    loaded = engine.containers.load(image_archive())[0]
    assert loaded.id.startswith("sha256:")
    assert engine.containers.image(IMAGE).id == loaded.id
    assert engine.containers.image(loaded.id).labels == {"maker": PREFIX}
    assert loaded.id in {image.id for image in engine.containers.images()}


def test_an_image_keeps_the_user_it_was_built_with(engine: Engine) -> None:
    loaded = engine.containers.load(image_archive(f"{PREFIX}/user:1", user="12345"))[0]
    assert engine.containers.image(loaded.id).user == "12345"


def test_an_image_that_is_not_there_is_missing(engine: Engine) -> None:
    with pytest.raises(NotFound) as caught:
        engine.containers.image("nobody/nothing:9")
    assert (caught.value.code, caught.value.params["image"]) == ("image_missing", "nobody/nothing:9")


@pytest.mark.parametrize("archive", [b"", b"not a tar", b"\0" * 10240])
def test_a_bad_archive_is_refused(engine: Engine, archive: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        engine.containers.load(archive)
    assert caught.value.code == "image_archive_bad"


def test_a_pull_from_a_registry_that_does_not_answer_says_why(engine: Engine) -> None:
    with pytest.raises(Unavailable) as caught:
        engine.containers.pull("127.0.0.1:9/nobody/nothing:1")
    assert caught.value.code == "image_pull_failed"
    assert caught.value.params["reason"]


def test_a_network_is_made_once(engine: Engine, network: Network) -> None:
    assert engine.containers.ensure_network(engine.network) == network
    assert network.subnet == engine.network.subnet


def test_a_network_with_another_subnet_is_in_conflict(engine: Engine, network: Network) -> None:
    with pytest.raises(Conflict) as caught:
        engine.containers.ensure_network(replace(engine.network, subnet="10.233.0.0/24"))
    assert caught.value.code == "network_differs"


def test_a_network_that_overlaps_is_in_conflict(engine: Engine, network: Network) -> None:
    with pytest.raises(Conflict) as caught:
        engine.containers.ensure_network(Network(f"{PREFIX}-overlap", engine.network.subnet))
    assert caught.value.code == "network_overlaps"


def test_creating_twice_gives_the_same_container(engine: Engine) -> None:
    spec = engine.spec(environment={"A": "1", "B": "2"})
    first = engine.containers.create(spec)
    again = engine.containers.create(replace(spec, environment={"B": "2", "A": "1"}))
    assert first.id == again.id
    assert (first.state, first.image, first.labels[LABEL_MANAGED]) == (ContainerState.CREATED, engine.image, "1")


@pytest.mark.parametrize("change", [{"user": "1234"}, {"environment": {"A": "2"}}, {"labels": {LABEL_SERVICE: "x"}}])
def test_another_container_under_the_same_name_is_in_conflict(engine: Engine, change: dict[str, Any]) -> None:
    spec = engine.spec()
    engine.containers.create(spec)
    with pytest.raises(Conflict) as caught:
        engine.containers.create(replace(spec, **change))
    assert caught.value.code == "container_differs"


def test_a_container_of_a_missing_image_is_not_created(engine: Engine) -> None:
    with pytest.raises(NotFound) as caught:
        engine.containers.create(engine.spec(image="sha256:" + "0" * 64))
    assert caught.value.code == "image_missing"


def test_a_container_in_a_missing_network_is_not_created(engine: Engine) -> None:
    with pytest.raises(NotFound) as caught:
        engine.containers.create(engine.spec(network=f"{PREFIX}-nowhere"))
    assert caught.value.code == "network_missing"


def test_a_fixed_address_is_kept_across_stop_and_start(engine: Engine, network: Network) -> None:
    address = network.subnet.replace(".0/24", ".10")
    spec = engine.spec(network=network.name, address=address)
    assert engine.run(spec).address == address
    engine.containers.stop(spec.name, grace_seconds=2)
    assert engine.containers.inspect(spec.name).address == address
    engine.containers.start(spec.name)
    assert engine.containers.inspect(spec.name).address == address
    engine.containers.remove(spec.name)


def test_an_address_is_given_once(engine: Engine, network: Network) -> None:
    address = network.subnet.replace(".0/24", ".11")
    first, second = (engine.spec(network=network.name, address=address) for _ in range(2))
    engine.containers.create(first)
    with pytest.raises(Conflict) as caught:
        engine.containers.create(second)
    assert (caught.value.code, caught.value.params["address"]) == ("address_taken", address)
    engine.containers.remove(first.name)
    assert engine.containers.create(second).address == address
    engine.containers.remove(second.name)


def test_a_started_container_runs_and_starting_it_again_changes_nothing(engine: Engine) -> None:
    spec = engine.spec()
    before = datetime.now(UTC)
    first = engine.run(spec)
    engine.containers.start(spec.name)
    again = engine.containers.inspect(spec.name)
    assert first.is_running
    assert first.exit_code is None
    assert first.started_at
    assert again.started_at
    assert abs((again.started_at - first.started_at).total_seconds()) < 0.01
    assert before - timedelta(seconds=2) <= first.started_at <= datetime.now(UTC) + timedelta(seconds=2)


def test_a_missing_container_can_be_neither_started_nor_looked_at(engine: Engine) -> None:
    for call in (engine.containers.start, engine.containers.inspect, engine.containers.stats, engine.containers.logs):
        with pytest.raises(NotFound) as caught:
            call("nobody")
        assert (caught.value.code, caught.value.params["name"]) == ("container_missing", "nobody")


def test_a_stopped_container_has_ended_in_peace_and_can_be_stopped_again(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    eventually(lambda: engine.containers.logs(spec.name))
    for _ in range(2):
        engine.containers.stop(spec.name, grace_seconds=10)
        stopped = engine.containers.inspect(spec.name)
        assert (stopped.state, stopped.exit_code) == (ContainerState.EXITED, 0)
    engine.containers.stop("nobody")


def test_a_removed_container_is_gone_and_can_be_removed_again(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    for _ in range(2):
        engine.containers.remove(spec.name)
    with pytest.raises(NotFound):
        engine.containers.inspect(spec.name)


def test_a_container_that_crashes_is_restarted_so_often_and_then_given_up(engine: Engine) -> None:
    spec = engine.crashing(restart_attempts=1)
    engine.run(spec)

    def is_given_up() -> bool:  # of one look: between two it may run once more
        seen = engine.containers.inspect(spec.name)
        return (seen.state, seen.restart_count) == (ContainerState.EXITED, 1) and seen.exit_code in (1, 3)

    eventually(is_given_up)


def test_the_list_has_the_portals_containers_by_label_stopped_ones_too(engine: Engine) -> None:
    label = next(NAMES)
    specs = [engine.spec(labels={LABEL_SERVICE: label, "part": part}) for part in "ab"]
    for spec in specs:
        engine.containers.create(spec)
    engine.containers.start(specs[0].name)
    found = {container.name: container.state for container in engine.containers.list({LABEL_SERVICE: label})}
    assert found == {specs[0].name: ContainerState.RUNNING, specs[1].name: ContainerState.CREATED}
    assert [c.name for c in engine.containers.list({LABEL_SERVICE: label, "part": "b"})] == [specs[1].name]
    assert {spec.name for spec in specs} <= {container.name for container in engine.containers.list()}


def test_logs_have_time_stream_and_text(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    eventually(lambda: "ready" in [line.text for line in engine.containers.logs(spec.name)])
    line = next(line for line in engine.containers.logs(spec.name) if line.text == "ready")
    assert line.stream == "stdout"
    assert line.at is not None
    assert abs((line.at - datetime.now(UTC)).total_seconds()) < 30
    assert len(engine.containers.logs(spec.name, tail=1)) == 1
    assert engine.containers.logs(spec.name, since=datetime.now(UTC) + timedelta(hours=1)) == ()


def test_followed_logs_end_with_the_container(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    lines: list[ContainerLogLine] = []
    thread = keep(engine.containers.follow_logs(spec.name, Event()), lines)
    eventually(lambda: "ready" in [line.text for line in lines])
    engine.containers.stop(spec.name, grace_seconds=2)
    thread.join(5)
    assert not thread.is_alive()


def test_followed_logs_end_soon_after_they_are_no_longer_wanted(engine: Engine) -> None:
    spec, stop = engine.spec(), Event()
    engine.run(spec)
    lines: list[ContainerLogLine] = []
    thread = keep(engine.containers.follow_logs(spec.name, stop), lines)
    eventually(lambda: lines)
    stop.set()
    thread.join(2)
    assert not thread.is_alive()
    assert engine.containers.inspect(spec.name).is_running


def test_events_tell_the_life_of_a_container(engine: Engine) -> None:
    spec, stop = engine.spec(labels={LABEL_SERVICE: "hello"}), Event()
    events: list[Any] = []
    thread = keep(engine.containers.events(stop, since=datetime.now(UTC) - timedelta(seconds=1)), events)
    engine.run(spec)
    engine.containers.stop(spec.name, grace_seconds=2)
    engine.containers.remove(spec.name)
    mine = lambda: [event for event in events if event.container_name == spec.name]  # noqa: E731
    eventually(lambda: "destroy" in [event.action for event in mine()])
    assert [a for a in (e.action for e in mine()) if a in ("create", "start", "die")] == ["create", "start", "die"]
    assert {event.labels[LABEL_SERVICE] for event in mine()} == {"hello"}
    stop.set()
    thread.join(2)
    assert not thread.is_alive()


def test_figures_of_a_running_container_are_there_and_of_a_stopped_one_absent(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    eventually(lambda: (engine.containers.stats(spec.name).memory_bytes or 0) > 0)
    figures = engine.containers.stats(spec.name)
    assert figures.memory_limit_bytes == spec.limits.memory_bytes
    assert (figures.pids or 0) >= 1
    assert figures.cpu_percent is None or figures.cpu_percent >= 0.0
    engine.containers.stop(spec.name, grace_seconds=2)
    assert not engine.containers.stats(spec.name).memory_bytes


def test_a_health_command_makes_a_container_healthy(engine: Engine) -> None:
    if "health" in engine.containers.about().missing:
        pytest.skip("Podman runs health commands by systemd timers, and says so in what it lacks")
    command = HealthCommand(("/bin/sh", "-c", "true"), interval_seconds=0.2, start_seconds=0.1)
    spec = engine.spec(health=command)
    engine.run(spec)
    eventually(lambda: engine.containers.inspect(spec.name).health is ContainerHealth.HEALTHY)
    assert engine.containers.inspect(engine.run(engine.spec()).name).health is ContainerHealth.NONE


@pytest.mark.parametrize("files", [(), (FileMount("/etc/app/one", b"1"),)])
def test_several_threads_create_and_start_at_the_same_time(engine: Engine, files: tuple[FileMount, ...]) -> None:
    specs = [engine.spec(files=files) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(engine.run, specs + specs))
    assert len({container.id for container in made}) == 3
    assert all(container.is_running for container in made)


def test_a_name_that_is_not_ours_is_refused_or_unknown(engine: Engine) -> None:
    with pytest.raises((NotFound, Refused)):
        engine.containers.inspect("../../etc/passwd")


def test_health_checks_make_no_noise_among_the_events(engine: Engine) -> None:
    if "health" in engine.containers.about().missing:
        pytest.skip("Podman runs health commands by systemd timers, and says so in what it lacks")
    command = HealthCommand(("/bin/sh", "-c", "true"), interval_seconds=0.1, start_seconds=0.1)
    spec, stop, events = engine.spec(health=command), Event(), list[Any]()
    thread = keep(engine.containers.events(stop, since=datetime.now(UTC)), events)
    engine.run(spec)
    eventually(lambda: engine.containers.inspect(spec.name).health is ContainerHealth.HEALTHY)
    engine.containers.remove(spec.name)
    eventually(lambda: "destroy" in [event.action for event in events if event.container_name == spec.name])
    assert not [event.action for event in events if event.action.startswith("exec")]
    stop.set()
    thread.join(2)


def live(content: bytes) -> FileMount:
    return FileMount("/run/portal/config.json", content, is_live=True)


def content_of(engine: Engine, name: str) -> str:
    lines = engine.containers.execute(name, ("cat", "/run/portal/config.json")).lines
    return "\n".join(line.text for line in lines)


def test_a_live_file_is_written_anew_while_the_container_runs(engine: Engine):
    labels = {LABEL_LIVE: "/run/portal"}
    spec = engine.spec(files=(live(b"one"),), labels=labels, user="10001:10001")
    before = engine.run(spec)
    assert content_of(engine, spec.name) == "one"
    engine.containers.rewrite_file(spec.name, live(b"two"))
    assert content_of(engine, spec.name) == "two"
    after = engine.containers.inspect(spec.name)
    assert (after.started_at, after.restart_count) == (before.started_at, before.restart_count)
    assert engine.containers.create(replace(spec, files=(live(b"three"),))).id == before.id


@pytest.mark.parametrize("labels", [{}, {LABEL_LIVE: "/run/other"}])
def test_a_file_outside_of_the_folder_of_live_files_is_left_as_it_is(engine: Engine, labels: dict[str, str]):
    spec = engine.spec(files=(live(b"one"),), labels=labels)
    engine.run(spec)
    with pytest.raises(Refused, match="live_file_refused"):
        engine.containers.rewrite_file(spec.name, live(b"two"))
    assert content_of(engine, spec.name) == "one"


def test_a_container_that_does_not_run_takes_neither_a_live_file_nor_a_signal(engine: Engine):
    spec = engine.spec(files=(live(b"one"),), labels={LABEL_LIVE: "/run/portal"})
    engine.run(spec)
    engine.containers.stop(spec.name, grace_seconds=1)
    with pytest.raises(Refused, match="container_not_running"):
        engine.containers.rewrite_file(spec.name, live(b"two"))
    with pytest.raises(Refused, match="container_not_running"):
        engine.containers.signal(spec.name, "SIGHUP")
    with pytest.raises(NotFound, match="container_missing"):
        engine.containers.signal("nobody", "SIGHUP")


def test_a_signal_reaches_the_process(engine: Engine):
    heard = ("/bin/sh", "-c", "trap 'echo received SIGHUP' HUP; echo ready; while :; do sleep 0.1; done")
    spec = engine.spec(command=heard)
    engine.run(spec)
    eventually(lambda: "ready" in str(engine.containers.logs(spec.name)))
    engine.containers.signal(spec.name, "SIGHUP")
    eventually(lambda: "received SIGHUP" in str(engine.containers.logs(spec.name)))
