"""Every state, step, action, cause and audit entry can be said in both languages, with all that it should say."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from portal.domain.access import Permission, Role
from portal.domain.environment import Stage
from portal.domain.operation import StepStatus
from portal.domain.plan import StepKind, Strategy
from portal.domain.rollout import Action, PauseKind, State
from portal.domain.verdict import Outcome
from portal.i18n import catalogue, t

ROOT = Path(__file__).resolve().parents[2]
SPOKEN: dict[str, type[StrEnum]] = {
    "state": State,
    "stride": StepKind,
    "strategy": Strategy,
    "action": Action,
    "pause": PauseKind,
    "role": Role,
    "permission": Permission,
    "stage": Stage,
    "outcome": Outcome,
}
HEALTHS = ("ok", "degraded", "failing", "waiting", "none")
VERDICT_REASONS = {
    "as_good": {"requests", "needed", "estimate", "low", "high", "tolerance"},
    **{
        f"{measure}_{ending}": {"requests", "needed", "estimate", "low", "high", "tolerance"}
        for measure in ("errors", "latency")
        for ending in ("worse", "undecided")
    },
    "no_stable_requests": {"requests", "needed"},
    "too_few_requests": {"requests", "needed"},
}
# Said of every entry, whatever its own parameters are.
OF_EVERY_ENTRY = {"actor", "target", "environment", "reason"}
HAN = "[\u4e00-\u9fff]"


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def report(breaches: list[str]) -> None:
    if breaches:
        pytest.fail("\n" + "\n".join(sorted(set(breaches))), pytrace=False)


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    files = sorted((ROOT / "portal").rglob("*.py"))
    return tuple((path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))) for path in files)


def writers() -> tuple[ast.Module, ...]:
    """What writes pages of the documentation from the code."""
    return tuple(ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "tests" / "docs").glob("*.py")))


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    for path, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
                yield path, node


def texts(node: ast.expr) -> Iterator[str]:
    """The literal, or both sides of a conditional expression."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def given(call: ast.Call) -> set[str] | None:
    """The names that a cause is filled in with; None where they are known at run time only."""
    if len(call.args) < 2:
        return set()
    if not isinstance(call.args[1], ast.Dict) or None in call.args[1].keys:
        return None
    return {str(key.value) for key in call.args[1].keys if isinstance(key, ast.Constant)}


def causes() -> Iterator[tuple[str, str, set[str] | None]]:
    for path, call in calls("Cause"):
        for code in texts(call.args[0]):
            yield f"{path}:{call.lineno}", code, given(call)


@pytest.mark.parametrize("prefix", SPOKEN)
def test_every_member_has_a_word(prefix: str):
    keys = [f"{prefix}.{member}" for member in SPOKEN[prefix]]
    report([f"{key} is missing" for key in keys if key not in catalogue("en")])


def test_every_state_of_health_and_every_status_of_a_step_has_a_word():
    keys = [f"health.{health}" for health in HEALTHS]
    keys += [
        f"stride_status.{status}" for status in StepStatus if status not in (StepStatus.PENDING, StepStatus.RUNNING)
    ]
    report([f"{key} is missing" for key in keys if key not in catalogue("en")])


def test_every_cause_has_a_sentence():
    words = catalogue("en")
    report(
        [
            f"{where}: neither cause.{code} nor error.{code} is there"
            for where, code, _ in causes()
            if not {f"cause.{code}", f"error.{code}"} & words.keys()
        ]
    )


def test_every_sentence_of_a_cause_gets_what_it_fills_in():
    words = catalogue("en")
    report(
        [
            f"{where}: the sentence of {code} fills in {{{name}}}, which is not given here"
            for where, code, names in causes()
            if names is not None
            for name in placeholders(words.get(f"cause.{code}", words.get(f"error.{code}", ""))) - names
        ]
    )


@pytest.mark.parametrize("reason", VERDICT_REASONS)
def test_a_verdict_is_a_sentence_that_gets_what_it_fills_in(reason: str):
    text = catalogue("en")[f"verdict.{reason}"]
    assert placeholders(text) <= VERDICT_REASONS[reason]


@pytest.mark.parametrize("reason", ["errors_worse", "latency_worse"])
def test_the_reason_of_a_failed_verdict_fits_into_a_longer_sentence(reason: str):
    assert placeholders(catalogue("en")[f"why.{reason}"]) <= VERDICT_REASONS[reason]
    assert not catalogue("en")[f"why.{reason}"].endswith(".")


