"""The endpoints that exist behind the gate, each with the queries it takes. What is not here does not exist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from portal.gate.heads import Request
from portal.gate.names import NAME, REFERENCE, inner_path, name, reference
from portal.gate.refusals import Refusal
from portal.gate.shapes import Shape, free_text, text

BODY_MAX = 262_144
ARCHIVE_MAX = 5 * 1024 * 1024
MINUTE = 60.0


class Act(Enum):
    """What the gate does with a call."""

    PASS = auto()
    LIST = auto()
    EVENTS = auto()
    INSPECT = auto()
    OWN = auto()
    CREATE = auto()
    ARCHIVE = auto()
    LOAD = auto()
    NETWORK_INSPECT = auto()
    NETWORK_CREATE = auto()
    NETWORK_REMOVE = auto()
    EXEC_MAKE = auto()
    EXEC_START = auto()
    EXEC_INSPECT = auto()
    IMAGE_REMOVE = auto()
    VOLUME_REMOVE = auto()
    VOLUME_SIZES = auto()
    UPDATE = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """`seconds` bounds the whole reply (None: a stream that ends when either side does), `body_max` the body."""

    method: str
    path: str
    act: Act
    query: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    required: tuple[str, ...] = ()
    seconds: float | None = MINUTE
    body_max: int = 0


flag = text(r"[01]|[Tt]rue|[Ff]alse")
off = text(r"0|[Ff]alse")
moment = text(r"\d{1,12}(?:\.\d{1,9})?")
seconds = text(r"\d{1,4}")
CONTAINER = rf"/containers/({NAME})"
EXECUTION = r"/exec/([0-9a-f]{64})"
LOGS: Mapping[str, Shape] = {
    "stdout": flag,
    "stderr": flag,
    "follow": flag,
    "timestamps": flag,
    "tail": text(r"all|\d{1,7}"),
    "since": moment,
    "until": moment,
}
LIST: Mapping[str, Shape] = {
    "all": flag,
    "limit": text(r"-1|\d{1,5}"),
    "size": off,
    "trunc_cmd": flag,
    "filters": free_text(4096),
    "others": text("1"),
}

RULES = (
    Rule("GET", "/_ping", Act.PASS),
    Rule("HEAD", "/_ping", Act.PASS),
    Rule("GET", "/version", Act.PASS),
    Rule("GET", "/info", Act.PASS),
    Rule("GET", "/events", Act.EVENTS, {"since": moment, "until": moment, "filters": free_text(4096)}, seconds=None),
    Rule("GET", "/containers/json", Act.LIST, LIST),
    Rule("GET", CONTAINER + "/json", Act.INSPECT, {"size": off}),
    Rule("GET", CONTAINER + "/logs", Act.OWN, LOGS, seconds=None),
    Rule("GET", CONTAINER + "/stats", Act.OWN, {"stream": flag, "one-shot": flag}, seconds=None),
    Rule("POST", "/containers/create", Act.CREATE, {"name": name}, ("name",), body_max=BODY_MAX),
    Rule(
        "PUT",
        CONTAINER + "/archive",
        Act.ARCHIVE,
        {"path": inner_path, "noOverwriteDirNonDir": flag},
        ("path",),
        body_max=ARCHIVE_MAX,
    ),
    Rule("POST", CONTAINER + "/start", Act.OWN),
    Rule("POST", CONTAINER + "/stop", Act.OWN, {"t": seconds}, seconds=70 * MINUTE),
    Rule("POST", CONTAINER + "/restart", Act.OWN, {"t": seconds}, seconds=70 * MINUTE),
    Rule("POST", CONTAINER + "/kill", Act.OWN, {"signal": text(r"(?:SIG)?[A-Z0-9]{1,8}")}),
    Rule("POST", CONTAINER + "/wait", Act.OWN, {"condition": text(r"not-running|next-exit|removed")}, seconds=None),
    Rule("POST", CONTAINER + "/update", Act.UPDATE, body_max=BODY_MAX),
    Rule("DELETE", CONTAINER, Act.OWN, {"v": flag, "force": flag, "link": off}),
    Rule("POST", CONTAINER + "/exec", Act.EXEC_MAKE, body_max=BODY_MAX),
    Rule("POST", EXECUTION + "/start", Act.EXEC_START, seconds=15 * MINUTE, body_max=BODY_MAX),
    Rule("GET", EXECUTION + "/json", Act.EXEC_INSPECT),
    Rule("GET", "/images/json", Act.PASS, {"all": flag, "only_ids": off, "digests": flag}),
    Rule("GET", rf"/images/({REFERENCE})/json", Act.PASS),
    Rule(
        "POST",
        "/images/create",
        Act.PASS,
        {"fromImage": reference, "tag": text(r"[A-Za-z0-9_@:.-]{1,160}")},
        ("fromImage", "tag"),
        seconds=30 * MINUTE,
    ),
    Rule("POST", "/images/load", Act.LOAD, {"quiet": flag}, seconds=30 * MINUTE),
    Rule("DELETE", rf"/images/({REFERENCE})", Act.IMAGE_REMOVE),
    Rule("GET", "/volumes", Act.LIST, {"filters": free_text(4096)}),
    Rule("DELETE", rf"/volumes/({NAME})", Act.VOLUME_REMOVE),
    Rule("GET", "/system/df", Act.VOLUME_SIZES, {"type": text("volume")}),
    Rule("GET", "/networks", Act.LIST, {"filters": free_text(4096)}),
    Rule("GET", rf"/networks/({NAME})", Act.NETWORK_INSPECT),
    Rule("DELETE", rf"/networks/({NAME})", Act.NETWORK_REMOVE),
    Rule("POST", "/networks/create", Act.NETWORK_CREATE, body_max=BODY_MAX),
)
_compiled = tuple((rule, re.compile(rule.path, re.ASCII)) for rule in RULES)


def find(request: Request) -> tuple[Rule, str]:
    """The rule for a request, with what its path names. Refuses what no rule names, and queries the rule does not."""
    for rule, pattern in _compiled:
        found = pattern.fullmatch(request.path)
        if rule.method == request.method and found:
            _check_query(rule, request.query)
            return rule, found[1] if pattern.groups else ""
    raise Refusal("endpoint: not allowed")


def _check_query(rule: Rule, query: Mapping[str, str]) -> None:
    for given, value in query.items():
        if given not in rule.query:
            raise Refusal(f"query {given}: not allowed")
        rule.query[given](value, f"query {given}")
    if missing := [needed for needed in rule.required if needed not in query]:
        raise Refusal(f"query {missing[0]}: missing")
