"""The socket that the portal is served from."""

from __future__ import annotations

import asyncio
import socket

import pytest

from portal.domain.errors import Unavailable
from portal.web.serve import listening


async def test_an_answer_on_a_kept_connection_does_not_wait_for_the_next():
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("socket")
        answered.set_result(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listening("127.0.0.1", 0)
    async with await asyncio.start_server(connected, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        assert await asyncio.wait_for(answered, 5)
        writer.close()
        await writer.wait_closed()


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Unavailable, match="port_taken"):
        listening("127.0.0.1", other.getsockname()[1])
