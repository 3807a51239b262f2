"""Whatever fails is told as a problem, in the reader's language."""

from __future__ import annotations

import pytest

from portal.api import bodies
from portal.api.problems import MEDIA_TYPE
from portal.i18n import t
from tests.api.conftest import Asking
from tests.stage import PortalStage


def test_a_missing_thing_is_a_problem_with_a_code_and_a_way_out(asking: Asking):
    answer = asking("carol").get("/services/nothing")
    problem = answer.json()
    assert answer.status_code == 404
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert problem["code"] == "service_missing"
    assert problem["kind"] == "not_found"
    assert problem["type"] == "/docs/errors#service_missing"
    assert problem["instance"] == "/api/v1/services/nothing"
    assert problem["title"] == "Not found"
    assert problem["detail"] == t("en", "error.service_missing", service="nothing")
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_the_words_are_chinese_for_a_chinese_reader(asking: Asking):
    problem = asking("carol", language="zh-CN,zh;q=0.9").get("/services/nothing").json()
    assert problem["title"] == "未找到"
    assert problem["detail"] == t("zh", "error.service_missing", service="nothing")
    assert "服务" in problem["detail"]
    assert problem["code"] == "service_missing"


def test_all_wrong_fields_are_named_at_once(asking: Asking):
    order = {"repository": "shop", "port": "many", "limits": {"pids": 0}, "colour": "red"}
    answer = asking("alice").put("/services/shop", json=order)
    problem = answer.json()
    assert answer.status_code == 422
    assert problem["code"] == "request_field_bad"
    assert problem["field"] == "port"
    assert {(error["field"], error["reason"]) for error in problem["errors"]} == {
        ("port", "a whole number is needed"),
        ("limits.pids", "at least 1"),
        ("colour", "there is no such field"),
    }


def test_a_rule_of_the_domain_names_its_field_too(asking: Asking):
    answer = asking("alice").put("/services/shop", json={"repository": "shop", "hosts": ["not a host"]})
    assert (answer.status_code, answer.json()["field"]) == (422, "hosts")


def test_wrong_fields_are_explained_in_chinese(asking: Asking):
    problem = asking("alice", language="zh").put("/services/shop", json={"port": 1}).json()
    assert problem["errors"] == [{"field": "repository", "reason": "缺少此字段"}]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "route_missing"),
        ("DELETE", "/services", 405, "method_not_allowed"),
        ("GET", "/rollouts/seven", 422, "request_field_bad"),
        ("GET", "/rollouts?limit=1000", 422, "request_field_bad"),
        ("GET", "/rollouts?colour=red", 422, "request_field_bad"),
        ("GET", "/rollouts/999", 404, "rollout_missing"),
    ],
)
def test_what_is_asked_wrongly_is_a_problem(asking: Asking, method: str, path: str, status: int, code: str):
    answer = asking("carol").request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_that_is_no_json_is_a_problem(asking: Asking):
    answer = asking("alice").put("/services/shop", content="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_field_bad")


def test_a_body_that_is_too_large_is_refused_whether_declared_or_not(asking: Asking):
    size = bodies.LARGEST_BYTES + 1
    declared = asking("alice").put("/services/shop", content=b" " * size)
    chunks = asking("alice").put("/services/shop", content=iter([b" " * (size // 2), b" " * (size // 2 + 1)]))
    assert [(a.status_code, a.json()["code"]) for a in (declared, chunks)] == [(413, "request_too_large")] * 2


def test_a_part_that_does_not_answer_says_when_to_come_back(asking: Asking, stage: PortalStage):
    order = {"service": "hello", "version": "2.0.0", "image": "hello:1.1.0"}
    stage.world.cut_engine()
    try:
        answer = asking("bob").post("/releases", json=order)
    finally:
        stage.world.restore_engine()
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unreachable")
    assert answer.headers["retry-after"] == "5"


def test_an_unexpected_failure_is_a_problem_that_tells_nothing_but_its_request(
    asking: Asking, stage: PortalStage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret of the house")

    monkeypatch.setattr(stage.core.catalogue, "services", fail)
    answer = asking("carol").get("/services", headers={"X-Request-ID": "my-request"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "unexpected"
    assert "my-request" in answer.json()["detail"]
    assert "secret" not in answer.text
    assert "a secret of the house" in caplog.text
