"""What many tabs show is compared by value, encoded once, and sent as Reflex itself would send it."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import Any

import pytest
import reflex as rx
from reflex.state import StateUpdate

from portal.domain.rollout import State
from portal.web import wire
from portal.web.sight import MOST_MESSAGES, Sight
from portal.web.states import rollout as page
from portal.web.states.live import keep
from portal.web.states.rollout import RolloutState
from portal.web.wire import Line
from portal.web.words import words
from tests.stage import ALICE, BOB, PortalStage


class Encoder:
    def __init__(self) -> None:
        self.encoded: list[object] = []

    def __call__(self, value: object) -> str:
        self.encoded.append(value)
        return json.dumps(value)


def test_only_what_is_different_has_to_be_told() -> None:
    before = Sight({"rows": [1, 2], "total": 2})
    assert Sight({"rows": [1, 2], "total": 3}).changed(before) == ("total",)
    assert Sight({"rows": [1, 2], "total": 2}).changed(before) == ()
    assert before.changed(None) == ("rows", "total")


def test_what_follows_keeps_the_values_and_their_text() -> None:
    encode = Encoder()
    former = Sight({"rows": [1, 2], "total": 2})
    former.text("rows", encode)
    after = Sight({"rows": [1, 2], "total": 3}).following(former)
    assert after.values["rows"] is former.values["rows"]
    assert (after.text("rows", encode), after.text("total", encode)) == ("[1, 2]", "3")
    assert encode.encoded == [[1, 2], 3]
    assert not after.is_like(former)
    assert Sight({"rows": [1, 2], "total": 2}).following(former).is_like(former)


def test_what_is_the_same_for_everybody_is_encoded_for_everybody_once() -> None:
    encode = Encoder()
    everybodys = Sight({"rows": [1], "choices": []})
    alices, bobs = (Sight({"choices": [name]}, base=everybodys) for name in ("alice", "bob"))
    assert [sight.text("rows", encode) for sight in (alices, bobs)] == ["[1]", "[1]"]
    assert [sight.text("choices", encode) for sight in (alices, bobs)] == ['["alice"]', '["bob"]']
    assert encode.encoded == [[1], ["alice"], ["bob"]]


def test_messages_are_made_once_and_do_not_grow_without_bound() -> None:
    sight, made = Sight({}), list[object]()

    def make() -> object:
        made.append(object())
        return made[-1]

    assert sight.message(("rows",), make) is sight.message(("rows",), make)
    for number in range(3 * MOST_MESSAGES):
        sight.message((str(number),), make)
    assert len(sight._messages) <= MOST_MESSAGES


def test_kept_elsewhere_it_is_forgotten_so_that_everything_is_told_again() -> None:
    sight = Sight({"rows": [1]})
    assert sight.changed(pickle.loads(pickle.dumps(sight))) == ("rows",)


class Socket:
    """As Engine.IO's, with what it was given."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def send(self, packet: Any) -> None:
        await self.queue.put(packet)


@pytest.fixture
def line(app: rx.App) -> Line:
    app._setup_state() if app.event_namespace is None else None
    return Line(app.event_namespace, Socket())


async def test_the_message_is_what_reflex_would_send(stage: PortalStage, line: Line) -> None:
    waiting = stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    sight = page.as_seen_by(ALICE, page._scene(waiting.id, None))
    name, names = RolloutState.get_full_name(), sight.changed(None)
    await line.send(name, sight, names)
    own = {f"{field}_rx_state_": sight.values[field] for field in names}
    server: Any = line.namespace.server
    update = StateUpdate(delta={name: own})
    theirs = server.packet_class(data=["event", update], namespace=line.namespace.namespace).encode()
    assert line.socket.queue.get_nowait().encode() == f"4{theirs}"


async def test_two_people_are_sent_the_same_but_for_what_they_may_do(stage: PortalStage) -> None:
    waiting = stage.until(stage.start("1.1.0"), State.AWAITING_APPROVAL)
    scene = page._scene(waiting.id, None)
    alices, bobs = page.as_seen_by(ALICE, scene), page.as_seen_by(BOB, scene)
    assert bobs.changed(alices) == ("choices", "others") or bobs.changed(alices) == ("choices",)
    assert page.as_seen_by(ALICE, scene) is alices
    assert page._scene(waiting.id, scene) is scene  # a look that shows nothing new is no news


async def test_a_tab_that_reads_nothing_is_behind(line: Line) -> None:
    for _ in range(wire.MOST_UNSENT + 1):
        assert not line.is_behind()
        await line.send("state", Sight({"n": 1}), ("n",))
    assert line.is_behind()


def test_a_tab_of_another_process_has_no_line(app: rx.App) -> None:
    assert wire.line_to(None, "token") is None
    assert wire.line_to(app.event_namespace, "no such token") is None


def test_a_state_keeps_what_it_shows() -> None:
    state = RolloutState(_reflex_internal_init=True)  # type: ignore[call-arg]
    note = words("web.close")
    assert keep(state, Sight({"note": note, "notes_html": "x"})) == ("note", "notes_html")
    assert (state.note, state.notes_html) == (note, "x")
    assert keep(state, Sight({"note": note, "notes_html": "y"})) == ("notes_html",)
