"""What really runs in a container of the portal: no root, no rights, its limits, its files, its environment."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from portal.adapters.docker.containers import DockerContainers
from portal.domain.container import (
    Container,
    ContainerSpec,
    ContainerState,
    FileMount,
    Limits,
    VolumeMount,
)
from portal.domain.errors import Invalid, PortalError, Refused
from tests.contracts.engines import (
    PREFIX,
    ask,
    docker_socket,
    eventually,
    gate,
    image_archive,
    podman_socket,
)

pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-006")]

NAMES = (f"{PREFIX}-{os.getpid()}-hard-{number}" for number in itertools.count())


@dataclass(frozen=True, slots=True)
class Engine:
    kind: str
    socket: str
    containers: DockerContainers
    image: str

    def spec(self, script: str, **changes: Any) -> ContainerSpec:
        return replace(ContainerSpec(next(NAMES), self.image, command=("/bin/sh", "-c", script)), **changes)

    def ended(self, spec: ContainerSpec) -> Container:
        """The container after it ran to its end."""
        self.containers.create(spec)
        self.containers.start(spec.name)
        eventually(lambda: self.containers.inspect(spec.name).state is ContainerState.EXITED)
        return self.containers.inspect(spec.name)

    def output(self, script: str, **changes: Any) -> list[str]:
        spec = self.spec(script, **changes)
        self.ended(spec)
        return [line.text for line in self.containers.logs(spec.name)]


@pytest.fixture(scope="module", params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with ExitStack() as stack:
        socket = docker_socket() if request.param == "docker" else stack.enter_context(podman_socket())
        containers = DockerContainers(f"unix://{stack.enter_context(gate(socket)).path}")
        image = containers.load(image_archive())[0].id
        stack.callback(sweep, socket)
        yield Engine(request.param, socket, containers, image)


def sweep(socket: str) -> None:
    mine = f"{PREFIX}-{os.getpid()}-hard-"
    for row in ask(socket, "GET", "/v1.41/containers/json?all=1")[1]:
        if any(mine in name for name in row["Names"]):
            ask(socket, "DELETE", f"/v1.41/containers/{row['Id']}?force=1&v=1")
    for volume in ask(socket, "GET", "/v1.41/volumes")[1]["Volumes"] or ():
        if mine in volume["Name"]:
            ask(socket, "DELETE", f"/v1.41/volumes/{volume['Name']}")


def test_the_process_has_no_root_no_capability_and_can_gain_none(engine: Engine) -> None:
    lines = engine.output("id -u; id -g; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status")
    status = dict(line.split(":\t") for line in lines[2:])
    assert lines[:2] == ["10001", "10001"]
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize(("wanted", "got"), [("", "12345"), ("1234:99", "1234"), ("root", "0")])
def test_the_user_is_the_wanted_one_else_the_images(engine: Engine, wanted: str, got: str) -> None:
    image = engine.containers.load(image_archive(f"{PREFIX}/user:1", user="12345"))[0]
    assert engine.output("id -u", image=image.id, user=wanted) == [got]


def test_the_root_is_read_only_and_the_temporary_folder_is_not(engine: Engine) -> None:
    script = "touch /x 2>/dev/null || echo refused; touch /tmp/x && echo written; ls /tmp"
    assert engine.output(script) == ["refused", "written", "x"]


def test_a_service_that_needs_it_may_write_into_its_root(engine: Engine) -> None:
    assert engine.output("touch /etc/app/x && echo written", is_root_read_only=False, user="root") == ["written"]


def test_limits_and_restarts_and_logs_are_bounded(engine: Engine) -> None:
    spec = engine.spec("exit 0", limits=Limits(0.25, 64 << 20, 33, 1 << 20), restart_attempts=4)
    host = ask(engine.socket, "GET", f"/v1.41/containers/{engine.containers.create(spec).id}/json")[1]["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (64 << 20, 64 << 20, 33)
    assert host["NanoCpus"] == 250_000_000
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 4}
    if engine.kind == "docker":
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": str(1 << 20)}}


def test_a_container_beyond_its_memory_is_killed_and_says_so(engine: Engine) -> None:
    spec = engine.spec("tail /dev/zero", limits=Limits(memory_bytes=16 << 20), restart_attempts=0)
    ended = engine.ended(spec)
    assert ended.exit_code == 137
    assert ended.is_oom_killed or "memory_kills" in engine.containers.about().missing


@pytest.mark.parametrize("is_read_only", [True, False])
def test_small_files_are_there_before_the_start(engine: Engine, is_read_only: bool) -> None:
    files = (
        FileMount("/etc/app/one", b"first\n", 0o440),
        FileMount("/etc/app/two", b"second\n"),
        FileMount("/opt/new/three", b"third\n"),
    )
    if not is_read_only:
        files = files[:2]
    script = "cat /etc/app/two; touch /etc/app/x 2>/dev/null || echo kept safe; ls -l /etc/app/two"
    lines = engine.output(script, files=files, is_root_read_only=is_read_only)
    assert lines[:2] == ["second", "kept safe"]
    assert lines[2].startswith("-r--r--r--")
    if is_read_only:
        assert engine.output("cat /opt/new/three", files=files) == ["third"]


def test_what_the_image_has_beside_a_small_file_stays_or_the_engine_says_it_does_not(engine: Engine) -> None:
    lines = engine.output("ls /etc/app", files=(FileMount("/etc/app/one", b"1"),))
    is_merged = "merged_files" not in engine.containers.about().missing
    assert lines == (["kept", "one"] if is_merged else ["one"])


@pytest.mark.parametrize("path", ["relative", "/top", "/tmp/x", "/a/../b/c", "/a//b", "/a/b/"])
def test_a_file_that_cannot_be_put_in_is_refused_in_words(engine: Engine, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        engine.containers.create(engine.spec("true", files=(FileMount(path, b"x"),)))
    assert (caught.value.code, caught.value.params["path"]) == ("container_file_bad", path)


def test_files_that_got_lost_in_a_crash_are_put_in_again(engine: Engine) -> None:
    spec = engine.spec("cat /etc/app/one", files=(FileMount("/etc/app/one", b"here\n"),))
    first = engine.containers.create(spec)
    assert engine.containers.create(spec).id == first.id
    engine.containers.start(spec.name)
    eventually(lambda: [line.text for line in engine.containers.logs(spec.name)] == ["here"])
    assert engine.containers.create(spec).id == first.id


def test_a_volume_outlives_its_container(engine: Engine) -> None:
    mount = VolumeMount(next(NAMES), "/keep")
    assert engine.output("echo kept > /keep/x; cat /keep/x", volumes=(mount,), user="root") == ["kept"]
    reader = engine.spec(
        "cat /keep/x; touch /keep/y 2>/dev/null || echo refused",
        user="root",
        volumes=(replace(mount, is_read_only=True),),
    )
    engine.ended(reader)
    assert [line.text for line in engine.containers.logs(reader.name)] == ["kept", "refused"]


def test_the_environment_arrives_as_it_was_given(engine: Engine) -> None:
    wanted = {"PLAIN": "1", "SPACES": " a  b ", "WORDS": "é中文'\"$HOME", "EMPTY": ""}
    lines = engine.output('echo "[$PLAIN][$SPACES][$WORDS][$EMPTY]"', environment=wanted)
    assert lines == ["[1][ a  b ][é中文'\"$HOME][]"]


def test_a_command_that_is_not_there_cannot_be_started(engine: Engine) -> None:
    spec = replace(engine.spec(""), command=("/no/such/program",))
    engine.containers.create(spec)
    with pytest.raises(PortalError) as caught:
        engine.containers.start(spec.name)
    assert isinstance(caught.value, Refused)
    assert (caught.value.code, caught.value.params["name"]) == ("container_start_failed", spec.name)


def test_a_line_longer_than_the_engines_pieces_comes_in_one(engine: Engine) -> None:
    spec = engine.spec("x=0123456789; for i in 1 2 3 4 5 6 7 8 9 10 11; do x=$x$x; done; echo $x")
    engine.ended(spec)
    lengths = [len(line.text) for line in engine.containers.logs(spec.name)]
    assert lengths == [20_480] or "long_lines" in engine.containers.about().missing
