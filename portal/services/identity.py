"""Who somebody is: signing in with a password, the session that follows, and the actor behind a session or token."""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta

from portal.domain.access import Actor
from portal.domain.errors import Refused
from portal.domain.identity import LONGEST_PASSWORD, lock_after
from portal.kit.allowance import Allowance
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.identity_part import SESSION_HOURS, digest
from portal.services.tokens import Tokens
from portal.services.users import Users
from portal.store import users as store
from portal.store.database import Database

MOST_FAILURES, FAILURE_WINDOW_SECONDS = 20, 60.0
SEEN_NOTED_EVERY = timedelta(minutes=5)
LONGEST_ADDRESS = 100
MOST_STRANGERS = 4096
_log = logging.getLogger(__name__)


class Strangers:
    """Names that are no users have to wait like users, or the waiting would tell which names exist."""

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


class Identity(Users, Tokens):
    """Sessions, grants and tokens are read from the database each time: what ends or changes does so at once."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, *, session_hours: int = SESSION_HOURS) -> None:
        super().__init__(database, clock, audit, session_hours=session_hours)
        self._failures = Allowance(MOST_FAILURES, FAILURE_WINDOW_SECONDS)
        self._strangers = Strangers()

    def sign_in(self, name: str, password: str, *, address: str) -> tuple[str, Actor]:
        """The secret for the cookie, and who it is.

        Refused("sign_in_failed") says neither whether there is such a user nor whether it is disabled. After five
        failures in a row a name has to wait (2 s, doubling, at most 5 min), after 20 a minute an address has to:
        Refused("sign_in_wait", seconds=…). Unavailable("sign_in_busy").
        """
        name = name.strip().lower()
        with self._passwords.turn():  # or many attempts at once would all be let in before the first has failed
            self._refuse_too_early(name, address)
            known = self._hash_to_try(name)
            if not self._passwords.is_right(password[: LONGEST_PASSWORD + 1], known):
                self._note_failure(name, address)
                raise Refused("sign_in_failed")
        return self._open(name, known, address)

    def _check_own_password(self, name: str, password: str) -> None:
        with self._passwords.turn():
            self._refuse_too_early(name, "")
            if not self._passwords.is_right(password[: LONGEST_PASSWORD + 1], self._hash_to_try(name)):
                self._note_failure(name, "")
                raise Refused("password_wrong")

    def actor_of_session(self, secret: str) -> Actor:
        """Refused("session_over") if it is unknown, expired or ended, or its user disabled."""
        now, key = self._clock.now(), digest(secret)
        with self._database.reading() as session:
            opened = store.signed_in(session, key)
            user = store.find(session, opened.user) if opened else None
            if opened is None or opened.expires_at <= now or user is None or user.is_disabled:
                raise Refused("session_over")
            actor = Actor(user.name, grants=store.grants(session, user.name))
        if now - opened.seen_at >= SEEN_NOTED_EVERY:
            with self._database.transaction() as session:
                store.note_seen(session, key, now)
        return actor

    def sign_out(self, secret: str) -> None:
        """The session is over afterwards; nothing happens if it was."""
        with self._database.transaction() as session:
            opened = store.signed_in(session, digest(secret))
            if opened is not None and store.close_session(session, opened.digest):
                self._record(session, Actor(opened.user), "user.signed_out", target=("user", opened.user))

    def _open(self, name: str, known: str, address: str) -> tuple[str, Actor]:
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        with self._database.transaction() as session:
            row = store.row(session, name)
            if row.is_disabled or row.password_hash != known:  # changed while the password was being checked
                raise Refused("sign_in_failed")
            row.failures, row.locked_until, row.signed_in_at = 0, None, now
            ends = now + timedelta(hours=self._session_hours)
            store.open_session(session, store.SignedIn(digest(secret), name, address[:LONGEST_ADDRESS], now, now, ends))
            actor = Actor(name, grants=store.grants(session, name))
            self._record(session, actor, "user.signed_in", target=("user", name), address=address[:LONGEST_ADDRESS])
        return secret, actor

    def _refuse_too_early(self, name: str, address: str) -> None:
        wait_seconds = max(self._failures.wait_seconds(address), self._lock_seconds(name))
        if wait_seconds > 0:
            raise Refused("sign_in_wait", seconds=int(wait_seconds) + 1)

    def _lock_seconds(self, name: str) -> float:
        with self._database.reading() as session:
            row = store.find(session, name)
        if row is None:
            return self._strangers.wait_seconds(name, self._clock.now())
        return (row.locked_until - self._clock.now()).total_seconds() if row.locked_until else 0.0

    def _hash_to_try(self, name: str) -> str:
        with self._database.reading() as session:
            row = store.find(session, name)
        return "" if row is None or row.is_disabled else row.password_hash

    def _note_failure(self, name: str, address: str) -> None:
        if address:
            self._failures.use(address)
        with self._database.transaction() as session:
            if store.find(session, name) is None:
                self._strangers.failed(name, self._clock.now())
                _log.warning("sign-in failed for an unknown name", extra={"address": address})
                return
            row, now = store.row(session, name), self._clock.now()
            row.failures += 1
            row.locked_until = now + lock_after(row.failures)
            what = {"address": address[:LONGEST_ADDRESS], "failures": str(row.failures)}
            self._record(session, Actor(name, "anonymous"), "user.sign_in_failed", target=("user", name), **what)
