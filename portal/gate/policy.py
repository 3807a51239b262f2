"""From a request that a rule names to the call the engine gets: what is ours, in whose name, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from portal.gate import archives, belongings, bridges, creation, documents, executions, live_files
from portal.gate.engine import Call, Engine
from portal.gate.heads import Request
from portal.gate.names import RESERVED, name
from portal.gate.refusals import Refusal
from portal.gate.rules import Act
from portal.gate.shapes import Shape, free_text, many, record, text

_texts = many(free_text(512), 32)
CONTAINER_FILTERS: Mapping[str, Shape] = {"label": _texts, "name": _texts, "id": _texts, "status": _texts}
EVENT_FILTERS: Mapping[str, Shape] = {"type": many(text("container"), 1), "event": _texts}
_CONTAINER_ACTS = frozenset({Act.INSPECT, Act.OWN, Act.ARCHIVE, Act.UPDATE})
_EXECUTION_ACTS = frozenset({Act.EXEC_MAKE, Act.EXEC_START, Act.EXEC_INSPECT})
_REMOVALS = frozenset({Act.IMAGE_REMOVE, Act.VOLUME_REMOVE, Act.NETWORK_REMOVE})


@dataclass(frozen=True, slots=True)
class Openings:
    """What is shut unless the gate was started otherwise."""

    lets_execute: bool = False
    shows_others: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that the gate gives by itself."""

    status: int
    body: bytes


