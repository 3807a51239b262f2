"""Signing in by another provider: code with PKCE, state and nonce; the roles that its groups give; linking accounts.

A person is known by the provider's issuer and subject alone. Nobody becomes an existing user by having the same name
or address: that user has to sign in and link the two.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from portal.domain.access import SYSTEM, Actor, Grant, demand_proof
from portal.domain.errors import Conflict, Refused
from portal.domain.identity import ExternalIdentity, Visit, check_user_name
from portal.domain.oidc import AuthorizationRequest, GroupRule, Stranger, age_of, grants_of, stranger_of
from portal.ports.identity_provider import IdentityProvider
from portal.services.identity import Identity
from portal.services.identity_part import demand_whole, digest
from portal.services.users import written_grants
from portal.store import external_identities as store
from portal.store import sessions, users
from portal.store.tables_identity import UserRow

STEP_LASTS, LINK_LASTS = timedelta(minutes=10), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """How people of the provider are received. `address` is the portal's own; `name` is shown on the button."""

    address: str
    name: str = ""
    rules: tuple[GroupRule, ...] = ()
    groups_claim: str = "groups"

    @property
    def redirect_uri(self) -> str:
        return f"{self.address}/auth/oidc/callback"


@dataclass(frozen=True, slots=True)
class Return:
    """What the browser brings back: the secret of its cookie, and what the provider put into the address."""

    secret: str
    state: str
    code: str
    issuer: str = ""


