"""Mallory holds the gate's socket with a real engine behind it: nothing she tries gets through, all legal calls do."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event, Thread

import pytest

from portal.adapters.docker.containers import DockerContainers
from portal.domain.container import ContainerSpec
from tests.contracts.engines import PREFIX, Gate, ask, docker_socket, eventually, gate, image_archive, podman_socket
from tests.live.gate_attempts import ATTEMPTS, CREATE, SLEEP, Attempt, create, request

pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-006")]

MINE, FOREIGN = f"{PREFIX}-mine-{os.getpid()}", f"{PREFIX}-foreign-{os.getpid()}"
EVIL = f"{PREFIX}-evil-{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Scene:
    """A real engine with one container of ours and one of somebody else, and the gate before it."""

    engine: str
    gate: Gate
    image: str
    mine: str
    foreign: str
    their_exec: str

    def fill(self, text: str) -> str:
        for name in ("image", "mine", "foreign"):
            text = text.replace(f"<{name}>", getattr(self, name))
        return (
            text.replace("<foreign-name>", FOREIGN)
            .replace("<their-exec>", self.their_exec)
            .replace("<their-exec-start>", self.their_exec[:12])
            .replace("<foreign-start>", self.foreign[:12])
            .replace("<evil>", EVIL)
            .replace("<mine-name>", MINE)
        )

    def created(self) -> list[str]:
        rows = ask(self.engine, "GET", "/v1.41/containers/json?all=1")[1]
        return [name for row in rows for name in row["Names"] if EVIL in name]


def make(engine: str, name: str, image: str, labels: dict[str, str]) -> str:
    limits = [{"Name": limit, "Soft": 4096, "Hard": 4096} for limit in ("nofile", "nproc")]
    body = {"Image": image, "Cmd": SLEEP, "Labels": labels, "HostConfig": {"NetworkMode": "none", "Ulimits": limits}}
    identity = ask(engine, "POST", f"/v1.41/containers/create?name={name}", body)[1]["Id"]
    assert ask(engine, "POST", f"/v1.41/containers/{identity}/start")[0] == 204
    return identity


@pytest.fixture(scope="module", params=["docker", "podman"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with ExitStack() as stack:
        engine = docker_socket() if request.param == "docker" else stack.enter_context(podman_socket())
        before = stack.enter_context(gate(engine, "--exec", "--show-others"))
        image = DockerContainers(f"unix://{before.path}").load(image_archive())[0].id
        stack.callback(sweep, engine)
        foreign = make(engine, FOREIGN, image, {"codexfather.managed": "0"})
        mine = make(engine, MINE, image, {"codexfather.managed": "1"})
        ask(engine, "POST", "/v1.41/volumes/create", {"Name": FOREIGN})
        ask(engine, "POST", "/v1.41/networks/create", {"Name": FOREIGN, "CheckDuplicate": True})
        yield Scene(engine, before, image, mine, foreign, elsewhere(engine, mine))


def elsewhere(engine: str, container: str) -> str:
    """A privileged execution that somebody with the engine's own socket has made and not started."""
    body = {"Cmd": ["id"], "Privileged": True, "AttachStdout": True, "AttachStderr": True}
    return ask(engine, "POST", f"/v1.41/containers/{container}/exec", body)[1]["Id"]


def sweep(engine: str) -> None:
    for row in ask(engine, "GET", "/v1.41/containers/json?all=1")[1]:
        if any(f"-{os.getpid()}" in name and PREFIX in name for name in row["Names"]):
            ask(engine, "DELETE", f"/v1.41/containers/{row['Id']}?force=1&v=1")
    ask(engine, "DELETE", f"/v1.41/volumes/{FOREIGN}")
    ask(engine, "DELETE", f"/v1.41/networks/{EVIL}")
    ask(engine, "DELETE", f"/v1.41/networks/{FOREIGN}")


