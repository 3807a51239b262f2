"""Puts a message onto the websocket of a tab of this process, encoded once for all the tabs that are sent the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reflex_base.constants.state import FIELD_MARKER

from portal.web.sight import Sight

MOST_UNSENT = 32
_HERE = "here"
_frames: dict[str, tuple[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """To one tab. `namespace` is Reflex's, to which the tabs are connected, `socket` that of Engine.IO."""

    namespace: Any
    socket: Any

    def is_behind(self) -> bool:
        """Whether the tab has not taken what it was sent before, so that it should be told the newest later."""
        return self.socket.queue.qsize() > MOST_UNSENT

    async def send(self, state: str, sight: Sight, names: tuple[str, ...]) -> None:
        """Tell the tab the values of these fields of the state with this full name."""
        await self.socket.send(sight.message(names, lambda: self._packet(state, sight, names)))

    def _packet(self, state: str, sight: Sight, names: tuple[str, ...]) -> Any:
        from engineio.packet import MESSAGE, Packet

        before, after = self._frame(state)
        fields = ",".join(f'"{name}{FIELD_MARKER}":{sight.text(name, self._json)}' for name in names)
        return Packet(MESSAGE, data=f"{before}{fields}{after}")

    def _frame(self, state: str) -> tuple[str, str]:
        """What Reflex and Socket.IO put around the fields of a delta."""
        if state not in _frames:
            update = {"delta": {state: {_HERE: 0}}}
            kind = self.namespace.server.packet_class
            whole = kind(data=["event", update], namespace=self.namespace.namespace).encode()
            before, _, after = whole.partition(self._json({_HERE: 0})[1:-1])
            _frames[state] = before, after
        return _frames[state]

    def _json(self, value: object) -> str:
        return self.namespace.server.packet_class.json.dumps(value, separators=(",", ":"))


def line_to(namespace: Any, token: str) -> Line | None:
    """None if the tab is not connected to this process."""
    if namespace is None or namespace.server is None:
        return None
    server, manager = namespace.server, namespace._token_manager
    record = manager.token_to_socket.get(token)
    if record is None or record.instance_id != manager.instance_id:
        return None
    socket = server.eio.sockets.get(server.manager.eio_sid_from_sid(record.sid, namespace.namespace))
    return Line(namespace, socket) if socket is not None else None
