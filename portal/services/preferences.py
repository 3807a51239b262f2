"""How people like to read: language, theme and time zone, kept for the person and not only for the browser."""

from __future__ import annotations

from portal.domain.access import Actor
from portal.domain.identity import Preferences, check_preferences
from portal.services.identity_part import IdentityPart, demand_whole
from portal.store import users as store


class PreferencesPart(IdentityPart):
    def preferences(self, actor: Actor) -> Preferences:
        demand_whole(actor)
        with self._database.reading() as session:
            row = store.find(session, actor.human)
        return Preferences(row.language, row.theme, row.zone) if row else Preferences()

    def set_preferences(self, actor: Actor, wanted: Preferences) -> Preferences:
        """Invalid("preference_bad", field=…)."""
        demand_whole(actor)
        check_preferences(wanted)
        with self._database.transaction() as session:
            row = store.row(session, actor.human)
            row.language, row.theme, row.zone = wanted.language, wanted.theme, wanted.zone
            what = {name: getattr(wanted, name) or "*" for name in ("language", "theme", "zone")}
            self._record(session, actor, "user.preferences_set", target=("user", actor.human), **what)
        return wanted
