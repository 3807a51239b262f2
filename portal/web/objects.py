"""The things that the audit trail and the search name: what they are called, and the page of each that has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote

from portal.web.addresses import release_address
from portal.web.navigation import nouns
from portal.web.words import Words, has_words, same, words


def _release(target: str) -> str:
    service, _, version = target.partition(" ")
    return release_address(service, version) if version else ""


def _of(path: str) -> Callable[[str], str]:
    """A page of its own below that of the noun."""
    return lambda target: f"{path}/{quote(target, safe='')}" if _is_there(path) else ""


def _is_there(path: str) -> bool:
    return any(noun.path == path for noun in nouns())


_PAGE_OF: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "rollout": _of("/rollouts"),
        "release": _release,
        "service": _of("/services"),
        "environment": _of("/environments"),
        "user": _of("/users"),
        "token": lambda _target: "/tokens",
        "feedback": _of("/support"),
        "job": _of("/operations"),
        "container": _of("/containers"),
        "secret": lambda target: f"/secrets/{target}" if _is_there("/secrets") else "",
        "log": lambda _target: "/settings" if _is_there("/settings") else "",
    }
)


def object_address(kind: str, target: str) -> str:
    """The page of the thing; empty if it has none."""
    find = _PAGE_OF.get(kind)
    return find(target) if find and target else ""


def kind_words(kind: str) -> Words:
    """`object.<kind>`; a kind without words reads as it is."""
    key = f"object.{kind}"
    return words(key) if has_words(key) else same(kind)
