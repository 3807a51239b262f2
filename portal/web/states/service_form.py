"""The form of a service: a new one, or one as it should be from now on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.container import Limits
from portal.domain.errors import Conflict, Invalid, NotFound, PortalError
from portal.domain.service import Link, Service
from portal.web import arguments
from portal.web.policy import requires
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

LONGEST_LIST, MOST_LINES = 10_000, 200
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """What the fields show; texts, as a form has them. Lists are one a line."""

    name: str = ""
    repository: str = ""
    description: str = ""
    port: str = "8080"
    health_path: str = "/healthz"
    metrics_path: str = "/metrics"
    hosts: str = ""
    path_prefix: str = "/"
    owners: str = ""
    tags: str = ""
    dependencies: str = ""
    variables: str = ""
    links: str = ""
    source_url: str = ""
    cpu_cores: str = "0.5"
    memory_mib: str = "256"
    pids: str = "256"
    stop_grace_seconds: str = "10"
    is_root_read_only: bool = True
    is_shielded: bool = False


class ServiceFormState(rx.State):
    is_loaded: bool = False
    is_new: bool = True
    missing: Words = Words()
    form: ServiceForm = ServiceForm()
    others: list[str] = []
    trouble: Words = Words()

    @rx.event
    @requires(Permission.SERVICE_EDIT)
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            try:
                name, last = arguments.segments(self, 2)
                put(self, **await asyncio.to_thread(_fetch, await actor_of(self), "" if last == "new" else name))
            except NotFound as error:
                put(self, missing=error_words(error))

    @rx.event
    @requires(Permission.SERVICE_EDIT)
    async def save(self, form: dict[str, Any]) -> object:
        actor = await actor_of(self)
        try:
            name = arguments.field(form, "name", longest=60) if self.is_new else self.form.name
            await asyncio.to_thread(_save, actor, (name, self.is_new), form)
        except PortalError as error:
            put(self, trouble=error_words(error))
            return None
        core().topics.publish("rollouts")
        tell(await self.get_state(SessionState), words("service.saved", name=name))
        return rx.redirect(f"/services/{name}?tab=settings")


def _fetch(actor: Actor, name: str) -> dict[str, object]:
    known = core().catalogue.service(actor, name) if name else None
    every = core().catalogue.services(actor)
    return {
        "is_loaded": True,
        "is_new": known is None,
        "form": _shown(known) if known else ServiceForm(),
        "others": [service.name for service in every if service.name != name],
    }


def _save(actor: Actor, which: tuple[str, bool], form: dict[str, Any]) -> None:
    name, is_new = which
    catalogue = core().catalogue
    if is_new and any(service.name == name for service in catalogue.services(actor, has_archived=True)):
        raise Conflict("service_exists", field="name", service=name)
    before = Service(name, "") if is_new else catalogue.service(actor, name)
    catalogue.save_service(actor, _service(before, form), reason=arguments.field(form, "reason"))


def _shown(known: Service) -> ServiceForm:
    limits = known.limits
    return ServiceForm(
        name=known.name,
        repository=known.repository,
        description=known.description,
        port=str(known.port),
        health_path=known.health_path,
        metrics_path=known.metrics_path,
        hosts="\n".join(known.hosts),
        path_prefix=known.path_prefix,
        owners=", ".join(known.owners),
        tags=", ".join(known.tags),
        dependencies=", ".join(known.dependencies),
        variables="\n".join(f"{key}={value}" for key, value in sorted(known.environment.items())),
        links="\n".join(f"{link.name} {link.url}" for link in known.links),
        source_url=known.source_url,
        cpu_cores=f"{limits.cpu_cores:g}",
        memory_mib=f"{limits.memory_bytes / MEBIBYTE:g}",
        pids=str(limits.pids),
        stop_grace_seconds=str(known.stop_grace_seconds),
        is_root_read_only=known.is_root_read_only,
        is_shielded=known.is_shielded,
    )


def _service(before: Service, form: dict[str, Any]) -> Service:
    """Invalid(…, field=…) for what is no number or no line of its kind; the rest is checked when it is saved."""
    plain = ("repository", "health_path", "metrics_path", "path_prefix", "source_url")
    limits = Limits(
        cpu_cores=_number(form, "cpu_cores"),
        memory_bytes=round(_number(form, "memory_mib") * MEBIBYTE),
        pids=round(_number(form, "pids")),
        log_bytes=before.limits.log_bytes,
    )
    return replace(
        before,
        **{name: arguments.field(form, name) for name in plain},
        description=arguments.field(form, "description", longest=2000),
        port=round(_number(form, "port")),
        stop_grace_seconds=round(_number(form, "stop_grace_seconds")),
        hosts=_items(form, "hosts"),
        owners=_items(form, "owners"),
        tags=_items(form, "tags"),
        dependencies=_items(form, "dependencies"),
        environment=dict(_variable(line) for line in _lines(form, "variables")),
        links=tuple(_link(line) for line in _lines(form, "links")),
        limits=limits,
        is_root_read_only=bool(form.get("is_root_read_only")),
        is_shielded=bool(form.get("is_shielded")),
    )


def _lines(form: dict[str, Any], name: str) -> list[str]:
    text = arguments.field(form, name, longest=LONGEST_LIST)
    return [line.strip() for line in text.splitlines() if line.strip()][:MOST_LINES]


def _items(form: dict[str, Any], name: str) -> tuple[str, ...]:
    """Separated by commas, spaces or lines; each once."""
    parts = (part.strip() for line in _lines(form, name) for part in line.replace("，", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _variable(line: str) -> tuple[str, str]:
    name, separator, value = line.partition("=")
    if not separator:
        raise Invalid("variable_bad", field="environment", name=line[:60])
    return name.strip(), value


def _link(line: str) -> Link:
    name, _, url = line.rpartition(" ")
    return Link(name.strip() or url.partition("://")[2][:60], url)


def _number(form: dict[str, Any], name: str) -> float:
    written = arguments.field(form, name, longest=20)
    try:
        value = float(written)
    except ValueError:
        raise Invalid("number_bad", field=name, number=written) from None
    if not 0 <= value < 1e12:
        raise Invalid("number_bad", field=name, number=written)
    return value
