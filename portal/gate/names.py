"""The forms of names, paths and addresses that pass the gate."""

from __future__ import annotations

import ipaddress
import posixpath
from typing import Any

from portal.gate.refusals import Refusal
from portal.gate.shapes import free_text, text

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
REFERENCE = r"[A-Za-z0-9](?!.*\.\.)(?!.*//)[A-Za-z0-9_.:/@-]{0,254}"
RESERVED = frozenset(
    {"host", "bridge", "none", "default", "podman", "slirp4netns", "pasta", "private", "container", "ns", "pod"}
)
KERNEL_PATHS = ("/proc", "/sys", "/dev")
PRIVATE = tuple(ipaddress.IPv4Network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))

name = text(NAME)
reference = text(REFERENCE)
address = text(r"(?:\d{1,3}\.){3}\d{1,3}")


def inner_path(value: Any, place: str) -> str:
    """An absolute, plain path inside a container, away from the kernel's own."""
    path = free_text(512)(value, place)
    is_plain = path.startswith("/") and path == posixpath.normpath(path) and not path.startswith("//")
    if not is_plain or any(letter in path for letter in ":,\n\r"):
        raise Refusal(f"{place}: path not allowed")
    if path == "/" or any(path == root or path.startswith(root + "/") for root in KERNEL_PATHS):
        raise Refusal(f"{place}: path not allowed")
    return path


def private_subnet(value: Any, place: str) -> str:
    """A private IPv4 network of 8 to 65,536 addresses, so that no route to elsewhere can be taken over."""
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        raise Refusal(f"{place}: not a network") from None
    if not any(network.subnet_of(private) for private in PRIVATE) or not 16 <= network.prefixlen <= 29:
        raise Refusal(f"{place}: not a private network")
    return str(network)
