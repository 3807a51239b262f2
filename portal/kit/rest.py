"""Where the REST API is: for those who serve it and those who call it."""

from __future__ import annotations

REST_ROOT = "/api/v1"