def recorded() -> set[str]:
    """The actions that services write into the audit trail."""
    actions = {f"rollout.{state}" for state in State if state not in (State.SHIFTING, State.PROMOTING)}
    actions |= {f"rollout.{action}" for action in Action}
    shape = re.compile(r"(rollout|release|service|environment|freeze|audit|user|token)\.[a-z_]+")
    for path, module in modules():
        if path.parts[1] != "services":
            continue
        hits = {node.args[0] for node in ast.walk(module) if isinstance(node, ast.Call) and is_failpoint(node)}
        found = [node for node in ast.walk(module) if isinstance(node, ast.Constant) and node not in hits]
        actions |= {node.value for node in found if isinstance(node.value, str) and shape.fullmatch(node.value)}
    return actions


def is_failpoint(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "hit" and bool(call.args)


def test_every_action_of_the_audit_trail_has_a_sentence():
    report([f"audit.{action} is missing" for action in recorded() if f"audit.{action}" not in catalogue("en")])


KEY = re.compile(r"[a-z_]+(?:\.[A-Za-z_0-9*-]+)+")
SPEAKERS = ("tr", "words", "say", "sentence", "t")


def asked_for(call: ast.Call) -> Iterator[str]:
    for argument in call.args[:2]:
        yield from (text for text in texts(argument) if KEY.fullmatch(text))


def test_every_sentence_that_the_code_asks_for_is_there():
    report(
        [
            f"{path}:{call.lineno} asks for {key}, which is missing"
            for speaker in SPEAKERS
            for path, call in calls(speaker)
            for key in asked_for(call)
            if key not in catalogue("en")
        ]
    )


def prefixes() -> set[str]:
    """What keys begin with that are put together at run time."""
    begun: set[str] = {f"{prefix}." for prefix in (*SPOKEN, "error", "cause", "why", "where", "problem.reason")}
    for module in (*(module for _, module in modules()), *writers()):
        for node in ast.walk(module):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(cast("ast.Constant", node.values[0]).value))
    return {text for text in begun if re.fullmatch(r"[a-z_]+\.(?:[a-z_]+\.)*[a-z_]*", text)}


def test_no_sentence_is_left_that_nobody_says():
    begun = tuple(prefixes())
    named = {
        node.value
        for module in (*(module for _, module in modules()), *writers())
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    report([f"nobody says {key}" for key in catalogue("en") if key not in named and not key.startswith(begun)])


def test_chinese_is_set_as_chinese():
    """Full-width punctuation, a space between Chinese and Latin words, no English quotes."""
    wrong = re.compile(rf"{HAN}[,;:?!()\"']|[,;?!()\"']{HAN}|{HAN}[A-Za-z0-9]|[A-Za-z0-9%]{HAN}")
    report(
        [
            f"{key}: …{text[max(0, found.start() - 8) : found.end() + 8]}…"
            for key, text in catalogue("zh").items()
            if key != "setting_form.addresses" and (found := wrong.search(text))
        ]
    )


def test_no_english_is_left_in_chinese():
    """Both languages say the same only where there is nothing to translate: names and patterns."""
    same = {key for key, text in catalogue("zh").items() if text == catalogue("en")[key] and "_example" not in key}
    assert same <= {
        "cli.plain",
        "container.json",
        "configuration.layer_of",
        "containers.cpu",
        "doctor.grade.skipped",
        "doctor.tool_fine",
        "product.short",
        "setting_form.database_url",
        "setting_form.redis_url",
        "setting_form.web_url",
    }


def test_a_code_that_fills_in_a_sentence_is_said_in_words():
    text = t("en", "error.action_senseless", action="promote", state="awaiting_approval")
    assert "Promote now" in text
    assert "Waiting for approval" in text


def test_a_cause_that_is_an_error_is_said_within_another_sentence():
    text = t(
        "zh", "audit.rollout.rolling_back", service="hello", environment="prod", cause="image_missing", image="a:1"
    )
    assert "主机上没有镜像 a:1" in text


def test_chinese_has_a_space_around_latin_words_alone():
    assert "结束了 prod hello 的" in t("zh", "audit.rollout.finish", actor="dave", environment="prod", service="hello")
    assert "结束了生产 hello 的" in t("zh", "audit.rollout.finish", actor="dave", environment="生产", service="hello")


def test_what_nobody_fills_in_stays_visible():
    assert t("en", "cause.rejected") == "Rejected by {by}."
