"""Saved views of lists: everybody keeps their own, and may share them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portal.domain.access import Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, NotFound
from portal.domain.saved_view import SavedView, check_view
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.store import saved_views as store
from portal.store.database import Database

MOST_OF_ONE = 50


@dataclass(frozen=True, slots=True)
class SavedViews:
    database: Database
    clock: Clock
    audit: Audit

    def list(self, actor: Actor, noun: str) -> tuple[SavedView, ...]:
        """Those of this person and those that are shared, by name."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            return store.visible(session, noun, actor.human)

    def save(self, actor: Actor, view: SavedView) -> SavedView:
        """Keep it as this person's; number, owner and time of the one given are ignored.

        Conflict("view_exists") for a name that is taken, Conflict("views_too_many") past fifty of one list.
        """
        demand(actor, Permission.VIEW)
        wanted = replace(check_view(view), owner=actor.human, created_at=self.clock.now())
        with self.database.transaction() as session:
            if store.count(session, wanted.noun, wanted.owner) >= MOST_OF_ONE:
                raise Conflict("views_too_many", limit=MOST_OF_ONE)
            added = store.add(session, wanted)
            self.audit.record(session, _entry(actor, "view.saved", added))
        return added

    def remove(self, actor: Actor, view_id: int) -> None:
        """NotFound("view_missing") for somebody else's too: whether there is one is not this person's to know."""
        demand(actor, Permission.VIEW)
        with self.database.transaction() as session:
            view = store.get(session, view_id)
            if view.owner != actor.human:
                raise NotFound("view_missing", id=view_id)
            store.remove(session, view_id)
            self.audit.record(session, _entry(actor, "view.removed", view))


def _entry(actor: Actor, action: str, view: SavedView) -> AuditEntry:
    params = {"list": view.noun, "query": view.query}
    return AuditEntry(actor.name, actor.kind, action, "view", view.name, params=params)
