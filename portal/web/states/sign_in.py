"""The door: what went wrong or was done the last time, and where to go afterwards."""

from __future__ import annotations

import re

import reflex as rx

from portal.web.addresses import address
from portal.web.arguments import query
from portal.web.policy import public
from portal.web.states.live import put
from portal.web.words import Words, has_words, words
from portal.wiring import core

_CODE = re.compile(r"[a-z_]{1,40}", re.ASCII)
_NAME = re.compile(r"[a-z0-9._-]{1,63}", re.ASCII)


class SignInState(rx.State):
    trouble: Words = Words()
    done: Words = Words()
    target: str = "/"
    name: str = ""
    organisation: str = ""
    start: str = ""

    @rx.event
    @public
    def load(self) -> None:
        target, name = query(self, "next"), query(self, "name")
        numbers = {name: query(self, name)[:4] for name in ("seconds", "limit")}
        own = target if target.startswith("/") and not target.startswith("//") else "/"
        external = core().external
        put(
            self,
            trouble=_said("error", query(self, "error"), numbers),
            done=_said("done", query(self, "done"), {}),
            target=own,
            organisation=external.policy.name if external.is_set_up else "",
            start=address("/auth/oidc/start", next=own),
            name=name if _NAME.fullmatch(name) else "",
        )


def _said(prefix: str, code: str, numbers: dict[str, str]) -> Words:
    """The sentence of a code in the address; none for what is no code."""
    is_known = _CODE.fullmatch(code) is not None and has_words(f"{prefix}.{code}")
    return words(f"{prefix}.{code}", **numbers) if is_known else Words()
