"""The process that serves, started by `codex-portal serve` without docstrings: `python -OO -m portal.web`."""

from __future__ import annotations

import importlib
import os

from portal.settings import Settings
from portal.web.build import is_current
from portal.web.first import begin_apart
from portal.web.serve import prepare_environment, serve


def _load_early(settings: Settings) -> None:
    """What takes half of a start, while another process makes the database."""
    if is_current():
        prepare_environment(settings)
        importlib.import_module("reflex.app")


if __name__ == "__main__":
    settings = Settings.from_environment(os.environ)
    serve(settings, first_password=begin_apart(settings, lambda: _load_early(settings)))
