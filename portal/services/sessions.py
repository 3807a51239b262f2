"""Sessions of browsers: who has which, and ending them. What is ended is refused at its next event or request."""

from __future__ import annotations

from dataclasses import replace

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, may
from portal.domain.errors import NotFound
from portal.domain.identity import SESSION_ID_LENGTH, OpenSession, SessionQuery
from portal.domain.page import Page
from portal.services.identity_part import IdentityPart, demand_whole, digest
from portal.store import sessions as store


class Sessions(IdentityPart):
    def sessions(self, actor: Actor, query: SessionQuery) -> Page[OpenSession]:
        """Last seen first: one's own, or for those who may edit users those of another, or with "*" of everybody."""
        if query.user in ("", actor.human):
            demand_whole(actor)
        else:
            demand(actor, Permission.USER_EDIT, EVERYWHERE)
        owner = "" if query.user == EVERYWHERE else query.user or actor.human
        with self._database.reading() as session:
            found = store.page(session, replace(query, user=owner), self._clock.now())
        own = actor.session[:SESSION_ID_LENGTH]
        return replace(found, items=tuple(replace(item, is_own=item.id == own) for item in found.items))

    def end_session(self, actor: Actor, session_id: str, *, reason: str = "") -> None:
        """One session of oneself, or of another by those who may edit users. NotFound("session_missing")."""
        demand_whole(actor)
        with self._database.transaction() as session:
            found = store.find(session, session_id)
            if found is None or (found.user != actor.human and not may(actor, Permission.USER_EDIT, EVERYWHERE)):
                raise NotFound("session_missing", id=session_id[:SESSION_ID_LENGTH])
            self._demand_self_or_editor(actor, found.user)
            store.close_session(session, found.digest)
            what = {"address": found.address}
            self._record(session, actor, "user.session_ended", target=("user", found.user), reason=reason, **what)

    def end_sessions(self, actor: Actor, name: str, *, reason: str = "") -> int:
        """Sign a user out everywhere, by those who may edit users, or oneself everywhere else; how many there were."""
        self._demand_self_or_editor(actor, name)
        with self._database.transaction() as session:
            ended = store.close_sessions(session, name, but=actor.session if name == actor.human else "")
            store.end_steps(session, name)
            self._record(
                session, actor, "user.sessions_ended", target=("user", name), reason=reason, sessions=str(ended)
            )
            return ended

    def sign_out(self, secret: str) -> None:
        """The session is over afterwards; nothing happens if it was."""
        with self._database.transaction() as session:
            opened = store.signed_in(session, digest(secret))
            if opened is not None and store.close_session(session, opened.digest):
                self._record(session, Actor(opened.user), "user.signed_out", target=("user", opened.user))
