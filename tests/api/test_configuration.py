"""Settings over REST: declared, changed, explained, imported (the difference first), and exported to the letter."""

from __future__ import annotations

import pytest

from tests.api.conftest import Asking

pytestmark = pytest.mark.req("REQ-P3-008")

SCHEMA = {
    "properties": {
        "logLevel": {"type": "string", "enum": ["debug", "info"], "default": "info", "x-effect": "live"},
        "maxConcurrent": {"type": "integer", "minimum": 1, "maximum": 50, "default": 5},
    },
    "additionalProperties": False,
}
PRODUCTION = {
    "replicas": 3,
    "resources": {"cpu": "1.0", "memory": "1Gi"},
    "config": {"logLevel": "debug", "maxConcurrent": 20},
}


def test_settings_are_declared_changed_explained_imported_and_exported(asking: Asking):
    with asking("alice") as alice:
        schema = alice.put("/services/hello/settings-schema", json={"schema": SCHEMA, "reason": "what it takes"})
        assert schema.status_code == 200, schema.text
        order = {"environments": {"production": PRODUCTION}, "reason": "as agreed", "is_dry_run": True}
        looked = alice.post("/services/hello/settings-exchange", json=order).json()["items"]
        assert [change["name"] for change in looked[0]["changes"]] == [
            "logLevel",
            "maxConcurrent",
            "replicas",
            "resources.cpu",
            "resources.memory",
        ]
        assert looked[0]["version"] is None
        made = alice.post("/services/hello/settings-exchange", json=order | {"is_dry_run": False}).json()["items"]
        assert made[0]["version"]["number"] == 1
        assert alice.get("/services/hello/settings-exchange").json()["environments"]["production"] == PRODUCTION
        shown = alice.get("/configuration/hello/prod").json()
        level = next(setting for setting in shown["settings"] if setting["name"] == "logLevel")
        assert level["origin"] == {"layer": "service:hello@prod", "version": 1, "value": "debug"}
        assert [hidden["layer"] for hidden in level["hidden"]] == ["default:"]
        wrong = alice.post("/configuration/hello/prod/changes", json={"values": {"logLevel": "loud"}, "reason": "x"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "config_not_a_choice")
        text = alice.get("/configuration/hello/prod/variables").json()["text"]
        assert text == "LOG_LEVEL=debug\nMAX_CONCURRENT=20\n"
        env = {"text": "MAX_CONCURRENT=9", "reason": "less"}
        assert alice.post("/configuration/hello/prod/variables", json=env).json()["items"][0]["version"]["number"] == 2
        back = alice.post("/configuration/hello/prod/rollback", json={"number": 1, "reason": "more again"}).json()
        assert (back["number"], back["origin"]) == (3, "rollback:1")
        there = {"to": "dev", "names": ["logLevel"], "reason": "same there"}
        promoted = alice.post("/configuration/hello/prod/promotion", json=there).json()
        assert (promoted["layer"], promoted["version"]["origin"]) == ("service:hello@dev", "promotion:prod")
        versions = alice.get("/configuration/hello/prod/versions").json()
        assert [v["number"] for v in versions if v["layer"] == "service:hello@prod"] == [3, 2, 1]
