"""What is put into a container of a service from outside of its image: variables, files, labels and limits.

Everybody who makes or judges a container reads it here, so that a container that is made anew is the same one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from portal.domain.configuration_changes import Snapshot
from portal.domain.container import (
    LABEL_ENVIRONMENT,
    LABEL_LIVE,
    LABEL_OPERATION,
    LABEL_SERVICE,
    LABEL_SLOT,
    LABEL_VERSION,
    ContainerSpec,
    FileMount,
    Limits,
    VolumeMount,
)
from portal.domain.deployment import Replica
from portal.domain.service import Service
from portal.services import configuration_snapshots as snapshots
from portal.services.secret_box import SecretBox
from portal.services.secret_values import variables_of, volumes_of
from portal.store import catalogue, scaling


@dataclass(frozen=True, slots=True)
class ContainerInputs:
    """`environment` and `labels` come on top of what the portal gives every container; `files` go in before the start.

    The same replica gets the same inputs as long as it lives: what a container is made with is part of which one it is.
    """

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    files: tuple[FileMount, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    volumes: tuple[VolumeMount, ...] = ()
    limits: Limits = Limits()


def container_inputs(session: Session, service: Service, replica: Replica, *, box: SecretBox) -> ContainerInputs:
    """What this replica of the service, in its environment, is given. NotFound(…) if something of it is gone."""
    shot = snapshots.given(session, service, replica.configuration)
    return ContainerInputs(
        environment={**shot.variables, **variables_of(session, replica, box)},
        files=(settings_file(shot),) if shot.file else (),
        volumes=volumes_of(session, replica),
        labels={LABEL_LIVE: shot.file.rpartition("/")[0]} if shot.file else {},
        limits=limits_of(session, service, replica.environment, configuration=replica.configuration),
    )


def settings_file(shot: Snapshot) -> FileMount:
    """All settings as JSON, for whoever in the container wants to read them."""
    text = json.dumps(shot.content, indent=2, ensure_ascii=False, sort_keys=True)
    return FileMount(shot.file, f"{text}\n".encode(), is_live=True)


def limits_of(session: Session, service: Service, environment: str, *, configuration: int = 0) -> Limits:
    """Those of the settings, or the service's own, with what was set for the environment put over them."""
    own = snapshots.given(session, service, configuration).limits
    return scaling.get(session, service.name, environment).limits(own)


def container_spec(session: Session, replica: Replica, *, network: str, box: SecretBox) -> ContainerSpec:
    """How this container is wanted: its inputs, and labels that say whose it is. NotFound("service_missing")."""
    service = catalogue.service(session, replica.service)
    inputs = container_inputs(session, service, replica, box=box)
    return ContainerSpec(
        name=replica.name,
        image=replica.image,
        labels={**inputs.labels, **_own_labels(replica)},
        environment={**inputs.environment, "PORT": str(service.port), "APP_VERSION": replica.version},
        network=network,
        address=replica.address,
        limits=inputs.limits,
        files=inputs.files,
        volumes=inputs.volumes,
        is_root_read_only=service.is_root_read_only,
        stop_grace_seconds=service.stop_grace_seconds,
    )


def _own_labels(replica: Replica) -> dict[str, str]:
    return {
        LABEL_SERVICE: replica.service,
        LABEL_ENVIRONMENT: replica.environment,
        LABEL_VERSION: replica.version,
        LABEL_SLOT: replica.slot,
        LABEL_OPERATION: f"{replica.operation_id}.{replica.number}",
    }
