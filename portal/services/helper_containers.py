"""Short-lived containers that do one thing with volumes or a database, and are found again after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.domain.container import ContainerSpec, FileMount, Limits, Network, VolumeMount
from portal.domain.errors import NotFound, Refused
from portal.domain.job import Interrupted
from portal.ports.containers import Containers
from portal.services.job_run import JobRun

PACE_SECONDS = 0.2
LINES = 5000
LABEL_HELPER = "codexfather.helper"
SAID = "cfp "
SCRATCH = "/tmp"  # noqa: S108 - in the container, where everybody may write
LIMITS = Limits(cpu_cores=1.0, memory_bytes=536_870_912, pids=256)


@dataclass(frozen=True, slots=True)
class HelperTask:
    """A shell script and what it needs. Lines it prints that begin with `cfp ` are for the portal:
    `cfp progress 3 10` is how far it is, everything else is its result.
    """

    name: str
    image: str
    script: str
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    volumes: tuple[VolumeMount, ...] = ()
    user: str = "root"
    has_network: bool = False
    unit: str = "steps"


@dataclass(frozen=True, slots=True)
class HelperContainers:
    containers: Containers
    network: Network

    def run(self, task: HelperTask, run: JobRun) -> tuple[str, ...]:
        """The lines of its result. Refused("helper_failed", reason=…) with its last words if it fails.

        A portal that ends leaves it at work, and its successor waits for the same one. Cancelled, it is removed.
        """
        try:
            said = self._run(task, run)
        except Interrupted:
            raise
        except BaseException:
            self.containers.remove(task.name)
            raise
        self.containers.remove(task.name)
        return said

    def _run(self, task: HelperTask, run: JobRun) -> tuple[str, ...]:
        if task.has_network:
            self.containers.ensure_network(self.network)
        image = self.containers.image(task.image)
        try:
            found = self.containers.inspect(task.name)
        except NotFound:
            found = self.containers.create(self._spec(task, image.id))
        if found.started_at is None or found.started_at.year < 2000:
            self.containers.start(task.name)
        while (found := self.containers.inspect(task.name)).is_running:
            self._tell(task, run)
            run.wait(PACE_SECONDS)
        lines = [line.text for line in self.containers.logs(task.name, tail=LINES)]
        if found.exit_code:
            words = [line for line in lines if not line.startswith(SAID)][-4:]
            raise Refused("helper_failed", task=task.name, reason=" / ".join(words)[-400:] or str(found.exit_code))
        return tuple(
            line.removeprefix(SAID) for line in lines if line.startswith(SAID) and not line.startswith("cfp progress ")
        )

    def _tell(self, task: HelperTask, run: JobRun) -> None:
        for line in reversed(self.containers.logs(task.name, tail=20)):
            if line.text.startswith("cfp progress "):
                done, _, total = line.text.removeprefix("cfp progress ").strip().partition(" ")
                if done.isdigit() and total.isdigit():
                    run.progress(int(done), int(total), unit=task.unit)
                return

    def _spec(self, task: HelperTask, image: str) -> ContainerSpec:
        files = {"run.sh": task.script.encode(), **task.files}
        return ContainerSpec(
            name=task.name,
            image=image,
            labels={LABEL_HELPER: "1"},
            environment=task.environment,
            command=("sh", "/cfp/run.sh"),
            user=task.user,
            network=self.network.name if task.has_network else "",
            limits=LIMITS,
            volumes=task.volumes,
            files=tuple(FileMount(f"/cfp/{name}", content) for name, content in files.items()),
            tmpfs=() if any(mount.target == SCRATCH for mount in task.volumes) else (SCRATCH,),
            is_root_read_only=True,
            restart_attempts=0,
        )
