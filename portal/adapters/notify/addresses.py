"""Which address a name stands for, and whether the portal may go there: not to itself, its neighbours or the machine's
own services, unless it was told to.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from portal.domain.errors import Refused, Unavailable


@dataclass(frozen=True, slots=True)
class Destination:
    """A host by name, and the one address that was looked at and will be used."""

    host: str
    port: int
    address: str


def resolve(host: str, port: int, *, lets_private: bool) -> Destination:
    """Every address of the name must be allowed, for the resolver may give another one next time.

    Refused("delivery_refused") for private, link-local, loopback and other special addresses, Unavailable("delivery_
    failed") if the name does not resolve now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable("delivery_failed", reason=f"{host}: {error}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not lets_private and not is_public(address):
            raise Refused("delivery_refused", reason=f"{host} is a private address ({address})")
    if not addresses:
        raise Unavailable("delivery_failed", reason=f"{host}: no address")
    return Destination(host, port, addresses[0])


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, also where it is written as IPv6 that means an IPv4 one."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
