"""Puts together what keeps things as they should be: part of the wiring."""

from __future__ import annotations

from dataclasses import dataclass

from portal.kit.topics import Topics
from portal.parts import Parts
from portal.services.adoption import Adoption
from portal.services.audit import Audit
from portal.services.cures import Cures
from portal.services.drift import Drift
from portal.services.drift_watch import DriftWatch
from portal.services.healing import Healing
from portal.services.jobs import Jobs
from portal.services.keeping import Keeper
from portal.services.making import Making
from portal.services.repairs import Repair
from portal.services.rescue import Rescue
from portal.services.rollouts import Rollouts
from portal.services.secret_box import SecretBox
from portal.services.secret_delivery import SecretDelivery
from portal.services.sights import Sights


@dataclass(frozen=True, slots=True)
class Tools:
    """What whoever makes containers needs."""

    parts: Parts
    audit: Audit
    topics: Topics
    box: SecretBox
    delivery: SecretDelivery

    @property
    def making(self) -> Making:
        return Making(self.parts.containers, self.parts.network, self.box, self.delivery)


def keeper(tools: Tools, jobs: Jobs, *, rollouts: Rollouts) -> Keeper:
    parts, audit, topics = tools.parts, tools.audit, tools.topics
    cures, rescue = Cures(parts.database, tools.making), Rescue(parts.database, audit, rollouts)
    return Keeper(
        parts.database,
        audit,
        parts.traffic,
        sights=Sights(parts.database, parts.clock, tools.making, parts.traffic),
        healing=Healing(parts.database, audit, topics, cures, jobs, rescue),
        drift=DriftWatch(parts.database, audit, topics),
    )


def drift(tools: Tools, jobs: Jobs) -> Drift:
    parts = tools.parts
    adoption = Adoption(parts.database, parts.clock, tools.audit, parts.containers)
    common = (parts.database, parts.clock, tools.audit, tools.topics)
    return Drift(*common, parts.traffic, tools.making, jobs, adoption)


def repair(tools: Tools) -> Repair:
    parts = tools.parts
    return Repair(parts.database, parts.clock, tools.making, parts.traffic, tools.audit)
