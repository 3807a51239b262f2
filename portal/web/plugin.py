"""Makes the built front end talk to the host and port that served it, whichever they are."""

from __future__ import annotations

from typing import Any

import reflex as rx

_ANCHOR = "    endpoint.hostname = frontend_hostname;\n"
_PORT = "    endpoint.port = window.location.port;\n"
_GUESS = 'endpoint.port = ""; // Assume websocket is on https port via load balancer.'


def follow_own_port(source: str) -> str:
    """The script with the port taken from the address bar. RuntimeError if Reflex has changed the place."""
    if _PORT in source:
        return source
    if _ANCHOR not in source or _GUESS not in source:
        raise RuntimeError("Reflex has changed utils/state.js: portal.web.plugin has to follow")
    return source.replace(_ANCHOR, _ANCHOR + _PORT, 1).replace(_GUESS, "")


class SameOriginPlugin(rx.plugins.Plugin):
    def pre_compile(self, **context: Any) -> None:
        context["add_modify_task"]("utils/state.js", follow_own_port)
