"""What a network may look like that is created through the gate."""

from __future__ import annotations

from typing import Any

from portal.gate import documents
from portal.gate.creation import owned
from portal.gate.names import RESERVED, address, name, private_subnet
from portal.gate.refusals import Refusal
from portal.gate.shapes import boolean, free_text, many, mapping, one_of, record

_pool = record({"Subnet": private_subnet, "IPRange": private_subnet, "Gateway": address}, ("Subnet",))
_body = record(
    {
        "Name": name,
        "Driver": one_of("bridge"),
        "CheckDuplicate": boolean,
        "Internal": boolean,
        "EnableIPv6": one_of(False),
        "Labels": mapping(name, free_text(1024), limit=16),
        "IPAM": record({"Driver": one_of("default"), "Config": many(_pool, 1)}),
    },
    ("Name", "IPAM"),
)


def network(body: bytes, label: str) -> dict[str, Any]:
    """The body that is sent on: a bridge with our label in a private subnet."""
    wanted = _body(documents.parse(body), "body")
    if wanted["Name"] in RESERVED:
        raise Refusal("body.Name: reserved")
    wanted["Labels"] = owned(wanted.get("Labels"), label)
    return wanted | {"Driver": "bridge", "CheckDuplicate": True}
