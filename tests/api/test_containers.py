"""REST: containers, their log as a stream, commands inside, and what may be removed from the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from threading import Thread

import httpx
import pytest

from tests.api.conftest import Asking
from tests.contracts.engines import eventually
from tests.stage import PortalStage

KEYS = count()


@pytest.fixture
def name(asking: Asking) -> str:
    return asking("carol").get("/containers").json()["items"][0]["name"]


def act(asking: Asking, name: str, action: str, who: str = "dave") -> httpx.Response:
    return asking(who).post(f"/containers/{name}/actions", json={"action": action, "reason": "try it"})


def test_containers_are_listed_with_what_they_are(asking: Asking) -> None:
    answer = asking("carol").get("/containers", params={"service": "hello", "sort": "-started"}).json()
    assert answer["total"] == 3
    found = answer["items"][0]
    assert (found["service"], found["environment"], found["version"], found["state"]) == (
        "hello",
        "prod",
        "1.0.0",
        "running",
    )
    assert (found["health"], found["is_wanted"], found["hold"]) == ("healthy", True, None)


def test_one_container_is_shown_in_full(asking: Asking, name: str) -> None:
    answer = asking("carol").get(f"/containers/{name}").json()
    assert answer["container"]["name"] == name
    assert answer["document"]["Name"] == f"/{name}"
    assert not answer["is_controllable"]
    assert asking("carol").get("/containers/nobody").json()["code"] == "container_missing"


def test_dave_stops_and_starts_one(asking: Asking, name: str) -> None:
    stopped = act(asking, name, "stop").json()
    assert (stopped["state"], stopped["hold"]["by"]) == ("exited", "dave")
    assert act(asking, name, "start").json()["state"] == "running"
    assert act(asking, name, "restart", who="bob").json()["code"] == "not_allowed"


def test_a_log_can_be_read_and_saved(asking: Asking, name: str) -> None:
    lines = asking("carol").get(f"/containers/{name}/logs").json()
    assert "listening" in {line["text"] for line in lines}
    saved = asking("carol").get(f"/containers/{name}/logs/text")
    assert saved.headers["content-disposition"] == f'attachment; filename="{name}.log"'
    assert "stdout listening" in saved.text


def events(lines: Iterator[str]) -> Iterator[tuple[str, object, str]]:
    name, identity = "", ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "id":
            identity = value
        elif field == "data":
            yield name, json.loads(value), identity


def test_a_log_is_followed_line_by_line_and_goes_on_where_it_broke_off(
    asking: Asking, stage: PortalStage, name: str
) -> None:
    path, seen = f"/containers/{name}/logs/stream", list[str]()
    with asking("carol").stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = events(answer.iter_lines())
        assert next(found)[0] == "lines"
        stage.clock.move(1)
        stage.world.write_log(name, "one more token=abcdef")
        told, lines, last = next(found)
        assert told == "lines"
        assert isinstance(lines, list)
        seen = [text for _, _, text in lines]
        assert seen == ["one more token=…"]
    stage.clock.move(1)
    stage.world.write_log(name, "meanwhile")
    with asking("carol").stream("GET", path, headers={"Last-Event-ID": last}) as answer:
        _, lines, _ = next(events(answer.iter_lines()))
        assert isinstance(lines, list)
        assert [text for _, _, text in lines] == ["meanwhile"]
    eventually(lambda: not stage.core.container_logs._followers)


def test_a_stream_ends_with_the_container(asking: Asking, name: str) -> None:
    told: list[str] = []
    with asking("carol").stream("GET", f"/containers/{name}/logs/stream") as answer:
        found = events(answer.iter_lines())
        next(found)
        thread = Thread(target=lambda: told.extend(event for event, _, _ in found), daemon=True)
        thread.start()
        act(asking, name, "stop")
        thread.join(10)
    assert told[-1] == "end"
    act(asking, name, "start")


@pytest.mark.parametrize("path", ["/containers/nobody/logs/stream", "/containers/nobody/stats"])
def test_what_is_not_there_cannot_be_followed(asking: Asking, path: str) -> None:
    assert asking("carol").get(path).json()["code"] == "container_missing"


def test_figures_come_after_somebody_has_looked(asking: Asking, name: str) -> None:
    path = f"/containers/{name}/stats"
    eventually(lambda: asking("carol").get(path).json())
    assert asking("carol").get(path).json()[-1]["memory_bytes"] == 20_000_000


def test_a_command_inside_is_off_by_default_and_runs_once_a_key(asking: Asking, stage: PortalStage, name: str) -> None:
    order, path = {"command": ["echo", "hi"], "reason": "look"}, f"/containers/{name}/executions"
    assert asking("dave").post(path, json=order).json()["code"] == "exec_switched_off"
    stage.core.fleet.lets_execute = True
    try:
        done = asking("dave").post(path, json=order, headers={"Idempotency-Key": "once"}).json()
        assert (done["exit_code"], [line["text"] for line in done["lines"]]) == (0, ["hi"])
        again = asking("dave").post(path, json=order, headers={"Idempotency-Key": "once"})
        assert (again.status_code, again.json()["code"]) == (409, "exec_repeated")
        assert asking("alice").post(path, json=order).status_code == 403
    finally:
        stage.core.fleet.lets_execute = False


def test_the_engine_shows_its_images_volumes_and_networks(asking: Asking, stage: PortalStage) -> None:
    carol = asking("carol")
    assert carol.get("/engine").json()["is_demonstration"]
    assert carol.get("/engine/others").json() is None
    assert {image["refusal"] for image in carol.get("/engine/images").json()} == {"image_in_use", "image_released"}
    assert carol.get("/engine/volumes").json() == []
    assert [network["refusal"] for network in carol.get("/engine/networks").json()] == ["network_needed"]


def test_what_is_removed_is_named_twice(asking: Asking, stage: PortalStage) -> None:
    spare = stage.world.add_image("spare:1", stage.world.behaviours[stage.containers.image("hello:1.0.0").id])
    path = f"/engine/images/{spare.id}"
    assert asking("dave").delete(path, params={"reason": "tidy"}).json()["code"] == "not_confirmed"
    done = asking("dave").delete(path, params={"reason": "tidy", "confirmed": "spare:1"})
    assert done.status_code == 204
    assert asking("dave").delete(path, params={"reason": "tidy", "confirmed": "spare:1"}).status_code == 404
