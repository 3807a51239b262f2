"""How good is the verdict? False aborts while peeking, requests to a decision, and what others need beside it.

bin/bench verdict [--json] [--goals] [--quick]: tables, or one JSON document; with --goals exit status 1 and the name
of each goal that is not met; --quick runs a tenth. A full run takes some minutes on one core. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from statistics import median, quantiles

from benchmarks.verdict_judges import (
    ErrorThreshold,
    Judge,
    LatencyThreshold,
    PortalVerdict,
    RepeatedMannWhitney,
    RepeatedZ,
)
from benchmarks.verdict_streams import (
    Course,
    Second,
    Stream,
    error_limit,
    heavy_tailed,
    latency_limit,
    log_normal,
    outages,
    restless,
    steady,
    stepped,
    surges,
)
from portal.domain.verdict import AnalysisPlan, Outcome, Tally, judge, no_evidence, weigh

ALPHA = 0.01
STRICT = AnalysisPlan(alpha=ALPHA, error_tolerance=0.0, latency_tolerance=1.0)
STRICT_ERRORS = AnalysisPlan(alpha=ALPHA, error_tolerance=0.0, is_latency_judged=False)
NEVER = float("inf")

Makers = dict[str, Callable[[], Judge]]
ERROR_JUDGES: Makers = {
    "portal": lambda: PortalVerdict(STRICT_ERRORS),
    "> 1 % once": lambda: ErrorThreshold(1),
    "> 1 % three times": lambda: ErrorThreshold(3),
    "repeated z test": RepeatedZ,
}
LATENCY_JUDGES: Makers = {
    "portal": lambda: PortalVerdict(STRICT),
    "> 1.25 once": lambda: LatencyThreshold(1),
    "> 1.25 three times": lambda: LatencyThreshold(3),
    "repeated Mann-Whitney": RepeatedMannWhitney,
}


@dataclass(frozen=True, slots=True)
class Goal:
    name: str
    value: float
    bound: float
    is_at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.bound if self.is_at_least else self.value <= self.bound


@dataclass(slots=True)
class Report:
    """Tables by title, a row a scenario; and the goals measured."""

    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict[str, list[dict[str, object]]])
    goals: list[Goal] = field(default_factory=list[Goal])

    def row(self, title: str, **figures: object) -> None:
        self.tables.setdefault(title, []).append(figures)


def run(judges: Makers, stream: Stream, *, seconds: int, seed: int) -> dict[str, float]:
    """Canary requests until each judge aborts, NEVER if it does not within `seconds`."""
    waiting = {name: make() for name, make in judges.items()}
    decided = dict.fromkeys(judges, NEVER)
    requests = 0
    for stable, canary in stream.seconds(seconds, Random(seed)):
        requests += canary.requests
        for name in [name for name, one in waiting.items() if one.see(stable, canary)]:
            decided[name] = requests
            del waiting[name]
        if not waiting:
            break
    return decided


def false_aborts(report: Report, scale: float) -> None:
    """10,000 healthy canaries a scenario: 100 requests/s for 60 s, 600 canary requests at a share of 10 %."""
    title = "false aborts of healthy canaries, looked at every second"
    shares = {"10 %": 0.1, "50 %": 0.5}
    courses: dict[str, Course] = {
        f"errors {100 * rate:g} %, share {name}": steady(Second(100.0, share, rate, rate))
        for name, share in shares.items()
        for rate in (0.0, 0.005, 0.02)
    }
    courses["errors 0.5 %, outages of both to 40 %"] = outages(Second(100.0, 0.1, 0.005, 0.005))
    courses["errors 0.5 %, surges of traffic and errors"] = surges(Second(100.0, 0.1, 0.005, 0.005))
    courses["errors 0.5 to 3 %, share 5, 25, 50 %"] = stepped(Second(60.0, 0.1, 0.01, 0.01))
    for scenario, course in courses.items():
        seconds = 120 if "25, 50" in scenario else 60
        _false_aborts(report, title, (scenario, ERROR_JUDGES, Stream(course)), (round(10_000 * scale), seconds))
    for latency in (log_normal(0.3), heavy_tailed(0.3)):
        stream = Stream(restless(Second(50.0, 0.1)), latency)
        scenario = f"{latency.name}, drifting and jumping"
        _false_aborts(report, title, (scenario, LATENCY_JUDGES, stream), (round(2_000 * scale), 60))


def _false_aborts(report: Report, title: str, trial: tuple[str, Makers, Stream], size: tuple[int, int]) -> None:
    """The peers see a fifth of the streams, which is enough to tell their size and keeps the run short."""
    scenario, judges, stream = trial
    canaries, seconds = size
    peers = canaries // 5
    alone = {"portal": judges["portal"]}
    runs = [run(judges if seed < peers else alone, stream, seconds=seconds, seed=seed) for seed in range(canaries)]
    rates = {name: _stopped(runs[: None if name == "portal" else peers], name) for name in judges}
    report.row(
        title, scenario=scenario, canaries=canaries, seen_by_peers=peers,
        **{name: _percent(rate) for name, rate in rates.items()},
    )  # fmt: skip
    report.goals.append(Goal(f"false aborts, {scenario}", rates["portal"], ALPHA))


def _stopped(runs: Sequence[dict[str, float]], name: str) -> float:
    return sum(one[name] < NEVER for one in runs) / len(runs)


def detection_of_errors(report: Report, scale: float) -> None:
    """20 requests/s: about 2 canary requests a look at a share of 10 %."""
    title = "canary requests until an error-prone canary is stopped (median, as a ratio to the information limit)"
    trials = ((0.001, 0.01, 0.1), (0.005, 0.05, 0.1), (0.03, 0.3, 0.1), (0.005, 0.05, 0.5), (0.005, 0.3, 0.1))
    for stable_rate, canary_rate, share in trials:
        limit = error_limit(stable_rate, canary_rate, share=share, alpha=ALPHA)
        stream = Stream(steady(Second(2.0 / share, share, stable_rate, canary_rate)))
        scenario = f"{100 * canary_rate:g} % against {100 * stable_rate:g} %, share {100 * share:g} %"
        ratio, power = _detection(report, title, (scenario, ERROR_JUDGES, stream, limit), round(1_000 * scale))
        report.goals.append(Goal(f"requests to detection, {scenario}", ratio, 1.4))
        report.goals.append(Goal(f"power, {scenario}", power, 0.95, is_at_least=True))


def detection_of_slowness(report: Report, scale: float) -> None:
    title = "canary requests until a slow canary is stopped (median, as a ratio to the information limit)"
    for latency in (log_normal(0.3), log_normal(1.0), heavy_tailed(0.3)):
        for slower in (1.2, 1.5, 2.0):
            limit = latency_limit(latency.bins(), latency.bins(slower), share=0.1, alpha=ALPHA)
            stream = Stream(steady(Second(20.0, 0.1)), latency, slower)
            scenario = f"+{100 * (slower - 1):.0f} %, {latency.name}"
            size = round((100 if limit > 100.0 else 400) * scale)
            _, power = _detection(report, title, (scenario, LATENCY_JUDGES, stream, limit), size)
            if slower == 1.5:
                report.goals.append(Goal(f"power, {scenario}", power, 0.95, is_at_least=True))


def _detection(
    report: Report, title: str, trial: tuple[str, Makers, Stream, int], canaries: int
) -> tuple[float, float]:
    """(median ratio, share stopped within five times the limit or 120 canary requests) of the portal's verdict."""
    scenario, judges, stream, limit = trial
    horizon = max(5.0 * limit, 120.0)
    runs = [run(judges, stream, seconds=round(horizon / 2.0), seed=seed) for seed in range(canaries)]
    ratios = {name: median(one[name] for one in runs) / limit for name in judges}
    power = _stopped(runs, "portal")
    shown = {name: f"{ratio:.2f}" if ratio < NEVER else "never" for name, ratio in ratios.items()}
    report.row(title, scenario=scenario, canaries=canaries, limit=limit, **shown, power=_percent(power))
    return ratios["portal"], power


