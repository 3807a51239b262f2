"""The sign-in page: what went wrong the last time, and where to go afterwards."""

from __future__ import annotations

import asyncio
import re

import reflex as rx

from portal.web.arguments import query
from portal.web.policy import public
from portal.web.states.live import put
from portal.web.words import Words, has_words, words
from portal.wiring import core

_CODE = re.compile(r"[a-z_]{1,40}", re.ASCII)


class SignInState(rx.State):
    trouble: Words = Words()
    target: str = "/"
    is_first: bool = False

    @rx.event
    @public
    async def load(self) -> None:
        code = query(self, "error")
        is_known = _CODE.fullmatch(code) is not None and has_words(f"error.{code}")
        target = query(self, "next")
        put(
            self,
            trouble=words(f"error.{code}", seconds=query(self, "seconds")[:4]) if is_known else Words(),
            is_first=await asyncio.to_thread(core().identity.is_first_sign_in_due),
            target=target if target.startswith("/") and not target.startswith("//") else "/",
        )
