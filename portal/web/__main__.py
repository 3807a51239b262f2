"""The process that serves, started by `codex-portal serve` without docstrings: `python -OO -m portal.web`."""

from __future__ import annotations

import os

from portal.settings import Settings
from portal.web.first import begin_apart
from portal.web.serve import serve

if __name__ == "__main__":
    settings = Settings.from_environment(os.environ)
    serve(settings, first_password=begin_apart(settings))
