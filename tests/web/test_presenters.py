"""What pages are given: steps as people count them, pictures of intervals, rates, times and addresses."""

from __future__ import annotations

import math

import pytest

from portal.domain.audit import AuditEntry
from portal.domain.errors import Invalid, NotFound
from portal.domain.operation import StepStatus
from portal.domain.page import Page
from portal.domain.plan import Plan, Step, StepKind, Strategy
from portal.domain.release import Release
from portal.domain.rollout import Rollout
from portal.domain.rollout_view import MatrixCell, RolloutView, SamplePoint, StepView
from portal.domain.route import Slot
from portal.domain.verdict import Measure, Outcome
from portal.web import arguments
from portal.web.addresses import address, paging, release_address
from portal.web.presenters import timeline
from portal.web.presenters.charts import error_chart, latency_chart
from portal.web.presenters.marks import duration_words, health_badge, percent_text
from portal.web.presenters.matrix import tally
from portal.web.presenters.rollout import facts
from portal.web.presenters.steps import position, strides
from portal.web.presenters.verdicts import _interval
from portal.web.words import words

THIN = "\N{NARROW NO-BREAK SPACE}"
STEPS = (
    Step(StepKind.PREPARE, replicas=3),
    Step(StepKind.GATE, replicas=3),
    Step(StepKind.SHIFT, percent=10),
    Step(StepKind.OBSERVE, seconds=120),
    Step(StepKind.APPROVAL, approvals=1),
    Step(StepKind.SHIFT, percent=100),
    Step(StepKind.BAKE, seconds=14_400),
    Step(StepKind.FINALISE),
)


def seen(done: int, *, last: StepStatus = StepStatus.RUNNING) -> list[StepView]:
    statuses = [StepStatus.DONE] * done + [last] + [StepStatus.PENDING] * len(STEPS)
    return [StepView(step, status) for step, status in zip(STEPS, statuses, strict=False)]


def test_a_shift_and_the_watching_after_it_are_one_step() -> None:
    found = strides(seen(3), 3, is_over=False)

    assert [stride.title.en for stride in found] == ["Start", f"10{THIN}%", "Approval", f"100{THIN}%", "Keep warm"]
    assert [stride.status for stride in found] == ["done", "now", "next", "next", "next"]
    assert found[1].detail.en == "watched 2 min"
    assert found[4].detail.zh == "4 小时"


def test_the_position_counts_the_same_steps() -> None:
    assert position(seen(3), 3) == (2, 5)
    assert position(seen(7), 7) == (5, 5)


def test_the_step_at_which_it_failed_says_so() -> None:
    found = strides(seen(3, last=StepStatus.FAILED), 3, is_over=True)

    assert [stride.status for stride in found] == ["done", "failed", "next", "next", "next"]


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (0.25, "0.2 s", "0.2 秒"),
        (90, "1 min 30 s", "1 分钟 30 秒"),
        (5400, "1 h 30 min", "1 小时 30 分钟"),
        (14_400, "4 h", "4 小时"),
        (90_000, "1 d 1 h", "1 天 1 小时"),
    ],
)
def test_durations_are_rounded_to_what_matters(seconds: float, english: str, chinese: str) -> None:
    assert (duration_words(seconds).en, duration_words(seconds).zh) == (english, chinese)


def test_percentages_have_a_thin_space_a_real_minus_and_few_digits() -> None:
    assert percent_text(0.0123) == f"1.2{THIN}%"
    assert percent_text(-0.002, is_signed=True) == f"\N{MINUS SIGN}0.2{THIN}%"
    assert percent_text(0.0002, is_signed=True) == f"+0.02{THIN}%"


def test_no_difference_is_on_neither_side() -> None:
    assert percent_text(0.0, is_signed=True) == f"0.00{THIN}%"
    assert percent_text(-0.00001, is_signed=True) == f"0.00{THIN}%"
    assert percent_text(0.0) == f"0.0{THIN}%"


