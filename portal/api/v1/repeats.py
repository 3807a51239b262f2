"""The same request again, by its Idempotency-Key: nothing is done, and the first answer is given once more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from portal.domain.access import Actor
from portal.services.replies import Replies
from portal.wiring import core

SECRETS = {"password", "secret", "secret_base64"}  # neither they nor a quick hash of them are kept
Shown = TypeVar("Shown", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Repeatable(Generic[Shown]):
    """A request under a key: `name` and `order` say what is asked, `document` reads a kept answer."""

    key: str
    name: str
    order: BaseModel
    document: type[Shown]

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.order.model_dump_json(exclude=SECRETS).encode()).hexdigest()
        return f"{self.name}:{digest}"


def once(actor: Actor, asked: Repeatable[Shown], act: Callable[[], Shown]) -> Shown:
    """The answer of `act`, or the one that was given under this key before. Without a key it always acts."""
    if not asked.key:
        return act()
    replies = Replies(core().database, core().clock)
    known = replies.reply(actor, asked.key, fingerprint=asked.fingerprint)
    if known is not None:
        return asked.document.model_validate_json(known)
    answer = act()
    replies.keep(actor, asked.key, fingerprint=asked.fingerprint, reply=answer.model_dump_json(exclude=SECRETS))
    return answer