def decisions(report: Report, scale: float) -> None:
    """As in the product: default plan, 200 requests/s, 10 %, one look a second."""
    title = "seconds to the verdict with the default plan at 200 requests/s, 20 of them to the canary"
    normal, wide = log_normal(0.3), log_normal(1.0)
    acts = {
        "good, no errors": (Stream(steady(Second(200.0, 0.1)), normal), Outcome.PASS, 40.0),
        "good, no errors, sigma 1": (Stream(steady(Second(200.0, 0.1)), wide), Outcome.PASS, 40.0),
        "good, 0.5 % errors in both": (Stream(steady(Second(200.0, 0.1, 0.005, 0.005)), normal), Outcome.PASS, NEVER),
        "5 % errors against none": (Stream(steady(Second(200.0, 0.1, 0.0, 0.05)), normal), Outcome.FAIL, 10.0),
        "30 % errors against none": (Stream(steady(Second(200.0, 0.1, 0.0, 0.3)), normal), Outcome.FAIL, 10.0),
        "+50 % latency": (Stream(steady(Second(200.0, 0.1)), normal, 1.5), Outcome.FAIL, 10.0),
        "+50 % latency, sigma 1": (Stream(steady(Second(200.0, 0.1)), wide, 1.5), Outcome.FAIL, NEVER),
        "+10 % latency (tolerated)": (Stream(steady(Second(200.0, 0.1)), normal, 1.1), Outcome.PASS, NEVER),
    }
    for scenario, (stream, wanted, bound) in acts.items():
        ends = [_decide(stream, seed) for seed in range(round(200 * scale))]
        right = [seconds for outcome, seconds in ends if outcome is wanted]
        seconds = [seconds if outcome is wanted else NEVER for outcome, seconds in ends]
        outcome = f"{wanted} in {_percent(len(right) / len(ends))}"
        middle, slow = median(seconds), quantiles(seconds, n=20, method="inclusive")[-1]
        report.row(title, scenario=scenario, canaries=len(ends), outcome=outcome, median=middle, p95=slow)
        if bound < NEVER:
            report.goals.append(Goal(f"seconds to {wanted}, {scenario}", middle, bound))


