"""API tokens: made once, shown once, looked up by hash."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, demand_proof
from portal.domain.errors import Refused
from portal.domain.identity import TOKEN_PREFIX, Token, TokenOrder, TokenQuery, check_token, is_wide
from portal.domain.page import Page
from portal.services.identity_part import IdentityPart, digest
from portal.store import tokens as store
from portal.store import users
from portal.store.tables_identity import TokenRow

MOST_TOKENS = 50
SHOWN_CHARACTERS = 8
USE_NOTED_EVERY = timedelta(minutes=1)


class Tokens(IdentityPart):
    def create_token(self, actor: Actor, order: TokenOrder, *, reason: str = "") -> tuple[str, Token]:
        """The secret, which is kept nowhere, and the token. Refused("too_many_tokens" | "token_scope_too_wide")."""
        owner = self._demand_token_of(actor, order.user)
        check_token(order, actor)
        if is_wide(order) or owner != actor.human:
            demand_proof(actor, self._clock.now())
        secret, now = TOKEN_PREFIX + secrets.token_urlsafe(32), self._clock.now()
        new = TokenRow(
            digest=digest(secret),
            prefix=secret[:SHOWN_CHARACTERS],
            name=order.name,
            user=owner,
            scopes=None if order.scopes is None else sorted(order.scopes),
            created_at=now,
            expires_at=now + timedelta(days=order.days),
        )
        with self._database.transaction() as session:
            users.row(session, owner)
            if sum(token.is_valid(now) for token in store.of_user(session, owner)) >= MOST_TOKENS:
                raise Refused("too_many_tokens", limit=MOST_TOKENS)
            token = store.add(session, new)
            scopes = "*" if order.scopes is None else ", ".join(sorted(order.scopes))
            what = {"token": token.name, "user": owner, "scopes": scopes, "days": str(order.days)}
            self._record(session, actor, "token.created", target=("token", str(token.id)), reason=reason, **what)
        return secret, token

    def tokens(self, actor: Actor, *, user: str | None = None) -> tuple[Token, ...]:
        """Newest first: one's own, those of another user, or with "*" those of all users."""
        if user == EVERYWHERE:
            demand(actor, Permission.USER_EDIT, EVERYWHERE)
        owner = None if user == EVERYWHERE else self._demand_token_of(actor, user or "")
        with self._database.reading() as session:
            return store.of_user(session, owner)

    def tokens_page(self, actor: Actor, query: TokenQuery) -> Page[Token]:
        """Newest first: one's own, those of another user, or with "*" those of all users."""
        if query.user == EVERYWHERE:
            demand(actor, Permission.USER_EDIT, EVERYWHERE)
        owner = "" if query.user == EVERYWHERE else self._demand_token_of(actor, query.user)
        with self._database.reading() as session:
            return store.page(session, replace(query, user=owner), self._clock.now())

    def revoke_token(self, actor: Actor, token_id: int, *, reason: str = "") -> Token:
        """Refused from the next request on. NotFound("token_missing")."""
        with self._database.transaction() as session:
            token = store.get(session, token_id)
            self._demand_token_of(actor, token.user)
            store.revoke(session, token_id, self._clock.now())
            what = {"token": token.name, "user": token.user}
            self._record(session, actor, "token.revoked", target=("token", str(token_id)), reason=reason, **what)
            return store.get(session, token_id)

    def actor_of_token(self, secret: str) -> Actor:
        """Refused("token_bad") for an unknown, expired or revoked one and for that of a disabled user."""
        now = self._clock.now()
        with self._database.reading() as session:
            token = store.by_digest(session, digest(secret)) if secret.startswith(TOKEN_PREFIX) else None
            owner = users.find(session, token.user) if token else None
            if token is None or not token.is_valid(now) or owner is None or owner.is_disabled:
                raise Refused("token_bad")
            grants = users.grants(session, token.user)
        if token.used_at is None or now - token.used_at >= USE_NOTED_EVERY:
            with self._database.transaction() as session:
                store.note_used(session, token.id, now)
        return Actor(f"{token.user}/{token.name}", "token", grants, token.scopes, person=token.user)

    def _demand_token_of(self, actor: Actor, user: str) -> str:
        demand(actor, Permission.TOKEN_OWN)
        if user in ("", actor.human):
            return actor.human
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        return user
