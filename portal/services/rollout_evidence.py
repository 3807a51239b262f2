"""The evidence of a rollout: samples of the traffic, weighed second by second, and stored so that a crash
loses none.
"""

from __future__ import annotations

import hashlib
import json

from sqlmodel import Session

from portal.domain.plan import Analysis
from portal.domain.rollout import Rollout, TrafficSample
from portal.domain.verdict import AnalysisPlan, Evidence, Tally, Verdict, judge, no_evidence, weigh
from portal.store import rollouts, samples

WARM_UP_SECONDS = 2  # caches of new containers are cold: the first times say little of the version, errors do


def analysis_plan(analysis: Analysis) -> AnalysisPlan:
    return AnalysisPlan(
        alpha=analysis.alpha,
        error_tolerance=analysis.error_tolerance,
        latency_tolerance=analysis.latency_tolerance,
        min_requests=analysis.min_requests,
        is_latency_judged=analysis.is_latency_judged,
        warm_up_intervals=WARM_UP_SECONDS,
    )


def gather(session: Session, rollout: Rollout, *, until: int) -> Evidence | None:
    """Weigh what was seen since the last time, up to and with the second `until`, and store the result."""
    document, second, _ = rollouts.evidence(session, rollout.id)
    if not 0 < rollout.percent < 100 or second == 0:
        return Evidence.from_json(document) if document else None
    evidence = Evidence.from_json(document) if document else no_evidence(analysis_plan(rollout.analysis))
    seen = samples.between(session, (rollout.service, rollout.environment), after=second, until=until)
    for stable, canary in _pairs(seen, rollout):
        evidence = weigh(evidence, stable=stable, canary=canary)
    if seen:
        rollouts.put_evidence(session, rollout.id, evidence.to_json(), second=seen[-1].second)
    return evidence


def stored(session: Session, rollout: Rollout) -> Verdict | None:
    """The verdict on what has been weighed so far."""
    document, _, _ = rollouts.evidence(session, rollout.id)
    return judge(Evidence.from_json(document)) if document else None


def _pairs(seen: tuple[TrafficSample, ...], rollout: Rollout) -> list[tuple[Tally, Tally]]:
    seconds: dict[int, dict[bool, Tally]] = {}
    for sample in seen:
        tally = Tally(requests=sample.requests, errors=sample.errors, latency=sample.latency)
        sides = seconds.setdefault(sample.second, {})
        is_canary = sample.slot is rollout.slot
        sides[is_canary] = sides[is_canary] + tally if is_canary in sides else tally
    return [(sides.get(False, Tally()), sides.get(True, Tally())) for _, sides in sorted(seconds.items())]


def evidence_hash(rollout: Rollout, verdict: Verdict | None, *, harm: int = 0) -> str:
    """What an approval is bound to: what would be promoted, how far it is, and what the judgement says.

    Plain growth of the numbers does not change it; another outcome, image, step or a restart of a container does.
    """
    shown = {
        "rollout": rollout.id,
        "step": rollout.cursor,
        "percent": rollout.percent,
        "images": [rollout.from_image, rollout.to_image],
        "versions": [rollout.from_version, rollout.to_version],
        "outcomes": [[m.name, str(m.outcome)] for m in verdict.measures] if verdict else [],
        "restarts": harm,
    }
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]
