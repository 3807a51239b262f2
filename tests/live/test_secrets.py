"""A secret on a real engine: in the container from its start, rotated under it, and nowhere where others look."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from portal.adapters.clock import SystemClock
from portal.adapters.docker.containers import DockerContainers
from portal.adapters.memory.access_log import MemoryAccessLog
from portal.adapters.memory.traffic import MemoryTraffic
from portal.adapters.memory.world import MemoryWorld
from portal.domain.access import SYSTEM
from portal.domain.container import Network
from portal.domain.deployment import Replica
from portal.domain.environment import Environment, Stage
from portal.domain.job import JobState
from portal.domain.route import Slot
from portal.domain.secret import SecretForm, SecretOrder, VersionState
from portal.domain.secret_rotation import CheckKind, CutOver, Generator, Rotation
from portal.domain.service import Service
from portal.parts import Parts
from portal.services.container_inputs import container_spec
from portal.settings import Settings
from portal.store import operations, routing, secret_pins
from portal.store.database import Database
from portal.store.migrate import migrate
from portal.store.tables import OperationRow
from portal.wiring import Core, assemble
from tests.contracts.engines import PREFIX, ask, docker_socket, eventually, gate, image_archive, podman_socket

pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-008")]
CANARY, SHOWN = "canary-live-91c2f0", "canary-shown-37aa10"
PATH = "/run/secrets/token"
READY = ("/bin/sh", "-c", "trap 'echo told >&2' HUP; echo ready; while :; do sleep 0.1; done")
LIVE = Rotation(
    generator=Generator.HEX,
    check=CheckKind.COMMAND,
    check_command=("/bin/sh", "-c", f"test -s {PATH}.next"),
    cut_over=CutOver.LIVE,
    signal="HUP",
    wait_seconds=2,
)


@pytest.fixture(params=["docker", "podman"])
def core(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Core]:
    """A portal whose containers are real; nothing works in it but what the test calls."""
    with ExitStack() as stack:
        socket = docker_socket() if request.param == "docker" else stack.enter_context(podman_socket())
        containers = DockerContainers(f"unix://{stack.enter_context(gate(socket, '--exec')).path}")
        containers.load(image_archive())
        clock, database = SystemClock(), Database(f"sqlite:///{tmp_path}/portal.db")
        migrate(database)
        third = 233 if request.param == "docker" else 234
        network = Network(f"{PREFIX}-secrets-{os.getpid()}-{request.param}", f"10.{third}.{os.getpid() % 200}.0/24")
        stack.callback(ask, socket, "DELETE", f"/v1.41/networks/{network.name}")
        traffic = MemoryTraffic(MemoryWorld(clock))
        settings = Settings.from_environment({"PORTAL_DATA": str(tmp_path)})
        yield assemble(
            Parts(database, clock, containers, traffic, MemoryAccessLog(traffic), network=network, settings=settings)
        )
        database.close()


def run_container(core: Core) -> Replica:
    """As a rollout does it: pinned and written down first, then filled, made and started."""
    image = core.containers.image(f"{PREFIX}/tiny:1").id
    address = core.parts.network.subnet.replace(".0/24", ".20")
    names = (f"{PREFIX}-secret-{os.getpid()}", "hello", "prod")
    replica = Replica(*names, Slot.BLUE, "1.0.0", image, 1, address, 8080, 1)
    with core.database.transaction() as session:
        secret_pins.pin(session, replica, core.clock.now())
        routing.add_replica(session, replica)
        spec = container_spec(session, replica, network=core.parts.network.name, box=core.secret_box)
    core.containers.ensure_network(core.parts.network)
    core.secret_delivery.prepare(replica)
    core.containers.create(replace(spec, command=READY))
    core.containers.start(replica.name)
    return replica


def said(core: Core, name: str, *command: str) -> str:
    return "\n".join(line.text for line in core.containers.execute(name, command).lines)


def rotate(core: Core) -> JobState:
    job = core.secret_schedule.rotate(SYSTEM, "prod", "token", reason="due")
    with core.database.transaction() as session:
        session.exec(update(OperationRow).values(wake_at=0.0))
        (claim,) = operations.claim(session, "test", limit=1, of_jobs=True)
    core.job_engine.work(claim)
    return core.jobs.get(SYSTEM, job.id).state


def test_a_secret_is_delivered_rotated_live_and_found_nowhere_else(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    core.catalogue.save_environment(SYSTEM, Environment("prod", Stage.PROD, 1))
    core.catalogue.save_service(SYSTEM, Service("hello", "hello"))
    core.secrets.create(SYSTEM, SecretOrder("prod", "token", rotation=LIVE), CANARY.encode())
    core.secrets.create(SYSTEM, SecretOrder("prod", "shown", form=SecretForm.VARIABLE), SHOWN.encode())
    replica = run_container(core)
    try:
        assert said(core, replica.name, "cat", PATH) == CANARY
        told = json.dumps(core.containers.details(replica.name).document)
        assert CANARY not in told
        assert SHOWN in told, "of a variable the engine tells everybody, as the page says"
        eventually(lambda: "ready" in [line.text for line in core.containers.logs(replica.name)])
        assert rotate(core) is JobState.SUCCEEDED
        value = core.secrets.reveal(SYSTEM, "prod", "token", reason="look").text
        assert said(core, replica.name, "cat", PATH) == value != CANARY
        eventually(lambda: "told" in [line.text for line in core.containers.logs(replica.name)])
        states = [version.state for version in core.secrets.secret(SYSTEM, "prod", "token").versions]
        assert states == [VersionState.CURRENT, VersionState.REVOKED]
        searched = [caplog.text, *core.audit.export(SYSTEM), core.fleet.view(SYSTEM, replica.name).document]
        assert not [text[:80] for text in searched if CANARY in text or value in text or SHOWN in text]
    finally:
        core.containers.remove(replica.name)
        with core.database.transaction() as session:
            routing.give_back(session, replica.name, core.clock.now())
        core.secret_delivery.keep()
    assert f"{PREFIX}-secret" not in {container.name for container in core.containers.list()}
