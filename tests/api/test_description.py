"""The OpenAPI description says what the routes do, and changes only on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from portal.api.problems import MEDIA_TYPE
from portal.api.v1.application import build, demanded, routes
from portal.api.v1.description import described_apart
from tests.api.conftest import Asking

SNAPSHOT = Path(__file__).with_name("routes.txt")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build().openapi()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_routes_are_those_of_the_snapshot():
    """Programs depend on them: whoever changes one on purpose changes the snapshot too."""
    lines = [f"{method} {route.path} {demanded(route)}" for route in routes() for method in sorted(route.methods or ())]
    assert sorted(lines) == SNAPSHOT.read_text("utf-8").splitlines()


def test_it_is_served_to_everybody_as_openapi_3_1(asking: Asking, document: dict[str, Any]):
    served = asking().get("/openapi.json")
    assert served.status_code == 200
    assert served.json() == document
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api/v1"}]


def test_all_schemas_are_json_schemas_and_all_references_lead_somewhere(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= set(schemas)


def test_every_operation_says_what_it_does_what_it_takes_and_how_it_fails(document: dict[str, Any]):
    found = list(operations(document))
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    for operation in found:
        assert not operation["summary"].startswith("rest."), f"no words for {operation['summary']}"
        assert operation["x-permission"]
        assert operation["security"] == [{"token": []}]
        assert set(operation["responses"]["default"]["content"]) == {MEDIA_TYPE}
        assert "422" not in operation["responses"]


def test_every_post_that_acts_takes_an_idempotency_key(document: dict[str, Any]):
    readers = {"/rollouts/preview", "/plans/check", "/integrations/{name}/test", "/secrets/{environment}/{name}/reveal"}
    for path, methods in document["paths"].items():
        if "post" in methods and path not in readers:
            headers = {p["name"] for p in methods["post"].get("parameters", ()) if p["in"] == "header"}
            assert headers == {"Idempotency-Key"}, path


def test_an_answer_is_what_its_schema_says(asking: Asking, document: dict[str, Any]):
    for path, name in (("/services", "list_services"), ("/rollouts/1/view", "view_rollout"), ("/me", "show_me")):
        operation = next(o for o in operations(document) if o["operationId"] == name)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(asking("carol").get(path).json())


def test_a_process_without_docstrings_has_it_made_apart(document: dict[str, Any]):
    assert described_apart() == json.loads(json.dumps(document))
