"""Setting the portal up the first time: a few steps for its first administrator, until they say that it is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.errors import Invalid


class SetUpStep(StrEnum):
    """In the order in which they are shown; the last one only sums up."""

    PASSWORD = "password"
    READING = "reading"
    PEOPLE = "people"
    PARTS = "parts"
    END = "end"


@dataclass(frozen=True, slots=True)
class SetUp:
    """`is_due`: nobody has said yet that it is over. `done` is the case, from `passed` somebody went on."""

    is_due: bool
    done: frozenset[SetUpStep] = frozenset()
    passed: frozenset[SetUpStep] = frozenset()

    @property
    def next_step(self) -> SetUpStep:
        """Where to go on: the first step that is neither done nor was passed."""
        return next((step for step in SetUpStep if step not in self.done | self.passed), SetUpStep.END)


def check_step(name: str) -> SetUpStep:
    """Invalid("set_up_step_bad") for what is no step, and for the end, which is not passed but finished."""
    if name not in set(SetUpStep) - {SetUpStep.END}:
        raise Invalid("set_up_step_bad", field="step", step=name[:40])
    return SetUpStep(name)


def following(step: SetUpStep) -> SetUpStep:
    steps = list(SetUpStep)
    return steps[min(steps.index(step) + 1, len(steps) - 1)]
