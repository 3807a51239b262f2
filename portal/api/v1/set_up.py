"""REST: the set-up of a new portal."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, Order
from portal.domain.access import Actor, Permission
from portal.domain.set_up import SetUp, SetUpStep
from portal.wiring import core

router = APIRouter(tags=["set-up"])
Editor = Annotated[Actor, permitted(Permission.USER_EDIT)]


class SetUpDocument(Document):
    """How far the set-up of this portal is; `is_due` as long as nobody has said that it is over."""

    is_due: bool
    done: list[SetUpStep]
    passed: list[SetUpStep]
    next_step: SetUpStep

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, SetUp)
        done, passed = ([step for step in SetUpStep if step in steps] for steps in (shown.done, shown.passed))
        return cls(is_due=shown.is_due, done=done, passed=passed, next_step=shown.next_step)


class SetUpEndOrder(Order):
    is_skipped: bool = Field(default=False, description="It ends without having been finished.")


@router.get("/set-up")
def show_set_up(actor: Editor) -> SetUpDocument:
    return SetUpDocument.of(core().identity.set_up(actor))


@router.put("/set-up/steps/{step}")
def pass_set_up_step(actor: Editor, step: SetUpStep) -> SetUpDocument:
    """Go on from a step, whether something was done in it or not."""
    return SetUpDocument.of(core().identity.pass_set_up_step(actor, step))


@router.put("/set-up/end")
def end_set_up(actor: Editor, order: SetUpEndOrder) -> SetUpDocument:
    """It is over for everybody, and is never shown again."""
    return SetUpDocument.of(core().identity.end_set_up(actor, is_skipped=order.is_skipped))
