"""The gate's listening side: one request a connection, judged, then handed on or refused."""

from __future__ import annotations

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from http import HTTPStatus

from portal.gate.engine import Call, Engine
from portal.gate.heads import Request, read_request
from portal.gate.policy import Answer, Openings, Policy
from portal.gate.refusals import EngineSilent, Refusal, journal
from portal.gate.rules import Act, Rule, find

HEAD_SECONDS = 10.0
BODY_SECONDS = 60.0
DRAIN_SECONDS = 60.0
CHUNK = 65_536
Sides = tuple[StreamReader, StreamWriter]


class Gate:
    """Serves connections. At most `connections_max` at once, images of at most `image_max` bytes."""

    def __init__(
        self, engine: Engine, label: str, *, connections_max: int, image_max: int, openings: Openings | None = None
    ) -> None:
        self.engine = engine
        self.policy = Policy(engine, label, openings or Openings())
        self.connections_max = connections_max
        self.image_max = image_max
        self.open = 0

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection from its first byte to its last."""
        self.open += 1
        try:
            await self._serve((reader, writer))
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError) as error:
            journal("connection_lost", reason=type(error).__name__)
        finally:
            self.open -= 1
            writer.close()

    async def _serve(self, client: Sides) -> None:
        request: Request | None = None
        try:
            if self.open > self.connections_max:
                raise Refusal("too many connections", status=503)
            async with asyncio.timeout(HEAD_SECONDS):
                request = await read_request(client[0])
            if request:
                await self._answer(request, client)
        except Refusal as refusal:
            await self._refuse(request, refusal, writer=client[1])
        except EngineSilent as error:
            journal("engine_silent", reason=str(error))
            await _reply(client[1], Answer(502, _message("the engine does not answer")))

    async def _answer(self, request: Request, client: Sides) -> None:
        rule, subject = find(request)
        body = await self._body(rule, request, reader=client[0])
        decided = await self.policy.decide(rule.act, request, subject=subject, body=body)
        if isinstance(decided, Answer):
            await _reply(client[1], decided)
        else:
            await self._hand_on(rule, decided, client=client)

    async def _body(self, rule: Rule, request: Request, *, reader: StreamReader) -> bytes:
        limit = self.image_max if rule.act is Act.LOAD else rule.body_max
        if request.length > limit and limit:
            raise Refusal(f"body: larger than {limit} bytes", status=413)
        if rule.act is Act.LOAD:
            return b""
        async with asyncio.timeout(BODY_SECONDS):
            body = await reader.readexactly(request.length) if request.length <= max(limit, 2) else b"too long"
        if body and not limit and body != b"{}":
            raise Refusal("body: none expected")
        return body

    async def _hand_on(self, rule: Rule, call: Call, *, client: Sides) -> None:
        async with asyncio.timeout(rule.seconds), self.engine.send(call) as (reader, writer):
            if call.length:
                await _copy(client[0], writer, length=call.length)
            await _until_either_ends(reader, client)

    async def _refuse(self, request: Request | None, refusal: Refusal, *, writer: StreamWriter) -> None:
        where = (request.method, request.path) if request else ("", "")
        journal("refused", method=where[0], path=where[1], reason=refusal.reason)
        await _reply(writer, Answer(refusal.status, _message(refusal.reason)))


async def _copy(reader: StreamReader, writer: StreamWriter, *, length: int) -> None:
    while length:
        async with asyncio.timeout(BODY_SECONDS):
            part = await reader.read(min(length, CHUNK))
            if not part:
                raise ConnectionError("the body ended early")
            writer.write(part)
            await writer.drain()
        length -= len(part)


async def _until_either_ends(engine: StreamReader, client: Sides) -> None:
    """The reply as it comes; it also ends when the client leaves (or says more than its one request)."""
    reply = asyncio.ensure_future(_pump(engine, client[1]))
    leave = asyncio.ensure_future(client[0].read(1))
    try:
        await asyncio.wait((reply, leave), return_when=asyncio.FIRST_COMPLETED)
        if reply.done():
            reply.result()
    finally:
        reply.cancel()
        leave.cancel()
        await asyncio.gather(reply, leave, return_exceptions=True)


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    while part := await reader.read(CHUNK):
        writer.write(part)
        async with asyncio.timeout(DRAIN_SECONDS):
            await writer.drain()


async def _reply(writer: StreamWriter, answer: Answer) -> None:
    phrase = HTTPStatus(answer.status).phrase
    head = f"HTTP/1.1 {answer.status} {phrase}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode("ascii") + answer.body)
    async with asyncio.timeout(DRAIN_SECONDS):
        await writer.drain()


def _message(reason: str) -> bytes:
    return json.dumps({"message": f"gate: {reason}"}).encode("ascii")
