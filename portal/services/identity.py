"""Who somebody is: signing in with a password and a second factor, the session that follows, the actor behind it."""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from portal.domain.access import ANONYMOUS, Actor
from portal.domain.errors import Refused
from portal.domain.identity import LONGEST_ADDRESS, LONGEST_AGENT, LONGEST_PASSWORD, Visit, lock_after
from portal.domain.second_factor import cleaned, is_code
from portal.kit.allowance import Allowance
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.identity_part import SESSION_HOURS, digest
from portal.services.invitations import Invitations
from portal.services.preferences import PreferencesPart
from portal.services.second_factors import SecondFactors
from portal.services.secret_box import SecretBox
from portal.services.sessions import Sessions
from portal.services.set_up import SetUpPart
from portal.services.tokens import Tokens
from portal.services.users import Users
from portal.store import sessions as opened_sessions
from portal.store import users as store
from portal.store.database import Database
from portal.store.tables_identity import UserRow

MOST_FAILURES, FAILURE_WINDOW_SECONDS = 20, 60.0
SEEN_NOTED_EVERY = timedelta(minutes=5)
CODE_LASTS = timedelta(minutes=5)
MOST_CODE_TRIES = 5
MOST_STRANGERS = 4096
_log = logging.getLogger(__name__)


class Strangers:
    """Names that are no users have to wait like users, or the waiting would tell which names exist.

    The last administrator is kept here too, with the address, so that a stranger cannot lock the portal's only door.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def wait_seconds(self, name: str, now: datetime) -> float:
        _, until = self._failed.get(name, (0, now))
        return (until - now).total_seconds()

    def failed(self, name: str, now: datetime) -> None:
        failures = self._failed.pop(name, (0, now))[0] + 1
        self._failed[name] = (failures, now + lock_after(failures))
        if len(self._failed) > MOST_STRANGERS:
            self._failed.popitem(last=False)


class Identity(Users, Tokens, Sessions, Invitations, SecondFactors, PreferencesPart, SetUpPart):
    """Sessions, grants and tokens are read from the database each time: what ends or changes does so at once."""

    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, box: SecretBox, session_hours: int = SESSION_HOURS
    ) -> None:
        super().__init__(database, clock, audit, box=box, session_hours=session_hours)
        self._failures = Allowance(MOST_FAILURES, FAILURE_WINDOW_SECONDS)
        self._strangers = Strangers()

    def sign_in(self, name: str, password: str, *, address: str, agent: str = "") -> tuple[str, Actor]:
        """The secret for the cookie, and who it is; nobody, if a code has to follow (`enter_code`) with that secret.

        Refused("sign_in_failed") says neither whether there is such a user nor whether it is disabled. After five
        failures in a row a name has to wait (2 s, doubling, at most 5 min), after 20 a minute an address has to:
        Refused("sign_in_wait", seconds=…). Unavailable("sign_in_busy").
        """
        name, visit = name.strip().lower(), Visit(address[:LONGEST_ADDRESS], agent[:LONGEST_AGENT])
        with self._passwords.turn():  # or many attempts at once would all be let in before the first has failed
            self._refuse_too_early(name, address)
            known = self._hash_to_try(name)
            if not self._passwords.is_right(password[: LONGEST_PASSWORD + 1], known):
                self._note_failure(name, address)
                raise Refused("sign_in_failed")
        with self._database.transaction() as session:
            row = store.row(session, name)
            if row.is_disabled or row.password_hash != known:  # changed while the password was being checked
                raise Refused("sign_in_failed")
            if row.totp_since is None:
                return self._open(session, row, visit, way="password")
            return self._ask_for_code(session, row), ANONYMOUS

    def enter_code(self, secret: str, code: str, *, address: str, agent: str = "") -> tuple[str, Actor]:
        """The second step of a sign-in: a code of the authenticator, or a recovery code.

        Refused("code_wrong"); Refused("sign_in_again") if the first step is too long ago, or after five wrong codes.
        """
        key, visit = digest(secret), Visit(address[:LONGEST_ADDRESS], agent[:LONGEST_AGENT])
        with self._database.reading() as session:
            step = opened_sessions.step(session, key)
        if step is None or step.kind != "code" or step.expires_at <= self._clock.now() or step.tries >= MOST_CODE_TRIES:
            raise Refused("sign_in_again")
        self._refuse_too_early(step.user, address)
        with self._database.transaction() as session:
            row = store.row(session, step.user)
            if not row.is_disabled and self._is_code_right(session, row, code):
                if not opened_sessions.end_step(session, key):
                    raise Refused("sign_in_again")
                return self._open(session, row, visit, way="password+code")
            opened_sessions.count_try(session, key)
        self._note_failure(step.user, address)
        raise Refused("code_wrong")

    def open_external(self, session: Session, row: UserRow, visit: Visit, *, proved_at: datetime) -> tuple[str, Actor]:
        """A session for somebody whom another provider has vouched for, as they showed it at that time."""
        bounded = Visit(visit.address[:LONGEST_ADDRESS], visit.agent[:LONGEST_AGENT])
        return self._open(session, row, bounded, way="oidc", proved_at=proved_at)

    def prove(self, actor: Actor, proof: str) -> Actor:
        """The same actor, who has just shown their password or a code.

        Refused("password_wrong" | "code_wrong"); Refused("no_password") for who signs in by another provider alone.
        """
        if actor.kind != "user" or not actor.session:
            raise Refused("only_for_users")
        if is_code(cleaned(proof)):
            self._check_own_code(actor.name, proof)
        else:
            self._check_own_password(actor.name, proof)
        now = self._clock.now()
        with self._database.transaction() as session:
            opened_sessions.note_proof(session, actor.session, now)
            self._record(session, actor, "user.proved", target=("user", actor.name))
        return replace(actor, proved_at=now)

    def _check_own_code(self, name: str, code: str) -> None:
        self._refuse_too_early(name, "")
        with self._database.transaction() as session:
            row = store.row(session, name)
            is_right = row.totp_since is not None and self._is_code_right(session, row, code)
        if not is_right:
            self._note_failure(name, "")
            raise Refused("code_wrong")

    def _check_own_password(self, name: str, password: str) -> None:
        with self._passwords.turn():
            self._refuse_too_early(name, "")
            known = self._hash_to_try(name)
            if not known:
                raise Refused("no_password")
            if not self._passwords.is_right(password[: LONGEST_PASSWORD + 1], known):
                self._note_failure(name, "")
                raise Refused("password_wrong")

    def actor_of_session(self, secret: str) -> Actor:
        """Refused("session_over") if it is unknown, expired or ended, or its user disabled."""
        now, key = self._clock.now(), digest(secret)
        with self._database.reading() as session:
            opened = opened_sessions.signed_in(session, key)
            user = store.find(session, opened.user) if opened else None
            if opened is None or opened.expires_at <= now or user is None or user.is_disabled:
                raise Refused("session_over")
            grants = store.grants(session, user.name)
        if now - opened.seen_at >= SEEN_NOTED_EVERY:
            with self._database.transaction() as session:
                opened_sessions.note_seen(session, key, now)
        return Actor(user.name, grants=grants, session=key, proved_at=opened.proved_at)

    def _open(
        self, session: Session, row: UserRow, visit: Visit, *, way: str, proved_at: datetime | None = None
    ) -> tuple[str, Actor]:
        """A new session for somebody who has shown all that they have to."""
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        key, ends = digest(secret), now + timedelta(hours=self._session_hours)
        row.failures, row.locked_until, row.signed_in_at = 0, None, now
        proved_at = proved_at or now
        new = opened_sessions.SignedIn(key, row.name, visit.address, now, now, ends, visit.agent, way, proved_at)
        opened_sessions.open_session(session, new)
        actor = Actor(row.name, grants=store.grants(session, row.name), session=key, proved_at=proved_at)
        self._record(session, actor, "user.signed_in", target=("user", row.name), address=visit.address)
        return secret, actor

    def _ask_for_code(self, session: Session, row: UserRow) -> str:
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        step = opened_sessions.Step(digest(secret), "code", row.name, {}, now + CODE_LASTS)
        opened_sessions.add_step(session, step, now)
        return secret

    def _refuse_too_early(self, name: str, address: str) -> None:
        wait_seconds = max(self._failures.wait_seconds(address), self._lock_seconds(name, address))
        if wait_seconds > 0:
            raise Refused("sign_in_wait", seconds=int(wait_seconds) + 1)

    def _refuse_address(self, address: str) -> None:
        wait_seconds = self._failures.wait_seconds(address)
        if wait_seconds > 0:
            raise Refused("sign_in_wait", seconds=int(wait_seconds) + 1)

    def _note_bad_address(self, address: str) -> None:
        self._failures.use(address)

    def _lock_seconds(self, name: str, address: str) -> float:
        now = self._clock.now()
        with self._database.reading() as session:
            row = store.find(session, name)
        if row is None:
            return self._strangers.wait_seconds(name, now)
        held = (row.locked_until - now).total_seconds() if row.locked_until else 0.0
        return max(held, self._strangers.wait_seconds(f"{name}@{address}", now))

    def _hash_to_try(self, name: str) -> str:
        with self._database.reading() as session:
            row = store.find(session, name)
        return "" if row is None or row.is_disabled else row.password_hash

    def _note_failure(self, name: str, address: str) -> None:
        if address:
            self._failures.use(address)
        with self._database.transaction() as session:
            now = self._clock.now()
            if store.find(session, name) is None:
                self._strangers.failed(name, now)
                _log.warning("sign-in failed for an unknown name", extra={"address": address})
                return
            is_last_administrator = store.lock_administrators(session) == (name,)
            row = store.row(session, name)
            row.failures += 1
            if is_last_administrator:
                self._strangers.failed(f"{name}@{address}", now)
            else:
                row.locked_until = now + lock_after(row.failures)
            what = {"address": address[:LONGEST_ADDRESS], "failures": str(row.failures)}
            self._record(session, Actor(name, "anonymous"), "user.sign_in_failed", target=("user", name), **what)
