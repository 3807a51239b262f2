"""A service: something deployed as containers from one image repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.domain.container import Limits
from portal.domain.errors import Invalid

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9_.~/-]{0,199}", re.ASCII)


def check_name(name: str, field: str = "name") -> str:
    """Lower-case letters, digits and hyphens, 1 to 40 characters. Invalid("name_bad", field=…)."""
    if not _NAME.fullmatch(name):
        raise Invalid("name_bad", field=field, name=name[:60])
    return name


@dataclass(frozen=True, slots=True)
class Service:
    """`repository` is the image repository without a tag. `environment` are settings given to every container.

    `hosts` and `path_prefix` say which requests are its own; in an environment other than the first one a host is
    prefixed as the environment's own setting says (see `Environment.host_prefix`).
    """

    name: str
    repository: str
    description: str = ""
    port: int = 8080
    health_path: str = "/healthz"
    metrics_path: str = "/metrics"
    hosts: tuple[str, ...] = ()
    path_prefix: str = "/"
    owners: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: Limits = Limits()
    is_root_read_only: bool = True
    is_shielded: bool = False
    stop_grace_seconds: int = 10


def check_service(service: Service) -> Service:
    """The service, if every field can be used as it is; Invalid(…, field=…) names the first that cannot."""
    check_name(service.name)
    if not 1 <= service.port <= 65535:
        raise Invalid("port_bad", field="port", port=service.port)
    for name in ("health_path", "metrics_path", "path_prefix"):
        path = str(getattr(service, name))
        if not _PATH.fullmatch(path):
            raise Invalid("path_bad", field=name, path=path[:60])
    for host in service.hosts:
        if not _HOST.fullmatch(host):
            raise Invalid("host_bad", field="hosts", host=host[:60])
    if not 1 <= len(service.repository) <= 255 or any(c.isspace() for c in service.repository):
        raise Invalid("repository_bad", field="repository", repository=service.repository[:60])
    return service