def say(path: str, raw: bytes) -> bytes:
    """What comes back for some bytes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(30)
        connection.connect(path)
        answer = b""
        with suppress(BrokenPipeError):
            connection.sendall(raw)
        with suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                answer += part
        return answer


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=[attempt.name for attempt in ATTEMPTS])
def test_mallory_is_refused(scene: Scene, attempt: Attempt) -> None:
    answer = say(scene.gate.path, attempt.raw(scene.fill))
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 403, 404, 409, 413, 431)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["message"].startswith("gate: ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert scene.created() == []


@pytest.mark.parametrize("name", ["privileged", "privileged under a folded key", "root of the host as a bind"])
def test_without_the_gate_the_same_words_would_work(scene: Scene, name: str) -> None:
    attempt = next(attempt for attempt in ATTEMPTS if attempt.name == name)
    answer = say(scene.engine, attempt.raw(scene.fill).replace(b"Host: d\r\n", b"Host: d\r\nConnection: close\r\n"))
    assert answer.split(b" ", 2)[1] == b"201"
    assert scene.created()
    assert ask(scene.engine, "DELETE", f"/v1.41/containers/{EVIL}?force=1")[0] in (200, 204)


def test_somebodys_container_is_untouched_and_unseen_after_all_that(scene: Scene) -> None:
    assert ask(scene.engine, "GET", f"/v1.41/containers/{scene.foreign}/json")[1]["State"]["Status"] == "running"
    assert ask(scene.engine, "GET", f"/v1.41/containers/{FOREIGN}/json")[1]["Id"] == scene.foreign
    assert scene.gate.process.poll() is None
    for query in ("all=1", "all=1&filters=%7B%22name%22%3A%5B%22cftest%22%5D%7D"):
        rows = ask(scene.gate.path, "GET", f"/v1.41/containers/json?{query}")[1]
        assert scene.mine in {row["Id"] for row in rows}
        assert {row["Labels"].get("codexfather.managed") for row in rows} == {"1"}
    networks = ask(scene.gate.path, "GET", "/v1.41/networks")[1]
    assert all(network["Labels"]["codexfather.managed"] == "1" for network in networks)


def test_an_execution_starts_once_and_runs_without_privileges(scene: Scene) -> None:
    wanted = {"Cmd": ["/bin/sh", "-c", "id; exit 4"], "AttachStdout": True, "AttachStderr": True}
    status, made = ask(scene.gate.path, "POST", f"/v1.41/containers/{scene.mine}/exec", wanted)
    assert status == 201
    start = request("POST", f"/v1.41/exec/{made['Id']}/start", b'{"Detach":false,"Tty":false}')
    assert b"uid=" in say(scene.gate.path, start)
    state = ask(scene.gate.path, "GET", f"/v1.41/exec/{made['Id']}/json")[1]
    assert (state["Running"], state["ExitCode"]) == (False, 4)
    assert not state["ProcessConfig"]["privileged"]
    assert json.loads(say(scene.gate.path, start).partition(b"\r\n\r\n")[2])["message"] == "gate: exec: started before"


def test_no_command_runs_through_a_gate_that_was_not_told_to_let_it(scene: Scene) -> None:
    wanted = {"Cmd": ["id"], "AttachStdout": True, "AttachStderr": True}
    with gate(scene.engine) as shut:
        for method, target in (
            ("POST", f"/v1.41/containers/{scene.mine}/exec"),
            ("GET", f"/v1.41/exec/{'a' * 64}/json"),
        ):
            status, answer = ask(shut.path, method, target, wanted if method == "POST" else None)
            assert (status, answer["message"]) == (403, "gate: exec: switched off")
        status, answer = ask(shut.path, "GET", "/v1.41/containers/json?others=1")
        assert (status, answer["message"]) == (403, "gate: others: not shown")


def test_of_somebodys_containers_no_more_is_shown_than_a_list_needs(scene: Scene) -> None:
    rows = ask(scene.gate.path, "GET", "/v1.41/containers/json?others=1&all=1")[1]
    seen = {row["Id"]: row for row in rows}
    assert scene.foreign in seen
    assert scene.mine not in seen
    assert not {"Labels", "Command", "Mounts", "NetworkSettings", "HostConfig"} & set(seen[scene.foreign])


def test_of_volumes_and_their_sizes_only_ours_are_shown(scene: Scene) -> None:
    for target in ("/v1.41/volumes", "/v1.41/system/df"):
        status, answer = ask(scene.gate.path, "GET", target)
        assert status == 200
        assert FOREIGN not in {volume["Name"] for volume in answer["Volumes"] or ()}
        assert not {"Images", "Containers", "BuildCache"} & set(answer)


def test_somebodys_volume_and_network_are_still_there_after_all_that(scene: Scene) -> None:
    assert ask(scene.engine, "GET", f"/v1.41/volumes/{FOREIGN}")[0] == 200
    assert ask(scene.engine, "GET", f"/v1.41/networks/{FOREIGN}")[0] == 200


def test_a_second_request_on_the_same_connection_is_not_heard(scene: Scene) -> None:
    body = scene.fill(create({"Privileged": True}).decode()).encode()
    second = request("POST", scene.fill(CREATE), body)
    answer = say(scene.gate.path, b"GET /v1.41/_ping HTTP/1.1\r\nHost: d\r\n\r\n" + second)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert scene.created() == []


def test_what_is_created_is_harmless_even_if_nothing_was_asked(scene: Scene) -> None:
    name = f"{PREFIX}-least-{os.getpid()}"
    status, made = ask(
        scene.gate.path, "POST", f"/v1.41/containers/create?name={name}", {"Image": scene.image, "Cmd": SLEEP}
    )
    assert status == 201
    found = ask(scene.engine, "GET", f"/v1.41/containers/{made['Id']}/json")[1]
    host = found["HostConfig"]
    assert found["Config"]["Labels"]["codexfather.managed"] == "1"
    assert (host["Privileged"], host["PidsLimit"], host["NetworkMode"]) == (False, 512, "none")
    assert any("no-new-privileges" in option for option in host["SecurityOpt"])
    dropped = {word.removeprefix("CAP_") for word in host["CapDrop"]}
    assert "ALL" in dropped or {"SYS_CHROOT", "SETUID", "NET_BIND_SERVICE"} <= dropped
    assert ask(scene.gate.path, "DELETE", f"/v1.41/containers/{made['Id']}?force=1")[0] == 204


def test_a_volume_made_on_the_way_is_ours(scene: Scene) -> None:
    volume = f"{PREFIX}-volume-{os.getpid()}"
    host = {"Mounts": [{"Type": "volume", "Source": volume, "Target": "/v"}]}
    name = f"{PREFIX}-vol-{os.getpid()}"
    status, made = ask(
        scene.gate.path, "POST", f"/v1.41/containers/create?name={name}", {"Image": scene.image, "HostConfig": host}
    )
    assert status == 201
    assert ask(scene.engine, "GET", f"/v1.41/volumes/{volume}")[1]["Labels"] == {"codexfather.managed": "1"}
    assert ask(scene.gate.path, "DELETE", f"/v1.41/containers/{made['Id']}?force=1")[0] == 204
    assert ask(scene.engine, "DELETE", f"/v1.41/volumes/{volume}")[0] == 204


def test_a_stream_flows_while_it_is_open_and_ends_at_the_engine_when_the_client_leaves(scene: Scene) -> None:
    containers, stop = DockerContainers(f"unix://{scene.gate.path}"), Event()
    events: list[str] = []

    def read() -> None:
        for event in containers.events(stop):
            events.append(event.action)  # noqa: PERF401

    before = open_connections(scene)
    thread = Thread(target=read, daemon=True)
    thread.start()
    eventually(lambda: open_connections(scene) > before)
    spec = ContainerSpec(f"{PREFIX}-flow-{os.getpid()}", scene.image)
    containers.create(spec)
    eventually(lambda: "create" in events, within_seconds=5)
    containers.remove(spec.name)
    stop.set()
    thread.join(3)
    assert not thread.is_alive()
    eventually(lambda: open_connections(scene) <= before, within_seconds=5)


def open_connections(scene: Scene) -> int:
    found = 0
    for link in Path(f"/proc/{scene.gate.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(link.readlink()).startswith("socket:")
    return found


def test_the_gate_costs_little_time(scene: Scene) -> None:
    def times(path: str) -> float:
        took: list[float] = []
        for _ in range(60):
            began = time.perf_counter()
            assert ask(path, "GET", f"/v1.41/containers/{scene.mine}/json")[0] == 200
            took.append(time.perf_counter() - began)
        return median(took)

    direct, gated = times(scene.engine), times(scene.gate.path)
    assert gated - direct < 0.02, f"{1000 * direct:.2f} ms direct, {1000 * gated:.2f} ms through the gate"