@pytest.mark.parametrize(
    ("notes", "summary"),
    [
        ("fix: one", "fix: one"),
        ("\n## Fixed\n- sign-in no longer times out\n- more", "sign-in no longer times out"),
        ("# Only a heading", ""),
        ("* **Faster** `search`, see [the page](https://a.test/x)", "Faster search, see the page"),
        ("", ""),
    ],
)
def test_the_summary_of_a_release_is_the_first_line_that_says_something(notes: str, summary: str) -> None:
    assert Release("hello", "1.0.0", "sha256:…", notes=notes).summary == summary


def measure(**changes: object) -> Measure:
    given: dict[str, object] = {
        "name": "errors",
        "estimate": 0.0,
        "low": -0.005,
        "high": 0.005,
        "tolerance": 0.01,
        "e_value": 1.0,
        "outcome": Outcome.PASS,
        "unit": "difference",
    }
    return Measure(**(given | changes))  # type: ignore[arg-type]


def test_an_interval_has_no_difference_left_of_the_tolerance() -> None:
    picture = _interval(measure(), alpha=0.01)

    assert picture.zero_x == picture.estimate_x
    assert float(picture.low_x) < float(picture.zero_x) < float(picture.tolerance_x) < 232
    assert float(picture.low_x) + float(picture.width) == pytest.approx(
        float(picture.zero_x) * 2 - float(picture.low_x)
    )


def test_harm_far_beyond_the_tolerance_stays_in_the_picture() -> None:
    far = measure(estimate=0.094, low=0.028, high=0.22, outcome=Outcome.FAIL)

    picture = _interval(far, alpha=0.01)

    assert float(picture.zero_x) < float(picture.tolerance_x) < float(picture.low_x) < float(picture.estimate_x) < 232
    assert float(picture.width) > 50


def test_an_interval_that_is_not_known_fills_the_picture_and_says_so() -> None:
    picture = _interval(measure(low=-math.inf, high=math.inf, estimate=math.nan), alpha=0.01)

    assert (picture.low_x, picture.width) == ("8", "224.0")
    assert picture.value == "\N{EN DASH}"
    assert picture.bounds.en == "not known yet"


def test_the_meter_of_evidence_is_full_when_it_aborts() -> None:
    assert _interval(measure(e_value=100.0), alpha=0.01).evidence_percent == 100.0
    assert _interval(measure(e_value=10.0), alpha=0.01).evidence_percent == 50.0
    assert _interval(measure(e_value=0.3), alpha=0.01).evidence_percent == 0.0


def test_one_failed_request_of_five_is_not_drawn_as_twenty_per_cent() -> None:
    quiet = [SamplePoint(at=s, seconds=1, stable_requests=95, canary_requests=5) for s in range(9)]
    spike = SamplePoint(at=9, seconds=1, stable_requests=95, canary_requests=5, canary_errors=1)
    silent = SamplePoint(at=10, seconds=1, stable_requests=95)

    chart = error_chart([*quiet, spike, silent], (), tolerance=0.01)

    assert chart.canary[9] == pytest.approx(0.02)
    assert chart.canary[10] is None
    assert chart.tolerance == pytest.approx(0.01)


def test_a_latency_that_does_not_exist_is_absent() -> None:
    points = [SamplePoint(at=1, seconds=1, stable_p95_ms=41.239), SamplePoint(at=2, seconds=1, canary_p95_ms=40.0)]

    chart = latency_chart(points, ())

    assert (chart.stable, chart.canary) == ((41.24, None), (None, 40.0))


def test_health_is_a_shape_and_a_word_too() -> None:
    badges = [health_badge(health) for health in ("ok", "degraded", "failing", "waiting", "none", "never heard of")]
    assert len({badge.icon for badge in badges[:5]}) == 5
    assert badges[5] == badges[4]


