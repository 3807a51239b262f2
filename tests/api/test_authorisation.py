"""Every route names the permission that it takes, and nobody without it gets further."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from portal.api.authentication import SIGNED_IN
from portal.api.v1.application import PUBLIC, build, demanded, routes
from portal.domain.access import PERMISSIONS_OF, Grant, Permission, Role
from portal.domain.identity import TokenOrder
from portal.domain.rollout import Action
from portal.services.rollouts import PERMISSION_OF
from tests.api.conftest import ROLES, Asking
from tests.stage import CAROL, PortalStage

EVERY_ROUTE = list(routes())
EVERY_CALL = [pytest.param(route, id=f"{min(route.methods)} {route.path}") for route in EVERY_ROUTE if route.methods]
SAMPLES = {
    **dict.fromkeys(("freeze_id", "rollout_id", "token_id", "view_id"), "999"),
    "service": "hello",
    "environment": "prod",
    "permission": "view",
}


def path_of(route: APIRoute) -> str:
    return re.sub(r"{(\w+)}", lambda match: SAMPLES.get(match[1], "nothing"), route.path)


def call(client_for: Asking, name: str, route: APIRoute):
    """Without a body: who may not is turned away before anything is looked at, and nobody changes anything."""
    return client_for(name).request(min(route.methods or ()), path_of(route))


def test_every_route_declares_who_may_call_it():
    declared = {route.path: demanded(route) for route in EVERY_ROUTE}
    known = {*map(str, Permission), SIGNED_IN}
    assert {path for path, permission in declared.items() if permission not in known} == set()
    own = {path for path, permission in declared.items() if permission == SIGNED_IN}
    assert own == {"/me", "/me/preferences", "/sessions", "/sessions/{session_id}", "/access", "/access/{permission}"}


def test_nothing_is_served_beside_the_declared_routes():
    assert set(build().openapi()["paths"]) == {route.path for route in EVERY_ROUTE}
    plain = {getattr(route, "path", None) for route in build().routes if not hasattr(route, "router")}
    assert {path for path in plain if path} <= PUBLIC | {route.path for route in EVERY_ROUTE}


@pytest.mark.parametrize("route", EVERY_CALL)
def test_nobody_comes_in_without_a_token(asking: Asking, route: APIRoute):
    answer = call(asking, "", route)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", EVERY_CALL)
def test_who_has_no_role_is_turned_away_from_all_but_their_own_account(asking: Asking, route: APIRoute):
    answer = call(asking, "mallory", route)
    if demanded(route) != SIGNED_IN:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("route", EVERY_CALL)
def test_each_role_may_do_what_the_table_of_roles_says_and_no_more(asking: Asking, route: APIRoute):
    allowed = {name for name in ROLES if call(asking, name, route).status_code not in (401, 403)}
    permission = demanded(route)
    expected = {n for n, role in ROLES.items() if permission == SIGNED_IN or permission in PERMISSIONS_OF[role]}
    assert allowed == expected


@pytest.mark.parametrize("action", Action)
def test_each_action_on_a_rollout_takes_its_own_permission(asking: Asking, action: Action):
    body = {"action": action, "reason": "because"}
    answers = {name: asking(name).post("/rollouts/1/actions", json=body) for name in ROLES}
    refused = {name for name, answer in answers.items() if answer.json().get("code") == "not_allowed"}
    assert refused == {name for name, role in ROLES.items() if PERMISSION_OF[action] not in PERMISSIONS_OF[role]}


def test_a_role_in_one_environment_is_none_in_another(asking: Asking, stage: PortalStage):
    identity = stage.core.identity
    from portal.domain.access import SYSTEM
    from portal.domain.identity import NewUser

    identity.create_user(SYSTEM, NewUser("gina", "a long walk on the beach", (Grant(Role.DEVELOPER, "dev"),)))
    secret, _ = identity.create_token(SYSTEM, TokenOrder("test", "gina"))
    order = {"service": "hello", "environment": "prod", "version": "1.1.0", "reason": "try it"}
    answer = asking(secret).post("/rollouts", json=order)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert answer.json()["params"]["environment"] == "prod"
    assert asking(secret).get("/me").json()["permissions"]["rollout.start"] == ["dev"]


def test_a_token_may_be_narrower_than_its_owner(asking: Asking, stage: PortalStage):
    made = asking("bob").post("/tokens", json={"name": "reader", "scopes": ["view"]}).json()
    order = {"service": "hello", "environment": "prod", "version": "1.1.0", "reason": "try it"}
    narrow = asking(made["secret"])
    assert narrow.get("/services").status_code == 200
    assert narrow.post("/rollouts", json=order).json()["code"] == "not_allowed"
    assert narrow.post("/tokens", json={"name": "wider"}).json()["code"] == "not_allowed"


def test_a_revoked_token_is_refused_at_once(asking: Asking):
    made = asking("carol").post("/tokens", json={"name": "short-lived"}).json()
    assert asking(made["secret"]).get("/me").json()["person"] == "carol"
    asking("carol").delete(f"/tokens/{made['id']}")
    answer = asking(made["secret"]).get("/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_bad")


def test_somebody_elses_token_cannot_be_revoked(asking: Asking, stage: PortalStage):
    _, token = stage.core.identity.create_token(CAROL, TokenOrder("mine"))
    assert asking("bob").delete(f"/tokens/{token.id}").status_code == 403


@pytest.mark.parametrize("header", ["Bearer", "Basic Y2Fyb2w6eA==", "cfp_x", "Bearer cfp_x", "Bearer \u00e9"])
def test_what_is_no_token_is_refused(asking: Asking, header: str):
    answer = asking().get("/me", headers={b"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.json()["code"] in {"not_signed_in", "token_bad"}


def test_guessing_is_slowed_down_but_those_who_were_right_go_on(asking: Asking):
    good = asking("carol")
    assert good.get("/me").status_code == 200
    guesses = [asking(f"cfp_guess{number}").get("/me").status_code for number in range(22)]
    assert guesses == [401] * 20 + [429] * 2
    assert int(asking("cfp_another").get("/me").headers["retry-after"]) <= 61
    assert good.get("/me").status_code == 200