class ExternalSignIn:
    """`provider` None: it is not set up, and nobody comes in this way."""

    def __init__(self, identity: Identity, provider: IdentityProvider | None, policy: Policy) -> None:
        self._identity, self._database = identity, identity.database
        self._provider, self.policy = provider, policy

    @property
    def is_set_up(self) -> bool:
        return self._provider is not None

    def link_ticket(self, actor: Actor) -> str:
        """With it, once and within a minute, the actor's own browser begins to link an identity to their account."""
        demand_whole(actor)
        if actor.kind != "user":
            raise Refused("only_for_users")
        demand_proof(actor, self._identity.now())
        secret = secrets.token_urlsafe(32)
        step = sessions.Step(digest(secret), "link", actor.name, {}, self._identity.now() + LINK_LASTS)
        with self._database.transaction() as session:
            sessions.add_step(session, step, self._identity.now())
        return secret

    def begin(self, target: str, *, ticket: str = "", is_fresh: bool = False) -> tuple[str, str]:
        """A secret for the browser's cookie, and where the browser goes; `is_fresh` has the provider ask for the
        password anew. Refused("oidc_off" | "sign_in_again").
        """
        provider = self._demand_provider()
        user = self._user_of_ticket(ticket) if ticket else ""
        secret, state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        now = self._identity.now()
        kept = {"state": digest(state), "nonce": nonce, "verifier": verifier, "next": target}
        url = provider.authorization_url(
            AuthorizationRequest(self.policy.redirect_uri, state, nonce, _challenge(verifier), is_fresh)
        )
        with self._database.transaction() as session:
            sessions.add_step(session, sessions.Step(digest(secret), "oidc", user, kept, now + STEP_LASTS), now)
        return secret, url

    def finish(self, back: Return, visit: Visit) -> tuple[str, Actor, str]:
        """The secret of the new session, who it is, and where they wanted to go.

        Refused("sign_in_again") for an answer that was not asked for, Refused("oidc_no_role") where no group gives one,
        Conflict("oidc_name_taken") where another user has the name, Refused("sign_in_failed") for a disabled user.
        """
        provider = self._demand_provider()
        step = self._take_step(back)
        if back.issuer and back.issuer != provider.issuer:
            raise Refused("oidc_answer_bad", reason="iss")
        claims = provider.claims(back.code, verifier=step.document["verifier"], redirect_uri=self.policy.redirect_uri)
        if not hmac.compare_digest(str(claims.get("nonce", "")), step.document["nonce"]):
            raise Refused("oidc_answer_bad", reason="nonce")
        stranger = stranger_of(claims, groups_claim=self.policy.groups_claim)
        with self._database.transaction() as session:
            row = self._receive(session, stranger, step.user)
            if row.is_disabled:
                raise Refused("sign_in_failed")
            proved_at = self._identity.now() - age_of(claims)
            secret, actor = self._identity.open_external(session, row, visit, proved_at=proved_at)
        return secret, actor, step.document["next"]

    def identities(self, actor: Actor) -> tuple[ExternalIdentity, ...]:
        demand_whole(actor)
        with self._database.reading() as session:
            return store.of_user(session, actor.human)

    def unlink(self, actor: Actor, issuer: str) -> None:
        """Refused("only_way_in") for somebody without a password."""
        demand_whole(actor)
        demand_proof(actor, self._identity.now())
        with self._database.transaction() as session:
            if not users.row(session, actor.human).password_hash:
                raise Refused("only_way_in")
            if store.remove(session, actor.human, issuer):
                self._identity.note(session, actor, "user.identity_unlinked", user=actor.human, issuer=issuer)

    def _receive(self, session: Session, stranger: Stranger, linking: str) -> UserRow:
        """The user who this person is, or is now."""
        known = store.user_of(session, stranger.issuer, stranger.subject)
        if linking:
            if known is not None:
                raise Conflict("identity_linked_already")
            store.add(session, stranger, linking, at=self._identity.now())
            self._identity.note(session, Actor(linking), "user.identity_linked", user=linking, issuer=stranger.issuer)
            return users.row(session, linking)
        grants = grants_of(stranger.groups, self.policy.rules)
        if known is None:
            return self._welcome(session, stranger, grants)
        row = users.row(session, known)
        if not row.password_hash:  # who has a password here was made here, and has the roles that were given here
            self._follow_groups(session, row, grants)
        return row

    def _welcome(self, session: Session, stranger: Stranger, grants: tuple[Grant, ...]) -> UserRow:
        if not grants:
            raise Refused("oidc_no_role", name=stranger.name or stranger.label)
        name, now = check_user_name(stranger.name), self._identity.now()
        if users.find(session, name) is not None:
            raise Conflict("oidc_name_taken", user=name)
        users.add(session, UserRow(name=name, display_name=stranger.display_name, created_at=now), grants)
        store.add(session, stranger, name, at=now)
        self._identity.note(session, SYSTEM, "user.created", user=name, roles=written_grants(grants))
        return users.row(session, name)

    def _follow_groups(self, session: Session, row: UserRow, grants: tuple[Grant, ...]) -> None:
        before = users.grants(session, row.name)
        if set(before) == set(grants):
            return
        if not grants:
            raise Refused("oidc_no_role", name=row.name)
        self._identity.refuse_last_administrator(session, row.name, grants)
        users.set_grants(session, row.name, grants)
        sessions.close_sessions(session, row.name)
        told = {"before": written_grants(before), "roles": written_grants(grants)}
        self._identity.note(session, SYSTEM, "user.grants_set", user=row.name, **told)

    def _take_step(self, back: Return) -> sessions.Step:
        """The sign-in that this browser began; whatever comes of it, it is over."""
        with self._database.transaction() as session:
            step = sessions.step(session, digest(back.secret))
            is_taken = step is not None and bool(sessions.end_step(session, step.digest))
        if step is None or not is_taken or step.kind != "oidc" or step.expires_at <= self._identity.now():
            raise Refused("sign_in_again")
        if not hmac.compare_digest(step.document["state"], digest(back.state)):
            raise Refused("sign_in_again")
        return step

    def _user_of_ticket(self, ticket: str) -> str:
        with self._database.transaction() as session:
            step = sessions.step(session, digest(ticket))
            is_taken = step is not None and bool(sessions.end_step(session, step.digest))
        if step is None or not is_taken or step.kind != "link" or step.expires_at <= self._identity.now():
            raise Refused("sign_in_again")
        return step.user

    def _demand_provider(self) -> IdentityProvider:
        if self._provider is None:
            raise Refused("oidc_off")
        return self._provider


def _challenge(verifier: str) -> str:
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=")
