"""The demonstration: the sample service in production, and two versions ready to be rolled out."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.access import SYSTEM
from portal.domain.environment import Environment, Stage
from portal.domain.errors import Conflict, NotFound
from portal.domain.rollout import Rollout
from portal.domain.service import Service
from portal.services.catalogue import Catalogue
from portal.services.releases import ReleaseDetails, Releases
from portal.services.rollouts import RolloutOrder, Rollouts

SERVICE = "hello"
PLAN = """\
strategy: canary
steps:
  - weight: 10
  - observe: 30s
  - weight: 25
  - observe: 30s
  - approval: 1
  - weight: 50
  - observe: 30s
bake: 1h
"""
NOTES = {
    "1.0.0": "The first release.",
    "1.1.0": "fix: sign-in no longer times out",
    "1.2.0": "feat: faster search (5 % of its answers fail: see how the portal stops it)",
    "1.3.0": "refactor: new template engine (half as slow again: see how the portal stops it)",
}
_STAGES = ((Stage.DEV, 1), (Stage.TEST, 1), (Stage.STAGING, 2), (Stage.PROD, 3))


@dataclass(frozen=True, slots=True)
class Demonstration:
    catalogue: Catalogue
    releases: Releases
    rollouts: Rollouts

    def load(self) -> Rollout | None:
        """Add what is missing, and bring 1.0.0 into production if nothing ever ran there; that rollout, or None.

        Versions of which the engine has no image are left out.
        """
        if any(service.name == SERVICE for service in self.catalogue.services(SYSTEM)):
            return None
        about = "A small HTTP service to try rollouts with."
        self.catalogue.save_service(SYSTEM, Service(SERVICE, SERVICE, description=about, owners=("alice", "bob")))
        for position, (stage, replicas) in enumerate(_STAGES, start=1):
            plan = PLAN if stage is Stage.PROD else ""
            prefix = "" if stage is Stage.PROD else f"{stage}."
            made = Environment(stage, stage, position, replicas=replicas, plan=plan, host_prefix=prefix)
            self.catalogue.save_environment(SYSTEM, made)
        for version, notes in NOTES.items():
            self._release(version, notes)
        return self.rollouts.start(SYSTEM, RolloutOrder(SERVICE, Stage.PROD, "1.0.0", "demonstration"))

    def _release(self, version: str, notes: str) -> None:
        try:
            details = ReleaseDetails(notes=notes)
            self.releases.create(SYSTEM, SERVICE, version, f"{SERVICE}:{version}", details=details)
        except (Conflict, NotFound):
            return
