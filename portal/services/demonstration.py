"""The demonstration: the sample service in production, and two versions ready to be rolled out."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.environment import Environment, Stage
from portal.domain.errors import Conflict, NotFound
from portal.domain.identity import NewUser
from portal.domain.service import Service
from portal.services.catalogue import Catalogue
from portal.services.identity import Identity
from portal.services.passwords import made_password
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
_PEOPLE = {"alice": Role.RELEASE_MANAGER, "bob": Role.DEVELOPER}
_STAGES = ((Stage.DEV, 1), (Stage.TEST, 1), (Stage.STAGING, 2), (Stage.PROD, 3))


@dataclass(frozen=True, slots=True)
class Demonstration:
    catalogue: Catalogue
    releases: Releases
    rollouts: Rollouts
    identity: Identity

    def load(self) -> dict[str, str]:
        """On the first start: the sample service, its releases, 1.0.0 on its way into production, and two people.

        The passwords of these people by name, to be shown once; empty if the demonstration was loaded before.
        Versions of which the engine has no image are left out.
        """
        if any(service.name == SERVICE for service in self.catalogue.services(SYSTEM)):
            return {}
        about = "A small HTTP service to try rollouts with."
        self.catalogue.save_service(SYSTEM, Service(SERVICE, SERVICE, description=about, owners=("alice", "bob")))
        for position, (stage, replicas) in enumerate(_STAGES, start=1):
            plan = PLAN if stage is Stage.PROD else ""
            prefix = "" if stage is Stage.PROD else f"{stage}."
            made = Environment(stage, stage, position, replicas=replicas, plan=plan, host_prefix=prefix)
            self.catalogue.save_environment(SYSTEM, made)
        for version, notes in NOTES.items():
            self._release(version, notes)
        self.rollouts.start(SYSTEM, RolloutOrder(SERVICE, Stage.PROD, "1.0.0", "demonstration"))
        return {name: self._person(name, role) for name, role in _PEOPLE.items()}

    def _person(self, name: str, role: Role) -> str:
        password = made_password()
        new = NewUser(name, password, (Grant(role),), display_name=name.title(), is_password_temporary=False)
        self.identity.create_user(SYSTEM, new)
        return password

    def _release(self, version: str, notes: str) -> None:
        try:
            details = ReleaseDetails(notes=notes)
            self.releases.create(SYSTEM, SERVICE, version, image=f"{SERVICE}:{version}", details=details)
        except (Conflict, NotFound):
            return
