"""A portal that serves built pages knows what opening each one calls, without loading the pages."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import warnings

import pytest

from portal.portal import app
from portal.web.absent import AbsentModule, do_without
from portal.web.build import ROOT, ensure_front_end
from portal.web.openings import SERVING, openings

LOOK = """
import json, sys
from portal.portal import app
from portal.web.openings import openings
pages = [name for name in sys.modules if name.startswith("portal.web.pages")]
print(json.dumps([openings(app), pages]))
"""


@pytest.mark.live
def test_built_pages_call_the_same_when_they_are_opened_and_are_not_loaded() -> None:
    ensure_front_end()
    environment = {**os.environ, SERVING: "true"}
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True)
    kept, loaded = json.loads(done.stdout.splitlines()[-1])
    wanted = {route: [list(call) for call in calls] for route, calls in openings(app).items()}
    assert kept == wanted
    assert loaded == []


def test_what_stands_for_an_absent_library_says_so_when_it_is_used() -> None:
    absent = AbsentModule("redis")
    with pytest.raises(RuntimeError, match="redis is not loaded"):
        absent.Redis()
    with pytest.raises(AttributeError):
        _ = absent.__wrapped__


def test_what_is_done_without_cannot_be_imported_and_what_is_loaded_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "library_of_nobody", sys)
    with warnings.catch_warnings():
        do_without("library_of_nobody", "another_of_nobody")
    try:
        assert sys.modules["library_of_nobody"] is sys
        with pytest.raises(ImportError):
            importlib.import_module("another_of_nobody")
    finally:
        del sys.modules["another_of_nobody"]
