"""Settings from a terminal: why a value counts, changes, versions, the way to another environment, files in and out."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM
from portal.domain.configuration_text import parse_contract
from portal.domain.service import Service
from tests.cli.conftest import Portal
from tests.stage import ALICE, PortalStage

pytestmark = pytest.mark.req("REQ-P3-008")
NUMBERS = itertools.count(1)
SCHEMA = {
    "properties": {
        "logLevel": {"type": "string", "enum": ["debug", "info"], "default": "info", "x-effect": "live"},
        "maxConcurrent": {"type": "integer", "minimum": 1, "maximum": 50, "default": 5},
    },
    "additionalProperties": False,
}


@pytest.fixture
def shop(stage: PortalStage) -> str:
    """A service of the test's own that says which settings it takes."""
    name = f"shop-{next(NUMBERS)}"
    stage.core.catalogue.save_service(SYSTEM, Service(name, name, hosts=(f"{name}.example",)))
    stage.core.configuration.save_contract(ALICE, name, parse_contract(SCHEMA), reason="what it takes")
    return name


def values(portal: Portal, shop: str, environment: str = "prod") -> dict[str, object]:
    shown = portal("configuration", "show", shop, environment, "--json", by="carol").json
    return {one["name"]: one["value"] for one in shown["settings"]}


def test_a_value_is_set_explained_and_unset(portal: Portal, shop: str) -> None:
    looked = portal("configuration", "set", shop, "prod", "maxConcurrent=9", "--dry-run", "-m", "load", by="alice")
    assert (looked.code, looked.err) == (0, "")
    assert "maxConcurrent" in looked.out
    assert values(portal, shop)["maxConcurrent"] == 5
    made = portal("configuration", "set", shop, "prod", "maxConcurrent=9", "logLevel=debug", "-m", "load", by="alice")
    assert made.out.endswith(f"service:{shop}@prod is at version 1 now.\n")
    shown = portal("configuration", "show", shop, "prod", by="carol")
    line = next(line for line in shown.out.splitlines() if line.startswith("maxConcurrent"))
    assert line.split() == ["maxConcurrent", "9", f"service:{shop}@prod", "1", "default=5", "swap"]
    assert portal("configuration", "unset", shop, "prod", "maxConcurrent", "-m", "calm", by="alice").code == 0
    assert (values(portal, shop)["maxConcurrent"], values(portal, shop)["logLevel"]) == (5, "debug")


def test_what_a_key_cannot_be_is_refused_before_it_is_sent(portal: Portal, shop: str) -> None:
    for wrong, word in (("maxConcurrent=many", "many"), ("maxConcurrent", "KEY"), ("colour=red", "colour")):
        refused = portal("configuration", "set", shop, "prod", wrong, "-m", "x", by="alice")
        assert refused.code == 2
        assert word in refused.err or "FIELD=VALUE" in refused.err
    assert portal("configuration", "set", shop, "prod", "logLevel=debug", "-m", "x", by="carol").code == 3


def test_versions_are_listed_and_an_earlier_one_comes_back(portal: Portal, shop: str) -> None:
    for number in ("7", "8"):
        portal("configuration", "set", shop, "prod", f"maxConcurrent={number}", "-m", f"to {number}", by="alice")
    back = portal("configuration", "rollback", shop, "prod", "1", "-m", "7 was better", by="alice")
    assert back.out == f"service:{shop}@prod is at version 3 now.\n"
    assert values(portal, shop)["maxConcurrent"] == 7
    listed = portal("configuration", "history", shop, "prod", by="carol").out.splitlines()
    assert "maxConcurrent: 8 → 7" in listed[1]
    assert "rollback:1" in listed[1]
    assert "7 was better" in listed[1]


def test_differences_between_environments_are_shown_and_taken_over(portal: Portal, shop: str) -> None:
    portal("configuration", "set", shop, "prod", "logLevel=debug", "maxConcurrent=9", "-m", "here", by="alice")
    different = portal("configuration", "diff", shop, "dev", "prod", "--json", by="carol").json
    assert {"name": "maxConcurrent", "old": 5, "new": 9, "effect": "swap"} in different
    taken = portal("configuration", "promote", shop, "prod", "dev", "logLevel", "--yes", "-m", "same there", by="alice")
    assert (taken.code, f"service:{shop}@dev is at version 1 now." in taken.out) == (0, True)
    assert (values(portal, shop, "dev")["logLevel"], values(portal, shop, "dev")["maxConcurrent"]) == ("debug", 5)
    assert portal("configuration", "diff", shop, "dev", "dev", by="carol").out == "Both have the same settings.\n"
    assert portal("configuration", "diff", shop, "prod", by="carol").code == 0


def test_a_file_is_taken_in_after_a_yes_alone(
    portal: Portal, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello.env").write_text("MAX_CONCURRENT=11\n")
    order = ("configuration", "import", shop, "prod", "--file", str(tmp_path / "hello.env"), "-m", "as agreed")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = portal(*order, by="alice")
    assert refused.code == 130
    assert "11" in refused.out
    assert values(portal, shop)["maxConcurrent"] == 5
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    agreed = portal(*order, by="alice")
    assert (agreed.code, agreed.out.count("maxConcurrent")) == (0, 1)
    assert values(portal, shop)["maxConcurrent"] == 11
    assert portal(*order, by="alice").out.startswith("Nothing would change")
    assert portal("configuration", "export", shop, "prod", by="carol").out == "LOG_LEVEL=info\nMAX_CONCURRENT=11\n"


def test_the_json_of_environments_goes_out_and_comes_in(portal: Portal, shop: str, tmp_path: Path) -> None:
    whole = portal("configuration", "export", shop, by="alice").json
    whole["environments"]["production"]["config"]["maxConcurrent"] = 12
    (tmp_path / "hello.json").write_text(json.dumps(whole))
    order = ("configuration", "import", shop, "--file", str(tmp_path / "hello.json"), "-m", "as agreed", "--json")
    looked = portal(*order, "--dry-run", by="alice").json["items"]
    changes = [change["name"] for item in looked for change in item["changes"]]
    assert (changes.count("maxConcurrent"), values(portal, shop)["maxConcurrent"]) == (1, 5)
    assert all(item["version"] for item in portal(*order, "--yes", by="alice").json["items"])
    assert values(portal, shop)["maxConcurrent"] == 12
