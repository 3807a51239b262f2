"""What a portal answered instead of doing what it was asked."""

from __future__ import annotations

REFUSED_CODES = frozenset({"not_signed_in", "token_bad", "not_allowed", "too_many_failures"})


class RemoteProblem(Exception):
    """`document` is the problem (RFC 9457) as the portal sent it."""

    def __init__(self, document: dict[str, object]) -> None:
        super().__init__(document.get("detail", ""))
        self.document = document
