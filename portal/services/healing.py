"""Brings back what should serve and does not, ever more slowly where that does not help, and then calls for help."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.drift import Finding, Origin, Place, Rule, Subject, rule_for
from portal.domain.errors import Conflict, PortalError
from portal.domain.healing import (
    NEVER_UP_AFTER_SECONDS,
    Ailment,
    Answers,
    Case,
    Cure,
    HealingMode,
    Remedy,
    ailment,
    cure_of,
    ill_again,
    pause_seconds,
    remedy,
)
from portal.domain.route import ServerState
from portal.kit.topics import Topics
from portal.services.audit import Audit
from portal.services.cures import Cures, lock_of
from portal.services.drift_watch import TOPIC, Compared
from portal.services.jobs import JobOrder, Jobs
from portal.services.rescue import Rescue
from portal.services.sights import Sight, Wanted
from portal.store import drift as drift_store
from portal.store import healing as store
from portal.store.database import Database

AT_ONCE = 4
REPAIR = "repair"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patient:
    """A container that is ill, as it was before and is now."""

    wanted: Wanted
    case: Case


@dataclass(frozen=True, slots=True)
class Life:
    """A container since its start: when the proxy last heard of it, or when it was first looked at."""

    started_at: datetime | None
    heard_at: datetime
    has_answered: bool


@dataclass(slots=True)
class Healing:
    """One look after the other, by one thread."""

    database: Database
    audit: Audit
    topics: Topics
    cures: Cures
    jobs: Jobs
    rescue: Rescue
    lives: dict[str, Life] = field(default_factory=dict[str, Life])

    def tend(self, sight: Sight, seen: Compared) -> int:
        """Cure who is ill and may be cured now; how many cures were carried out."""
        answers = self._answers(sight)
        with self.database.reading() as session:
            modes, cases, rules = store.modes(session), store.cases(session), drift_store.rules(session)
        patients: list[Patient] = []
        for each in sight.wanted:
            mode = modes.get(each.replica.environment, HealingMode.ALIVE)
            if each.is_held or mode is HealingMode.OFF:
                continue
            case, mine = cases.get(each.replica.name), answers[each.replica.name]
            ill = _ailment(each, sight, seen, mine)
            if ill is None and mode is HealingMode.EXACT and _is_changed(each, seen, sight.at, rules):
                ill = Ailment.CHANGED
            if ill is not None:
                patients.append(Patient(each, _noted(each, ill, case, sight.at)))
            elif case is not None and _is_serving(each, mine):
                self._well(case, sight.at)
        self._forget_gone(sight, cases)
        return self._treat(patients, sight)

    def _answers(self, sight: Sight) -> dict[str, Answers]:
        """What the proxy says of each, and for how long. A container that was started anew begins anew."""
        found: dict[str, Answers] = {}
        lives: dict[str, Life] = {}
        for each in sight.wanted:
            name = each.replica.name
            server = sight.servers.get(name) if sight.servers is not None and each.replica.is_routed else None
            life = self._life(name, sight)
            life = replace(life, has_answered=True, heard_at=sight.at) if server is ServerState.UP else life
            lives[name] = life
            found[name] = Answers(server, max(0.0, (sight.at - life.heard_at).total_seconds()), life.has_answered)
        self.lives = lives
        return found

    def _life(self, name: str, sight: Sight) -> Life:
        """As it was at the last look, or a new one. One that is old already is taken to have answered before."""
        details = sight.found.get(name)
        started = details.container.started_at if details else None
        known = self.lives.get(name)
        if known is not None and known.started_at == started:
            return known
        age = (sight.at - started).total_seconds() if started else 0.0
        return Life(started, sight.at, has_answered=age >= NEVER_UP_AFTER_SECONDS)

    def _well(self, case: Case, now: datetime) -> None:
        if case.is_forgotten(now):
            with self.database.transaction() as session:
                store.forget(session, case.name)
        elif case.is_ill:
            with self.database.transaction() as session:
                self._heal(session, case, now)
            self.topics.publish(TOPIC)

    def _heal(self, session: Session, case: Case, now: datetime) -> None:
        store.put(session, replace(case, healed_at=now, error=""))
        seconds = f"{max(0.0, (now - case.noticed_at).total_seconds()):.1f}"
        params = {"cause": str(case.ailment), "seconds": seconds, "attempts": str(case.attempts)}
        self.audit.record(session, _entry(case, "container.healed", **params))

    def _forget_gone(self, sight: Sight, cases: Mapping[str, Case]) -> None:
        """Containers that nobody wants any more: another one took the place of the ill one."""
        for case in cases.values():
            if case.name in sight.names:
                continue
            with self.database.transaction() as session:
                if case.is_ill and case.attempts:
                    self._heal(session, case, sight.at)
                store.forget(session, case.name)

    def _treat(self, patients: list[Patient], sight: Sight) -> int:
        due = [patient for patient in patients if sight.at >= patient.case.next_at]
        untouched = [patient for patient in patients if patient not in due]
        with self.database.transaction() if patients else self.database.reading() as session:
            tried = [replace(patient, case=_tried(patient.case, sight.at)) for patient in due]
            for patient in (*tried, *untouched):
                store.put(session, patient.case)
        cured = sum(self._cure_all(tried))
        for group in _by_target((*tried, *untouched)):
            self._call_for_help(group, patients, sight.at)
        return cured

    def _cure_all(self, patients: list[Patient]) -> list[bool]:
        if len(patients) < 2:
            return [self._cure(patient) for patient in patients]
        with ThreadPoolExecutor(min(AT_ONCE, len(patients)), thread_name_prefix="cure") as pool:
            return list(pool.map(self._cure, patients))

    def _cure(self, patient: Patient) -> bool:
        case, replica = patient.case, patient.wanted.replica
        cure = cure_of(case.ailment, case.attempts - 1, has_failed=bool(case.error))
        try:
            is_done = self._replace(patient) if cure is Cure.REPLACE else self.cures.perform(replica, cure)
            error = ""
        except PortalError as failure:
            is_done, error = False, failure.code
            _log.warning("not cured", extra={"container": case.name, "cure": cure, "code": failure.code})
        if error != case.error:
            with self.database.transaction() as session:
                store.put(session, replace(case, error=error))
        return is_done

    def _replace(self, patient: Patient) -> bool:
        replica, case = patient.wanted.replica, patient.case
        document = {"name": replica.name, "cause": str(case.ailment)}
        order = JobOrder(REPAIR, replica.name, document, replica.environment, lock=lock_of(replica))
        try:
            self.jobs.start(SYSTEM, order)
        except Conflict:  # a rollout keeps its old version warm there
            return case.ailment is not Ailment.CHANGED and self.cures.perform(replica, Cure.RECREATE)
        return True

    def _call_for_help(self, group: list[Patient], every: list[Patient], now: datetime) -> None:
        """Where curing does not help the newest change is taken back, or people are told, once."""
        place = group[0].wanted.replica
        cases = self._cases_of(place.service, place.environment, now)
        change, count = self.rescue.change(place.service, place.environment)
        elsewhere = sum(patient.wanted.target != group[0].wanted.target for patient in every)
        match remedy(cases, change, replicas=count, ill_elsewhere=elsewhere):
            case Remedy.ROLL_BACK if change is not None:
                self.rescue.roll_back(place.service, place.environment, change=change, cases=cases)
            case Remedy.CALL if all(case.called_at is None for case in cases):
                self._call(max(cases, key=lambda case: (case.is_ill, case.attempts)), now)
            case _:
                return

    def _cases_of(self, service: str, environment: str, now: datetime) -> list[Case]:
        with self.database.reading() as session:
            every = store.cases(session).values()
        return [c for c in every if (c.service, c.environment) == (service, environment) and not c.is_forgotten(now)]

    def _call(self, worst: Case, now: datetime) -> None:
        with self.database.transaction() as session:
            store.put(session, replace(worst, called_at=now))
            params = {"cause": str(worst.ailment), "attempts": str(worst.attempts), "code": worst.error}
            self.audit.record(session, _entry(worst, "container.not_healed", **params))


def _ailment(each: Wanted, sight: Sight, seen: Compared, answers: Answers) -> Ailment | None:
    name = each.replica.name
    return ailment(sight.found.get(name), answers, network=each.spec.network, is_foreign=seen.is_foreign(name))


def _noted(each: Wanted, ill: Ailment, case: Case | None, now: datetime) -> Case:
    replica = each.replica
    if case is None or case.is_forgotten(now):
        return Case(replica.name, replica.service, replica.environment, replica.version, ill, now, now, next_at=now)
    if not case.is_ill:
        return ill_again(case, ill, now)
    return replace(case, ailment=ill)


def _tried(case: Case, now: datetime) -> Case:
    attempts = case.attempts + 1
    return replace(case, attempts=attempts, next_at=now + timedelta(seconds=pause_seconds(attempts)))


def _is_serving(each: Wanted, answers: Answers) -> bool:
    """It runs; and the proxy, where it should know it, sends requests there."""
    return not each.replica.is_routed or answers.server in (ServerState.UP, None)


def _is_changed(each: Wanted, seen: Compared, now: datetime, rules: tuple[Rule, ...]) -> bool:
    """By hand, and not to be left alone by a rule."""
    place = Place(Subject.CONTAINER, each.replica.name, each.replica.environment, each.replica.service)
    findings = (
        Finding(0, place, point.field, point.desired, point.actual, Origin.BY_HAND, now, now)
        for point in seen.changes(each.replica.name)
    )
    return any(rule_for(finding, rules, now) is None for finding in findings)


def _by_target(patients: Iterable[Patient]) -> list[list[Patient]]:
    groups: dict[str, list[Patient]] = {}
    for patient in patients:
        groups.setdefault(patient.wanted.target, []).append(patient)
    return list(groups.values())


def _entry(case: Case, action: str, **params: str) -> AuditEntry:
    about = {"service": case.service, "version": case.version, **params}
    return AuditEntry(
        SYSTEM.name,
        SYSTEM.kind,
        action,
        "container",
        case.name,
        environment=case.environment,
        params={name: value for name, value in about.items() if value},
    )