def _decide(stream: Stream, seed: int) -> tuple[Outcome, float]:
    evidence = no_evidence(AnalysisPlan())
    for second, (stable, canary) in enumerate(stream.seconds(180, Random(seed)), 1):
        evidence = weigh(evidence, stable=stable, canary=canary)
        outcome = judge(evidence).outcome
        if outcome is not Outcome.INCONCLUSIVE:
            return outcome, second
    return Outcome.INCONCLUSIVE, NEVER


def false_passes(report: Report, scale: float) -> None:
    """Canaries exactly at the tolerance, looked at every second for 90 s: a pass is wrong."""
    title = "false passes at exactly the tolerance (confidence 95 %)"
    plan = AnalysisPlan(is_latency_judged=False)
    trials = {
        "1 % against none": (Stream(steady(Second(200.0, 0.1, 0.0, 0.01))), plan),
        "2 % against 1 %": (Stream(steady(Second(200.0, 0.1, 0.01, 0.02))), plan),
        "+25 % latency": (Stream(steady(Second(100.0, 0.1)), log_normal(0.3), 1.25), AnalysisPlan()),
    }
    for scenario, (stream, chosen) in trials.items():
        canaries = round(300 * scale)
        passes = sum(_is_passed(stream, chosen, seed) for seed in range(canaries))
        report.row(title, scenario=scenario, canaries=canaries, portal=_percent(passes / canaries))
        report.goals.append(Goal(f"false passes, {scenario}", passes / canaries, 0.05))


def _is_passed(stream: Stream, plan: AnalysisPlan, seed: int) -> bool:
    """Whether the measure in question, the last one, ever passes."""
    evidence = no_evidence(plan)
    for stable, canary in stream.seconds(90, Random(seed)):
        evidence = weigh(evidence, stable=stable, canary=canary)
        if judge(evidence).measures[-1].outcome is Outcome.PASS:
            return True
    return False


def costs(report: Report, scale: float) -> None:
    """Time of one call and size of what is stored, at 200 and at 20,000 requests/s."""
    for requests in (200.0, 20_000.0):
        stream = Stream(steady(Second(requests, 0.1, 0.005, 0.005)), log_normal(1.0))
        seen = list(stream.seconds(round(300 * scale) if requests < 1000.0 else 30, Random(1)))
        weighing, looking, size = _cost(seen)
        report.row(
            "cost", requests_a_second=f"{requests:,.0f}", weigh_ms=f"{1e3 * weighing:.2f}",
            judge_ms=f"{1e3 * looking:.2f}", evidence_bytes=size,
        )  # fmt: skip
        report.goals.append(Goal(f"milliseconds a weigh at {requests:,.0f} requests/s", 1e3 * weighing, 1.0))


def _cost(seen: Sequence[tuple[Tally, Tally]]) -> tuple[float, float, int]:
    """(median seconds of weigh, of judge, bytes of the stored evidence)."""
    evidence = no_evidence(AnalysisPlan())
    weighing: list[float] = []
    looking: list[float] = []
    for stable, canary in seen:
        begun = time.perf_counter()
        evidence = weigh(evidence, stable=stable, canary=canary)
        weighed = time.perf_counter()
        judge(evidence)
        weighing.append(weighed - begun)
        looking.append(time.perf_counter() - weighed)
    return median(weighing), median(looking), len(json.dumps(evidence.to_json()))


def _percent(part: float) -> str:
    return f"{100.0 * part:.2f} %"


def measure(scale: float) -> Report:
    report = Report()
    for part in (costs, decisions, detection_of_errors, detection_of_slowness, false_passes, false_aborts):
        begun = time.monotonic()
        part(report, scale)
        print(f"{part.__name__}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return report


def show(report: Report) -> None:
    """Markdown tables, as in docs/benchmarks.md."""
    for title, rows in report.tables.items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        print(f"\n### {title[0].upper()}{title[1:]}\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
        for row in rows:
            print(f"| {' | '.join(str(row.get(name, '')) for name in names)} |")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench verdict", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal is not met")
    parser.add_argument("--quick", action="store_true", help="a tenth of the canaries")
    options = parser.parse_args(arguments)
    report = measure(0.1 if options.quick else 1.0)
    missed = [goal for goal in report.goals if not goal.is_met]
    if options.json:
        print(json.dumps({"tables": report.tables, "goals": [asdict(g) | {"is_met": g.is_met} for g in report.goals]}))
    else:
        show(report)
        print(f"\nGoals met: {len(report.goals) - len(missed)} of {len(report.goals)}")
    for goal in missed:
        relation = "at least" if goal.is_at_least else "at most"
        print(f"not met: {goal.name}: {goal.value:.4g}, wanted {relation} {goal.bound:g}", file=sys.stderr)
    return 1 if options.goals and missed else 0


if __name__ == "__main__":
    sys.exit(main())
