"""What every engine promises beyond running containers: looking in, commands inside, and what lies around."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

import pytest

from portal.domain.container import LABEL_MANAGED, ContainerState, HealthCommand, Network, VolumeMount
from portal.domain.errors import Conflict, NotFound, PortalError, Refused
from tests.contracts.engines import PREFIX, eventually, image_archive
from tests.contracts.test_containers import Engine, engine, network

__all__ = ["engine", "network"]  # the fixtures


def test_a_host_tells_about_itself(engine: Engine) -> None:
    engine.run(engine.spec())
    facts = engine.containers.host.facts()
    assert (facts.engine, bool(facts.version)) == (engine.kind, True)
    assert facts.images >= 1
    assert facts.containers_running >= 1
    if engine.kind != "memory":
        assert facts.cpus >= 1
        assert facts.memory_bytes > 1_000_000
        assert facts.storage_driver
        assert facts.kernel


def test_a_container_is_known_in_full(engine: Engine, network: Network) -> None:
    volume = f"{PREFIX}-{os.getpid()}-seen-{engine.kind}"
    spec = engine.spec(
        environment={"COLOUR": "blue=ish"}, network=network.name, volumes=(VolumeMount(volume, "/kept"),)
    )
    engine.run(spec)
    details = engine.containers.details(spec.name)
    assert details.container.name == spec.name
    assert details.environment["COLOUR"] == "blue=ish"
    assert details.limits.memory_bytes == spec.limits.memory_bytes
    assert ("volume", volume, "/kept") in {(m.kind, m.source, m.target) for m in details.mounts}
    assert details.restart_policy == "on-failure:5"
    assert details.is_root_read_only
    assert details.document["Id"] == details.container.id
    assert details.container.networks == (network.name,)
    assert details.container.volumes == (volume,)
    assert details.created_at
    engine.containers.remove(spec.name)
    engine.containers.host.remove_volume(volume)


def test_a_missing_container_has_no_details(engine: Engine) -> None:
    for call in (engine.containers.details, engine.containers.restart):
        with pytest.raises(NotFound) as caught:
            call("nobody")
        assert caught.value.code == "container_missing"


def test_a_restarted_container_runs_anew(engine: Engine) -> None:
    spec = engine.spec()
    first = engine.run(spec)
    engine.containers.restart(spec.name, grace_seconds=2)
    again = engine.containers.inspect(spec.name)
    assert again.is_running
    assert again.id == first.id
    assert first.started_at
    assert again.started_at
    assert again.started_at > first.started_at
    engine.containers.stop(spec.name, grace_seconds=2)
    engine.containers.restart(spec.name, grace_seconds=2)
    assert engine.containers.inspect(spec.name).is_running


def test_the_last_runs_of_the_health_check_are_known(engine: Engine) -> None:
    if engine.kind != "docker":
        pytest.skip("only Docker runs health commands here")
    command = HealthCommand(("/bin/sh", "-c", "echo fine"), interval_seconds=0.2, start_seconds=0.1)
    spec = engine.spec(health=command)
    engine.run(spec)
    eventually(lambda: engine.containers.details(spec.name).checks)
    check = engine.containers.details(spec.name).checks[-1]
    assert (check.exit_code, check.output.strip()) == (0, "fine")
    assert check.at


def test_a_command_inside_is_heard_to_its_end(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    done = engine.containers.execute(spec.name, ["echo", "hello", "there"])
    assert (done.exit_code, [line.text for line in done.lines]) == (0, ["hello there"])
    assert not done.is_cut
    assert engine.containers.execute(spec.name, ["/bin/sh", "-c", "exit 3"]).exit_code == 3


def test_a_command_that_is_not_there_says_so(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    done = engine.containers.execute(spec.name, ["/no/such/program"])
    assert done.exit_code in (126, 127)
    assert done.lines


def test_what_a_command_prints_is_bounded(engine: Engine) -> None:
    spec = engine.spec()
    engine.run(spec)
    done = engine.containers.execute(spec.name, ["echo", "x" * 3000], output_bytes=1000)
    assert done.is_cut
    assert sum(len(line.text) for line in done.lines) <= 1000


def test_a_command_that_takes_too_long_is_left_alone(engine: Engine) -> None:
    if engine.kind == "memory":
        pytest.skip("programs in memory take no time")
    spec = engine.spec()
    engine.run(spec)
    done = engine.containers.execute(spec.name, ["/bin/sh", "-c", "echo begun; sleep 20"], timeout_seconds=1.0)
    assert done.is_timed_out
    assert [line.text for line in done.lines] == ["begun"]
    assert done.seconds < 8
    assert engine.containers.inspect(spec.name).is_running
    engine.containers.remove(spec.name)


def test_errors_and_output_of_a_command_are_told_apart(engine: Engine) -> None:
    if engine.kind == "memory":
        pytest.skip("programs in memory have one stream")
    spec = engine.spec()
    engine.run(spec)
    done = engine.containers.execute(spec.name, ["/bin/sh", "-c", "echo out; echo err >&2; echo ä"])
    assert {(line.stream, line.text) for line in done.lines} == {("stdout", "out"), ("stderr", "err"), ("stdout", "ä")}


def test_a_command_runs_as_the_containers_own_user(engine: Engine) -> None:
    spec = engine.spec(user="12345:12345")
    engine.run(spec)
    done = engine.containers.execute(spec.name, ["id"])
    assert "uid=12345" in done.lines[0].text


def test_nothing_runs_inside_a_container_that_does_not_run(engine: Engine) -> None:
    spec = engine.spec()
    engine.containers.create(spec)
    with pytest.raises(Refused) as caught:
        engine.containers.execute(spec.name, ["true"])
    assert caught.value.code == "container_not_running"
    with pytest.raises(NotFound):
        engine.containers.execute("nobody", ["true"])


def test_a_volume_is_listed_kept_while_used_and_removed_after(engine: Engine) -> None:
    volume = f"{PREFIX}-{os.getpid()}-{engine.kind}"
    spec = engine.spec(volumes=(VolumeMount(volume, "/kept"),))
    engine.containers.create(spec)
    listed = {each.name: each for each in engine.containers.host.volumes()}
    assert listed[volume].labels[LABEL_MANAGED] == "1"
    with pytest.raises(Conflict) as caught:
        engine.containers.host.remove_volume(volume)
    assert caught.value.code == "volume_in_use"
    engine.containers.remove(spec.name)
    for _ in range(2):
        engine.containers.host.remove_volume(volume)
    assert volume not in {each.name for each in engine.containers.host.volumes()}


def test_a_network_is_listed_kept_while_used_and_removed_after(engine: Engine) -> None:
    third = {"memory": 11, "docker": 12, "podman": 13}[engine.kind]
    wanted = Network(f"{PREFIX}-{os.getpid()}-{engine.kind}-more", f"10.234.{third}.0/24")
    engine.containers.ensure_network(wanted)
    spec = engine.spec(network=wanted.name)
    engine.containers.create(spec)
    listed = {each.name: each for each in engine.containers.host.networks()}
    assert (listed[wanted.name].subnet, listed[wanted.name].driver) == (wanted.subnet, "bridge")
    with pytest.raises(Conflict) as caught:
        engine.containers.host.remove_network(wanted.name)
    assert caught.value.code == "network_in_use"
    engine.containers.remove(spec.name)
    for _ in range(2):
        engine.containers.host.remove_network(wanted.name)
    assert wanted.name not in {each.name for each in engine.containers.host.networks()}


def test_an_image_is_kept_while_used_and_removed_after_with_all_its_names(engine: Engine) -> None:
    tags = [f"{PREFIX}/gone-{os.getpid()}:{number}" for number in (1, 2)]
    image = [engine.containers.load(image_archive(tag, user="4242"))[0] for tag in tags][-1]
    image = engine.containers.image(image.id)
    spec = replace(engine.spec(), image=image.id)
    engine.containers.create(spec)
    with pytest.raises(Conflict) as caught:
        engine.containers.host.remove_image(image)
    assert caught.value.code == "image_in_use"
    assert engine.containers.inspect(spec.name).state is ContainerState.CREATED
    engine.containers.remove(spec.name)
    for _ in range(2):
        engine.containers.host.remove_image(image)
    with pytest.raises(NotFound):
        engine.containers.image(image.id)


def test_containers_of_others_are_not_shown_unless_the_gate_is_told_to(engine: Engine) -> None:
    assert engine.containers.host.others() is None


def test_what_is_not_ours_cannot_be_removed(engine: Engine) -> None:
    if engine.kind == "memory":
        pytest.skip("nothing in memory is anybody else's")
    for remove in (engine.containers.host.remove_network, engine.containers.host.remove_volume):
        for name in ("bridge", "../x"):
            with contextlib.suppress(PortalError):
                remove(name)
    assert engine.containers.host.facts().version


def test_networks_and_volumes_of_others_are_not_seen(engine: Engine, network: Network) -> None:
    assert "bridge" not in {each.name for each in engine.containers.host.networks()}
    assert all(each.labels[LABEL_MANAGED] == "1" for each in engine.containers.host.networks())
