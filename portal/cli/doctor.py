"""`codex-portal doctor`: whether this machine can do the work, what to do if not, and doing what is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from portal.cli.commands import Option, ReportingCommand, invocation
from portal.cli.tables import print_json, width
from portal.cli.words import say
from portal.domain.doctor import Diagnosis, Finding, Grade, Group, Repair, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS = {Grade.PASS: "green", Grade.SKIPPED: "bright_black", Grade.WARN: "yellow", Grade.FAIL: "red"}


def _doctor(*, groups: Sequence[str], is_strict: bool, does_fix: bool) -> int:
    """Exit status 1 if anything has failed, with --strict also for warnings."""
    from portal.cli.doctor_parts import doctor as present

    chosen = [Group(name) for name in groups]
    found = present().treat(chosen) if does_fix else present().examine(chosen)
    if invocation().is_json:
        print_json(document(found))
    else:
        _show(found)
    return int(found.grade is Grade.FAIL or (is_strict and found.grade is Grade.WARN))


def document(found: Diagnosis) -> dict[str, Any]:
    """For programs: codes and numbers, and the words in the language that was asked for."""
    from portal import __version__

    return {
        "status": found.grade,
        "version": __version__,
        "counts": {grade: found.count(grade) for grade in Grade},
        "checks": [_row(result) for result in found.results],
        "repairs": [
            {"name": each.name, "repair": each.code, "is_done": each.is_done, "text": _repair_text(each)}
            for each in found.repairs
        ],
    }


def _row(result: Result) -> dict[str, Any]:
    finding = result.finding
    return {
        "name": result.name,
        "group": result.group,
        "status": finding.grade,
        "code": finding.code,
        "params": dict(finding.params),
        "text": sentence(finding),
        "hint": hint(finding),
        "is_repairable": bool(finding.repair),
        "duration_ms": result.duration_ms,
    }


def sentence(finding: Finding) -> str:
    key = finding.code if finding.code.startswith("error.") else f"doctor.{finding.code}"
    return say(key, **finding.params)


def hint(finding: Finding) -> str:
    """What a person can do about it; empty if there is nothing to do."""
    return say(f"doctor.remedy.{finding.remedy}", **finding.params) if finding.remedy else ""


def _repair_text(repair: Repair) -> str:
    if repair.is_done:
        return say(f"doctor.repair.{repair.code}", **repair.params)
    return say("doctor.repair_failed", name=repair.name, why=say(f"error.{repair.reason}").removeprefix("error."))


def _show(found: Diagnosis) -> None:
    for repair in found.repairs:
        click.secho(_repair_text(repair), fg="green" if repair.is_done else "red")
    widest = max(width(say(f"doctor.grade.{grade}")) for grade in Grade)
    for group in Group:
        results = [result for result in found.results if result.group is group]
        if results:
            click.secho(say(f"doctor.group.{group}"), bold=True)
        for result in results:
            _show_one(result.finding, widest)
    counts = {grade.value: found.count(grade) for grade in Grade}
    click.secho(say("doctor.summary", **{**counts, "passed": counts.pop("pass")}), fg=COLOURS[found.grade], bold=True)


def _show_one(finding: Finding, widest: int) -> None:
    word = say(f"doctor.grade.{finding.grade}")
    click.echo(f"  {click.style(word, fg=COLOURS[finding.grade])}{' ' * (widest - width(word))}  {sentence(finding)}")
    if finding.remedy:
        click.echo(f"  {' ' * widest}  → {hint(finding)}")


doctor = ReportingCommand(
    "doctor",
    callback=_doctor,
    params=[
        Option(["--fix", "does_fix"], is_flag=True),
        Option(["--group", "groups", "-g"], multiple=True, type=click.Choice([group.value for group in Group])),
        Option(["--strict", "is_strict"], is_flag=True),
    ],
)
