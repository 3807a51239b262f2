"""Every page can be built: whatever it asks of a state is there, and nothing is styled where the policy forbids it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import reflex as rx

from portal.web.navigation import nouns

ROUTES = (
    "sign-in",
    "index",
    "audit",
    "integrations",
    "settings",
    "audit/[entry_number]",
    "dev/components",
    "environments",
    "environments/new",
    "environments/[environment_name]",
    "environments/[environment_name]/edit",
    "approvals",
    "services",
    "services/new",
    "services/[service_name]",
    "services/[service_name]/edit",
    "releases",
    "releases/new",
    "releases/[of_service]/compare",
    "releases/[of_service]/[of_version]",
    "configuration",
    "containers",
    "containers/[container_name]",
    "containers/hosts",
    "containers/images",
    "containers/networks",
    "containers/volumes",
    "drift",
    "notifications",
    "operations",
    "operations/[operation_number]",
    "recovery",
    "recovery",
    "rollouts",
    "rollouts/new",
    "rollouts/[rollout_number]",
    "users",
    "users/new",
    "users/[of_user]",
    "secrets",
    "secrets/[environment_name]/[secret_name]",
    "secrets/[environment_name]/[secret_name]/edit",
    "secrets/new",
    "sessions",
    "tokens",
    "tokens/new",
    "profile",
    "access",
    "sign-in/code",
    "invitation",
    "set-up",
    "support",
    "support/[feedback_number]",
    "404",
)
DOORS = {"sign-in", "sign-in/code", "invitation", "404"}


def rendered(app: rx.App, route: str) -> str:
    build: Any = app._unevaluated_pages[route].component
    return json.dumps(build().render(), default=str, ensure_ascii=False)


def test_these_are_all_pages(app: rx.App) -> None:
    assert set(app._unevaluated_pages) == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_a_page_can_be_built_and_speaks_both_languages(app: rx.App, route: str) -> None:
    page = rendered(app, route)

    assert "language" in page
    assert "css:" not in page, "inline styles are blocked by the Content-Security-Policy: use a class"


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in DOORS])
def test_a_page_has_one_place_for_its_content_and_one_way_past_the_navigation(app: rx.App, route: str) -> None:
    page = rendered(app, route)

    assert page.count('"name": "\\"main\\""') == 1
    assert "#content" in page


def test_the_navigation_leads_only_to_pages_that_are_there(app: rx.App) -> None:
    known = {"/" if route == "index" else f"/{route}" for route in app._unevaluated_pages}
    assert {noun.path for noun in nouns()} <= known
    assert len({noun.key for noun in nouns()}) == len(nouns())