def test_only_what_is_deployed_is_counted() -> None:
    cells = [
        MatrixCell("a", "prod", "1.0.0", "ok"),
        MatrixCell("a", "dev"),
        MatrixCell("b", "prod", "1.0.0", "failing"),
    ]
    assert (tally(cells).deployed, tally(cells).healthy) == (2, 1)


def test_an_entry_without_words_of_its_own_is_still_a_sentence() -> None:
    entry = AuditEntry("alice", "user", "moon.landed", "moon", "luna", reason="because")

    line = timeline.line(entry)

    assert "alice" in line.text.en
    assert "luna" in line.text.zh
    assert (line.reason, line.href) == ("because", "")


def test_what_the_portal_did_by_itself_is_said_of_the_portal() -> None:
    params = {"service": "hello", "percent": "25", "from": "10"}
    entry = AuditEntry("portal", "system", "rollout.shifted", "rollout", "7", environment="prod", params=params)

    line = timeline.line(entry)

    assert "10 % → 25 %" in line.text.en
    assert "生产" in line.text.zh
    assert line.href == "/rollouts/7"


def test_words_in_words_keep_their_language() -> None:
    spoken = words("stride.watched", time=words("unit.minutes", n=2))
    assert (spoken.en, spoken.zh) == ("watched 2 min", "观察 2 分钟")


def test_addresses_keep_only_what_is_set() -> None:
    assert address("/releases", service="hello", text="", from_=0) == "/releases?service=hello"
    assert address("/releases", text="a b&c") == "/releases?text=a+b%26c"
    assert release_address("hello", "1.0.0+build.5") == "/releases/hello/1.0.0%2Bbuild.5"


def test_pages_of_a_list_know_their_neighbours() -> None:
    middle = paging(Page(tuple(range(25)), 80, offset=25, limit=25), "/releases", service="hello")

    assert (middle.first, middle.last, middle.total) == (26, 50, 80)
    assert middle.previous == "/releases?service=hello"
    assert middle.following == "/releases?from=50&service=hello"
    assert paging(Page((), 0, offset=0, limit=25), "/releases").following == ""


@pytest.mark.parametrize("value", [None, 7, ["a"], {"a": 1}, "x" * 501, "nul\x00"])
def test_an_argument_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match="argument_bad"):
        arguments.text(value)


@pytest.mark.parametrize("value", [None, 7, "", "delete"])
def test_a_choice_that_was_not_offered_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match="argument_bad"):
        arguments.choice(value, ("approve", "abort"))


@pytest.mark.parametrize("value", ["", "-1", "1.0", "1e3", "9" * 15, "٣"])
def test_a_number_in_an_address_is_a_number(value: str) -> None:
    with pytest.raises(NotFound, match="page_missing"):
        arguments.number(value)


def test_a_verdict_on_a_part_of_the_requests_says_so() -> None:
    rollout = Rollout(1, "hello", "prod", "1.0.0", "1.1.0", "old", "new", Plan(Strategy.CANARY), STEPS, Slot.GREEN)
    whole, part = facts(RolloutView(rollout, (), {})), facts(RolloutView(rollout, (), {}, sampling=0.2))
    assert len(part) == len(whole) + 1
    assert "20" in part[-1].text.en


def test_the_band_of_a_chart_is_wide_for_few_requests_and_has_a_gap_where_there_are_none() -> None:
    few = SamplePoint(0, 10, 0, 20, 0, 1, None, None)
    many = SamplePoint(10, 10, 0, 2000, 0, 100, None, None)
    silent = SamplePoint(20, 10, 50, 0, 0, 0, None, None)

    chart = error_chart([few, many, silent], (), tolerance=None)

    assert (chart.low[0], chart.high[0]) == (pytest.approx(0.00888, abs=1e-4), pytest.approx(0.23613, abs=1e-4))
    assert (chart.low[1], chart.high[1]) == (pytest.approx(0.0413, abs=1e-4), pytest.approx(0.0605, abs=1e-4))
    assert (chart.low[2], chart.high[2]) == (None, None)