class Policy:
    """Decides what a request becomes. `label` (key=value) marks what is ours."""

    def __init__(self, engine: Engine, label: str, openings: Openings) -> None:
        self.engine = engine
        self.label = label
        self.openings = openings
        self.executions = executions.Executions()

    async def decide(self, act: Act, request: Request, *, subject: str, body: bytes) -> Call | Answer:
        """The call to make, or the answer at once. Refusal if it is not allowed."""
        if act in _CONTAINER_ACTS:
            return await self._own(act, request, subject=subject, body=body)
        if act in _EXECUTION_ACTS:
            return await self._execution(act, request, subject=subject, body=body)
        if act in _REMOVALS:
            return await self._unused(act, request, subject)
        match act:
            case Act.CREATE:
                return await self._create(request, body)
            case Act.NETWORK_INSPECT:
                return await self._network(request, subject)
            case Act.VOLUME_SIZES:
                return await self._volume_sizes(request)
            case Act.LIST if "others" in request.query:
                return await self._others(request)
            case _:
                return self._at_once(act, request, body)

    def _at_once(self, act: Act, request: Request, body: bytes) -> Call:
        """The calls for which nothing has to be looked up."""
        if act is Act.NETWORK_CREATE:
            wanted = bridges.network(body, self.label)
            return Call("POST", request.target(request.path, {}), documents.serialise(wanted))
        if act is Act.LOAD:
            return Call(
                "POST",
                request.target(request.path, request.query),
                content_type="application/x-tar",
                length=request.length,
            )
        if act is Act.PASS:
            return self._pass(request)
        return self._listed(request, EVENT_FILTERS if act is Act.EVENTS else CONTAINER_FILTERS)

    def _pass(self, request: Request) -> Call:
        auth = request.registry_auth if request.path == "/images/create" else ""
        headers = (f"X-Registry-Auth: {auth}",) if auth else ()
        return Call(request.method, request.target(request.path, request.query), headers=headers)

    def _listed(self, request: Request, known: Mapping[str, Shape]) -> Call:
        given = documents.parse(request.query.get("filters", "{}").encode("utf-8", "replace"))
        filters = record(known)(given, "filters")
        filters["label"] = [*filters.get("label", ()), self.label]
        if known is EVENT_FILTERS:
            filters["type"] = ["container"]
        return Call("GET", request.target(request.path, request.query | {"filters": json.dumps(filters)}))

    async def _own(self, act: Act, request: Request, *, subject: str, body: bytes) -> Call | Answer:
        status, found = await self._look(request, f"/containers/{subject}/json")
        if status != 200:
            return Answer(status, documents.serialise(found))
        self._mine(found.get("Config", {}).get("Labels"), subject)
        if act is Act.INSPECT:
            return Answer(200, json.dumps(found).encode())
        rest = request.path.removeprefix(f"/containers/{subject}")
        target = request.target(f"/containers/{_full_id(found)}{rest}", request.query)
        if act is Act.OWN:
            return Call(request.method, target)
        if act is Act.UPDATE:
            return Call("POST", target, documents.serialise(creation.limits(body)))
        if found["State"]["Status"] not in ("created", "configured"):
            live_files.demand_live(found, request.query["path"])
            status, said = await live_files.put(self.engine, request, identity=_full_id(found), body=body)
            return Answer(status, documents.serialise(said))
        return Call("PUT", target, archives.rewrite(body), content_type="application/x-tar")

    async def _execution(self, act: Act, request: Request, *, subject: str, body: bytes) -> Call | Answer:
        if not self.openings.lets_execute:
            raise Refusal("exec: switched off")
        if act is Act.EXEC_MAKE:
            return await self._make_execution(request, subject, executions.to_make(body))
        if act is Act.EXEC_START:
            wanted = executions.to_start(body)
            self.executions.use(subject)
            return Call("POST", request.target(request.path, {}), wanted)
        self.executions.check(subject)
        return Call("GET", request.target(request.path, {}))

    async def _make_execution(self, request: Request, subject: str, wanted: bytes) -> Answer:
        status, found = await self._look(request, f"/containers/{subject}/json")
        if status == 200:
            self._mine(found.get("Config", {}).get("Labels"), subject)
            if found.get("HostConfig", {}).get("Privileged"):
                raise Refusal(f"{subject}: privileged")
            target = request.target(f"/containers/{_full_id(found)}/exec", {})
            status, found = await self.engine.ask("POST", target, body=wanted)
            if status == 201:
                self.executions.remember(found)
        return Answer(status, documents.serialise(found))

    async def _unused_image(self, request: Request, subject: str) -> Call | Answer:
        status, found = await self._look(request, f"/images/{subject}/json")
        if status != 200:
            return Answer(status, documents.serialise(found))
        await belongings.demand_unused(self.engine, request, filters={"ancestor": _full_id(found)})
        return Call("DELETE", request.target(request.path, {}))

    async def _unused(self, act: Act, request: Request, subject: str) -> Call | Answer:
        """A volume or network of ours, by its whole name, or an image, that no container is made with."""
        if act is Act.IMAGE_REMOVE:
            return await self._unused_image(request, subject)
        kind = "volume" if act is Act.VOLUME_REMOVE else "network"
        if subject in RESERVED:
            raise Refusal(f"{kind} {subject}: not one of ours")
        status, found = await self._look(request, f"/{kind}s/{subject}")
        if status != 200 or found.get("Name") != subject:
            raise Refusal(f"{kind} {subject}: not there", status=404)
        self._mine(found.get("Labels"), subject)
        await belongings.demand_unused(self.engine, request, filters={kind: subject})
        return Call("DELETE", request.target(request.path, {}))

    async def _volume_sizes(self, request: Request) -> Answer:
        status, found = await self.engine.ask("GET", request.target(request.path, request.query))
        return Answer(status, json.dumps(belongings.our_volumes(found, self.label)).encode())

    async def _others(self, request: Request) -> Answer:
        if not self.openings.shows_others or request.path != "/containers/json":
            raise Refusal("others: not shown")
        status, found = await self.engine.ask("GET", request.target(request.path, {"all": "1"}))
        return Answer(status, json.dumps(belongings.without_ours(found, self.label)).encode())

    async def _create(self, request: Request, body: bytes) -> Call:
        wanted = creation.container(body, self.label)
        for network in creation.networks_of(wanted):
            await self._own_network(request, network)
        for volume, is_in_memory in creation.volumes_of(wanted).items():
            await self._own_volume(request, volume, creation.IN_MEMORY if is_in_memory else {})
        return Call("POST", request.target(request.path, request.query), documents.serialise(wanted))

    async def _network(self, request: Request, subject: str) -> Answer:
        if subject in RESERVED:
            raise Refusal(f"network {subject}: not one of ours")
        status, found = await self._look(request, f"/networks/{subject}")
        if status == 200:
            self._mine(found.get("Labels"), subject)
        return Answer(status, json.dumps(found).encode())

    async def _own_network(self, request: Request, network: str) -> None:
        status, found = await self._look(request, f"/networks/{network}")
        if status != 200 or found.get("Name") != network:
            raise Refusal(f"network {network}: not there", status=404)
        if found.get("Driver") != "bridge":
            raise Refusal(f"network {network}: not a bridge")
        self._mine(found.get("Labels"), network)

    async def _own_volume(self, request: Request, volume: str, options: Mapping[str, str]) -> None:
        """Ours already, or made now; a plain local one or one in memory, so that it is no place of the host."""
        key, _, value = self.label.partition("=")
        status, found = await self._look(request, f"/volumes/{volume}")
        if status == 404 or found.get("Name") != volume:  # Podman also answers for the beginning of a name
            plain = {"Name": volume, "Driver": "local", "Labels": {key: value}}
            body = documents.serialise(plain | ({"DriverOpts": dict(options)} if options else {}))
            status, found = await self.engine.ask("POST", request.target("/volumes/create", {}), body=body)
        if status not in (200, 201) or found.get("Name") != volume:
            raise Refusal(f"volume {volume}: not there")
        self._mine(found.get("Labels"), volume)
        if found.get("Driver") != "local" or dict(found.get("Options") or {}) != dict(options):
            raise Refusal(f"volume {volume}: not of this kind")

    async def _look(self, request: Request, path: str) -> tuple[int, Any]:
        status, found = await self.engine.ask("GET", request.target(quote(path), {}))
        if not isinstance(found, dict):
            return status, {"message": "the engine gave no document"}
        return status, cast("dict[str, Any]", found)

    def _mine(self, labels: Any, subject: str) -> None:
        key, _, value = self.label.partition("=")
        if not isinstance(labels, dict) or cast("dict[str, Any]", labels).get(key) != value:
            raise Refusal(f"{subject}: not one of ours")


def _full_id(found: Mapping[str, Any]) -> str:
    """Without its kind: Podman finds nothing by an id that has one before it."""
    return name(str(found.get("Id")).removeprefix("sha256:"), "Id")
