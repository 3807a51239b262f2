"""A role in one environment opens nothing in another: every route is tried with the numbers and names of prod.

Gina is administrator, but of dev alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute

from portal.api.v1.application import routes
from portal.domain.access import SYSTEM, Grant, Permission, Role
from portal.domain.data_store import CopyState, DataCopy, DataStore, StoreKind
from portal.domain.drift import DriftQuery, Rule
from portal.domain.environment import FreezeWindow
from portal.domain.feedback import FeedbackOrder
from portal.domain.identity import NewUser, TokenOrder
from portal.domain.secret import SecretOrder
from portal.services.job_run import JobRun
from portal.services.jobs import JobOrder
from portal.store import copies
from portal.store.rollouts import RolloutQuery
from portal.wiring import Core
from tests.api.conftest import PASSWORD, Asking
from tests.stage import PortalStage

EVERY_ROUTE = list(routes())
WHY = {"reason": "because"}
ORDER = {"service": "hello", "environment": "prod", "version": "1.1.0", "reason": "try it"}
# Paths whose names are of things that belong to no environment, or to the person who asks.
OF_NO_ENVIRONMENT = {
    "/access/{permission}",
    "/comparisons/{service}",
    "/releases/{service}/{version}",
    "/releases/{service}/{version}/deployments",
    "/services/{name}/dependencies",
    "GET /services/{name}",
    "/feedback/{feedback_id}",
    "/views/{view_id}",
    "/configuration-proposals/{version_id}/decision",
    "GET /services/{name}/settings-schema",
    "GET /services/{name}/settings-exchange",
}
CHANNEL = {"kind": "email", "name": "x", "target": "x@example.org"}
WINDOW = {"name": "x", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}
BODIES: dict[str, Any] = {
    "POST /channels": CHANNEL,
    "PUT /channels/{channel_id}": CHANNEL,
    "POST /configuration/{service}/{environment}/applied": WHY,
    "POST /configuration/{service}/{environment}/changes": {"values": {"A": "1"}, **WHY},
    "POST /configuration/{service}/{environment}/promotion": {"to": "dev", **WHY},
    "POST /configuration/{service}/{environment}/rollback": {"number": 1, **WHY},
    "POST /configuration/{service}/{environment}/variables": {"text": "A=1", **WHY},
    "POST /services/{name}/settings-exchange": {"environments": {"prod": {"config": {"A": "1"}}}, **WHY},
    "PUT /services/{name}/settings-schema": {"schema": {"properties": {}}, **WHY},
    "POST /containers/{name}/actions": {"action": "stop", "reason": "because"},
    "POST /containers/{name}/executions": {"command": ["id"], "reason": "because"},
    "POST /deployments/{service}/{environment}/scaling": {"replicas": 2, "reason": "because"},
    "PUT /deployments/{service}/{environment}/scaling/policy": {"reason": "because"},
    "POST /drift/rules": {"environment": "prod", "days": 2, "reason": "because"},
    "PUT /drift/rules/{rule_id}/end": WHY,
    "PUT /drift/environments/{environment}/healing": {"mode": "off", "reason": "because"},
    "POST /drift/{finding_id}/repair": WHY,
    "POST /drift/{finding_id}/adopt": WHY,
    "POST /environments": {"name": "new", "template": "test", "reason": "because"},
    "POST /environments/{name}/clones": {"name": "new", "reason": "because"},
    "PUT /environments/{name}/expiry": {"hours": 0, "reason": "because"},
    "POST /environments/{name}/removal": {"reason": "because"},
    "PUT /environment-templates/{name}": {"stage": "test"},
    "POST /copies": {"source": "prod/shop", "target": "prod/other", "reason": "because"},
    "PUT /copies/{copy_id}/decision": {"is_approved": True, "reason": "because"},
    "PUT /environments/{name}/data/{store}": {"kind": "volume", "image": "x", "volume": "x"},
    "POST /freezes": {**WINDOW, "environment": "prod"},
    "POST /rollbacks": {**ORDER, "version": "1.0.0"},
    "POST /rollouts": ORDER,
    "POST /master-key/rotations": {"reason": "because"},
    "POST /secrets": {"environment": "prod", "name": "x", "secret": "x"},
    "POST /secrets/{environment}/{name}/versions": {"secret": "x"},
    "POST /secrets/{environment}/{name}/rotations": {},
    "POST /secrets/{environment}/{name}/reveal": {"reason": "because"},
    "POST /rollouts/preview": ORDER,
    "POST /rollouts/{rollout_id}/actions": {"action": "abort", "reason": "because"},
    "POST /rollouts/{rollout_id}/break-glass": {"reason": "because"},
    "POST /users/{name}/link": {},
    "PUT /environments/{name}": {"stage": "prod", "position": 1},
    "PUT /feedback/{feedback_id}/answer": {"answer": "so"},
    "PUT /freezes/{freeze_id}": {**WINDOW, "environment": "dev"},
    "PUT /freezes/{freeze_id}/end": {},
    "POST /operations/{operation_id}/retry": {"reason": "because"},
    "PUT /operations/{operation_id}/cancelled": {"reason": "because"},
    "PUT /services/{name}": {"repository": "hello"},
    "PUT /secrets/{environment}/{name}": {},
    "PUT /set-up/end": {},
    "PUT /users/{name}/grants": {"grants": []},
    "PUT /users/{name}/password": {"password": PASSWORD},
}


def method_of(route: APIRoute) -> str:
    return min(route.methods or ("GET",))


def name_of(route: APIRoute) -> str:
    return f"{method_of(route)} {route.path}"


def concerns_an_object(route: APIRoute) -> bool:
    is_named = "{" in route.path or name_of(route) in BODIES
    return is_named and not {route.path, name_of(route)} & OF_NO_ENVIRONMENT


NAMED = {
    "/containers/": "container",
    "/engine/": "engine",
    "/environment-templates/": "template",
    "/environments/": "environment",
    "/integrations/": "integration",
    "/secrets/": "secret",
    "/services/": "service",
    "/users/": "user",
}


class Nothing:
    """Long work that does nothing."""

    permission = Permission.CONTAINER_CONTROL

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        return ("rest",)

    def perform(self, step: str, run: JobRun) -> None: ...

    def clean(self, run: JobRun) -> None: ...


def _operation(core: Core) -> int:
    core.jobs.register({"nothing": Nothing})
    return core.jobs.start(SYSTEM, JobOrder("nothing", "hello", environment="prod")).id


def _copy(core: Core) -> int:
    core.data_copies.save_store(
        SYSTEM, DataStore("prod", "files", StoreKind.VOLUME, "tools:1", volume="files"), password=None, reason="x"
    )
    place, now = ("prod", "files"), core.clock.now()
    with core.database.transaction() as session:
        return copies.add_copy(session, DataCopy(0, place, ("dr", "files"), "harry", "x", now, CopyState.AWAITING)).id


def _finding(stage: PortalStage) -> int:
    name = stage.containers.list()[0].name
    stage.world.tamper(name, is_root_read_only=False)
    stage.core.keeper.look()
    return stage.core.drift.page(SYSTEM, DriftQuery(environment="prod")).items[0].id


@pytest.fixture(scope="module")
def prod(stage: PortalStage) -> dict[str, str]:
    """The numbers and names of things of prod and of other people; and the token with which Gina comes."""
    core = stage.core
    core.identity.create_user(SYSTEM, NewUser("gina", PASSWORD, (Grant(Role.ADMINISTRATOR, "dev"),)))
    core.identity.create_user(SYSTEM, NewUser("harry", PASSWORD, (Grant(Role.ADMINISTRATOR),)))
    now = stage.clock.now()
    rule = core.drift.ignore(SYSTEM, Rule(0, "prod", "hello", "limits", "x", "", now, now), days=2)
    finding = _finding(stage)
    window = FreezeWindow(0, "holidays", "prod", starts_at=now + timedelta(days=5), ends_at=now + timedelta(days=6))
    core.secrets.create(SYSTEM, SecretOrder("prod", "db-password"), b"value")
    _, harry = core.identity.sign_in("harry", PASSWORD, address="")
    return {
        "gina": core.identity.create_token(SYSTEM, TokenOrder("hers", "gina"))[0],
        "rollout_id": str(core.rollouts.page(SYSTEM, RolloutQuery(environment="prod")).items[0].id),
        "freeze_id": str(core.catalogue.add_freeze(SYSTEM, window).id),
        "token_id": str(core.identity.create_token(SYSTEM, TokenOrder("his", "harry"))[1].id),
        "session_id": harry.session[:16],
        "operation_id": str(_operation(core)),
        "copy_id": str(_copy(core)),
        "store": "files",
        "template": "own",
        "finding_id": str(finding),
        "rule_id": str(rule.id),
        "other": "prod",
        "feedback_id": str(core.support.give(harry, FeedbackOrder("plans", "en", False, "x"), source="harry").id),
        "service": "hello",
        "environment": "prod",
        "version": "1.0.0",
        "sequence": "1",
        "user": "harry",
        "engine": "hello",
        "secret": "db-password",
        "number": "1",
        "step": "people",
        "channel_id": "1",
        "backup_id": "1",
        "recovery_id": "1",
        "delivery_id": "1",
        "integration": "engine",
        "container": stage.containers.list()[0].name,
    }


def path_of(route: APIRoute, prod: dict[str, str]) -> str:
    kind = next((kind for start, kind in NAMED.items() if route.path.startswith(start)), "")
    known = {**prod, "name": prod.get(kind, "")}
    assert "name" not in re.findall(r"{(\w+)}", route.path) or known["name"], "say in NAMED what the name is of"
    return re.sub(r"{(\w+)}", lambda match: known[match[1]], route.path)


CONCERNED = [pytest.param(route, id=name_of(route)) for route in EVERY_ROUTE if concerns_an_object(route)]


@pytest.mark.parametrize("route", CONCERNED)
def test_a_thing_of_another_environment_or_person_is_refused(asking: Asking, prod: dict[str, str], route: APIRoute):
    body = BODIES.get(name_of(route))
    answer = asking(prod["gina"]).request(method_of(route), path_of(route, prod), json=body, params=WHY)
    assert answer.status_code in (403, 404), answer.text
    assert answer.json()["code"] != "route_missing"


def test_each_route_that_takes_a_body_is_tried_with_one():
    """A request without its body is refused for that, which proves nothing."""
    bodiless = [
        name_of(route)
        for route in EVERY_ROUTE
        if concerns_an_object(route) and route.body_field is not None and name_of(route) not in BODIES
    ]
    assert bodiless == []


LISTS = [
    pytest.param(route, id=route.path) for route in EVERY_ROUTE if route.methods == {"GET"} and "{" not in route.path
]
OF_EVERYBODY = {"/access", "/environment-templates", "/me", "/plans/schema", "/audit/export", "/measures/delivery"}


@pytest.mark.parametrize("route", [param for param in LISTS if param.id not in OF_EVERYBODY])
def test_a_list_shows_nothing_of_another_environment(asking: Asking, prod: dict[str, str], route: APIRoute):
    answer = asking(prod["gina"]).get(route.path, params={"text": "prod"} if route.path == "/search" else {})
    if answer.status_code != 403:
        assert '"prod"' not in answer.text
        assert "harry" not in answer.text


def test_she_sees_and_does_what_is_hers(asking: Asking, prod: dict[str, str]):
    gina = asking(prod["gina"])
    assert gina.get("/environments/dev").status_code == 200
    order = {**ORDER, "environment": "dev"}
    assert gina.post("/rollouts/preview", json=order).status_code == 200
