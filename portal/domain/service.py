"""A service: something deployed as containers from one image repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.domain.container import Limits
from portal.domain.errors import Invalid

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::\d{1,5})?(?:/[!-~]{0,1000})?", re.ASCII)
_COMMIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
RESERVED = frozenset({"new"})
LEAST_MEMORY = 6_291_456  # what the engine accepts
_PATH = re.compile(r"/[A-Za-z0-9_.~/-]{0,199}", re.ASCII)


def check_name(name: str, field: str = "name") -> str:
    """Lower-case letters, digits and hyphens, 1 to 40 characters, and no word that stands for something else in
    addresses. Invalid("name_bad", field=…) or Invalid("name_taken", field=…).
    """
    if name in RESERVED:
        raise Invalid("name_taken", field=field, name=name)
    if not _NAME.fullmatch(name):
        raise Invalid("name_bad", field=field, name=name[:60])
    return name


@dataclass(frozen=True, slots=True)
class Link:
    """Something worth a look outside the portal: a dashboard, a board, a page of documentation."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Service:
    """`repository` is the image repository without a tag. `environment` are settings given to every container.

    `source_url` is the web page of its source repository, from which addresses of comparisons are made. An archived
    service keeps its history and can neither be released nor rolled out.

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
    tags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    source_url: str = ""
    is_archived: bool = False


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
    _check_container(service)
    _check_words(service)
    return service


def _check_container(service: Service) -> None:
    wrong = next((name for name in service.environment if not _VARIABLE.fullmatch(name)), None)
    if wrong is not None:
        raise Invalid("variable_bad", field="environment", name=wrong[:60])
    limits = service.limits
    if not (0 < limits.cpu_cores <= 1024 and limits.memory_bytes >= LEAST_MEMORY and limits.pids >= 1):
        raise Invalid("limits_bad", field="limits")


def _check_words(service: Service) -> None:
    for tag in service.tags:
        if not _NAME.fullmatch(tag):
            raise Invalid("tag_bad", field="tags", tag=tag[:60])
    for name in (*service.owners, *(link.name for link in service.links)):
        if not 1 <= len(name) <= 60 or not name.isprintable():
            raise Invalid("owner_bad", field="owners", name=name[:60])
    for url in (*(link.url for link in service.links), *([service.source_url] if service.source_url else ())):
        if not _URL.fullmatch(url):
            raise Invalid("link_bad", field="links", url=url[:60])


def compare_url(service: Service, *, old: str, new: str) -> str:
    """The web page that shows the commits between two, where the source's home is known and both commits are; else
    empty. GitLab has it below `/-/`.
    """
    if not (service.source_url and _COMMIT.fullmatch(old) and _COMMIT.fullmatch(new)):
        return ""
    home = service.source_url.rstrip("/").removesuffix(".git")
    host = home.split("/")[2]
    return f"{home}{'/-' if 'gitlab' in host else ''}/compare/{old}...{new}"
