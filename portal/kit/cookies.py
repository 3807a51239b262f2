"""Reads one cookie of a request, and names the one that carries a signed-in session."""

from __future__ import annotations

SESSION_COOKIE = "portal_session"
LANGUAGE_COOKIE = "portal_language"
_LONGEST_HEADER = 16_384


def cookie_value(header: str, name: str) -> str:
    """The value of the first cookie of that name in a Cookie header; empty if there is none.

    Unlike `http.cookies` it does not stop at a cookie of somebody else that breaks the grammar.
    """
    for part in header[:_LONGEST_HEADER].split(";"):
        key, separator, value = part.strip().partition("=")
        if separator and key == name:
            return value.strip('"')
    return ""
