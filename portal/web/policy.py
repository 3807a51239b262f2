"""Says of every event handler who may call it. What says nothing is denied by `portal.web.guard`.

Any client of the websocket can name any handler of any state, so the pages that show a button protect nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from portal.domain.access import Permission

_MARK = "__portal_policy__"
PUBLIC = "public"
SIGNED_IN = "signed_in"

Policy = Permission | str
Handler = TypeVar("Handler", bound=Callable[..., Any])


def requires(permission: Permission) -> Callable[[Handler], Handler]:
    """The handler needs this permission somewhere; services demand it again for the environment concerned."""

    def mark(handler: Handler) -> Handler:
        setattr(handler, _MARK, permission)
        return handler

    return mark


def public(handler: Handler) -> Handler:
    """Anybody may call the handler, signed in or not."""
    setattr(handler, _MARK, PUBLIC)
    return handler


def signed_in(handler: Handler) -> Handler:
    """For everybody who is signed in, whatever their roles: their own account, or what a service refuses in words."""
    setattr(handler, _MARK, SIGNED_IN)
    return handler


def policy_of(handler: object) -> Policy | None:
    """What the handler says of itself; None if it says nothing."""
    return getattr(handler, _MARK, None)
