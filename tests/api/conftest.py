"""A portal on the memory adapters behind its REST API, with a token for each of the cast."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from httpx import Client
from starlette.applications import Starlette
from starlette.routing import Mount

from portal import wiring
from portal.api import authentication
from portal.api.attempts import Attempts
from portal.api.v1.entry import rest
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.identity import NewUser, TokenOrder
from portal.kit.rest import REST_ROOT
from tests.serving import serving
from tests.stage import PortalStage

ROLES = {
    "alice": Role.RELEASE_MANAGER,
    "bob": Role.DEVELOPER,
    "carol": Role.VIEWER,
    "dave": Role.OPERATOR,
    "erin": Role.ADMINISTRATOR,
}
OUTSIDER = "mallory"
PASSWORD = "a long walk on the beach"

Asking = Callable[..., Client]


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """One server for all tests; each puts its own portal behind it."""
    with serving(Starlette(routes=[Mount(REST_ROOT, rest)])) as address:
        yield address


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalStage]:
    """One for each file: its tests leave the stage as they found it, or use things of their own."""
    staged = PortalStage(tmp_path_factory.mktemp("portal")).furnish()
    wiring.use(staged.core)
    yield staged
    staged.core.database.close()


@pytest.fixture(scope="module")
def tokens(stage: PortalStage) -> dict[str, str]:
    """One for each role, and one for somebody without any."""
    found = {name: token_of(stage, name, Grant(role)) for name, role in ROLES.items()}
    return {**found, OUTSIDER: token_of(stage, OUTSIDER)}


def token_of(stage: PortalStage, name: str, *grants: Grant) -> str:
    identity = stage.core.identity
    identity.create_user(SYSTEM, NewUser(name, PASSWORD, grants))
    secret, _ = identity.create_token(SYSTEM, TokenOrder("test", name))
    return secret


@pytest.fixture
def asking(url: str, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    """A client for one of the cast, `asking("bob").get("/rollouts")`, or for a token; without a name it has none."""
    monkeypatch.setattr(authentication, "attempts", Attempts())
    opened: list[Client] = []

    def client(name: str = "", language: str = "en") -> Client:
        token = {"Authorization": f"Bearer {tokens.get(name, name)}"} if name else {}
        opened.append(Client(base_url=url + REST_ROOT, headers={"Accept-Language": language, **token}, timeout=30))
        return opened[-1]

    yield client
    for each in opened:
        each.close()
