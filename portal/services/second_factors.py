"""The second factor of a person: setting it up, checking its codes, and the recovery codes for when it is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session

from portal.domain import second_factor as rules
from portal.domain.access import Actor, demand_proof
from portal.domain.errors import Refused
from portal.services.identity_part import IdentityPart, demand_whole, digest
from portal.store import second_factors as store
from portal.store import sessions, users
from portal.store.tables_identity import UserRow

ISSUER = "Codex Father Portal"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person puts into an authenticator, by scanning the address or typing the secret. Shown once."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


class SecondFactors(IdentityPart):
    def begin_second_factor(self, actor: Actor) -> Enrolment:
        """A new secret, which counts once it is confirmed. Refused("second_factor_is_on" | "only_for_users")."""
        self._demand_person(actor)
        secret = rules.made_secret()
        with self._database.transaction() as session:
            row = users.row(session, actor.name)
            if row.totp_since is not None:
                raise Refused("second_factor_is_on")
            row.totp_secret, row.totp_step = self._box.seal(secret, about=_about(actor.name)), 0
            self._record(session, actor, "user.second_factor_begun", target=("user", actor.name))
        address = rules.address_of(secret, account=actor.name, issuer=ISSUER)
        return Enrolment(address, rules.written_secret(secret))

    def confirm_second_factor(self, actor: Actor, code: str) -> tuple[str, ...]:
        """Asked for at every sign-in from now on; other sessions end. The recovery codes, to be shown once.

        Refused("code_wrong") unless the authenticator shows this code.
        """
        self._demand_person(actor)
        codes = rules.made_recovery_codes()
        with self._database.transaction() as session:
            row = users.row(session, actor.name)
            if row.totp_since is not None or not row.totp_secret:
                raise Refused("second_factor_not_begun")
            if not self._is_code_right(session, row, code):
                raise Refused("code_wrong")
            row.totp_since = self._clock.now()
            store.set_codes(session, row.name, [digest(rules.cleaned(code)) for code in codes])
            sessions.close_sessions(session, row.name, but=actor.session)
            self._record(session, actor, "user.second_factor_on", target=("user", row.name))
        return codes

    def renew_recovery_codes(self, actor: Actor) -> tuple[str, ...]:
        """New ones, to be shown once; those before are worth nothing. Refused("second_factor_is_off")."""
        self._demand_person(actor)
        codes = rules.made_recovery_codes()
        with self._database.transaction() as session:
            if users.row(session, actor.name).totp_since is None:
                raise Refused("second_factor_is_off")
            store.set_codes(session, actor.name, [digest(rules.cleaned(code)) for code in codes])
            self._record(session, actor, "user.recovery_codes_renewed", target=("user", actor.name))
        return codes

    def remove_second_factor(self, actor: Actor, name: str, *, reason: str = "") -> None:
        """One's own, or by those who may edit users that of somebody who has lost it; their sessions end."""
        if name == actor.name:
            self._demand_person(actor)
        else:
            self._demand_editor(actor)
        with self._database.transaction() as session:
            row = users.row(session, name)
            row.totp_secret, row.totp_step, row.totp_since = "", 0, None
            store.set_codes(session, name, ())
            sessions.close_sessions(session, name, but=actor.session if name == actor.name else "")
            sessions.end_steps(session, name)
            self._record(session, actor, "user.second_factor_off", target=("user", name), reason=reason)

    def recovery_codes_left(self, actor: Actor) -> int:
        demand_whole(actor)
        with self._database.reading() as session:
            return store.codes_left(session, actor.human)

    def _is_code_right(self, session: Session, row: UserRow, code: str) -> bool:
        """Each code counts once, in whichever of two requests comes first."""
        typed = rules.cleaned(code)
        if not rules.is_code(typed):
            return row.totp_since is not None and self._is_recovery_code(session, row.name, typed)
        secret = self._box.open(row.totp_secret, about=_about(row.name))
        step = rules.step_of(secret, typed, at=self._clock.now().timestamp(), after=row.totp_step)
        return step is not None and store.use_step(session, row.name, step)

    def _is_recovery_code(self, session: Session, name: str, typed: str) -> bool:
        if not store.use_code(session, name, digest(typed), at=self._clock.now()):
            return False
        left = str(store.codes_left(session, name))
        self._record(session, Actor(name), "user.recovery_code_used", target=("user", name), left=left)
        return True

    def _demand_person(self, actor: Actor) -> None:
        if actor.kind != "user":
            raise Refused("only_for_users")
        demand_proof(actor, self._clock.now())


def _about(name: str) -> str:
    return f"second factor of {name}"
