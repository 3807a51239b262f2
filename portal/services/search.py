"""Search everywhere: things, people and the documentation, as far as one may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with, may
from portal.domain.release import Release
from portal.domain.rollout import Rollout
from portal.domain.search import Hit, Rank, best_first, phrases, rank
from portal.services.documents import Documents
from portal.store import catalogue as places
from portal.store import releases, rollouts, search, users
from portal.store.database import Database

KINDS = ("service", "environment", "release", "rollout", "person", "document")
MOST_HITS, MOST_OF_A_KIND = 30, 8
SLICE, LARGEST_WAIT = 500, 500
LONGEST_DETAIL = 160


class Search:
    def __init__(self, database: Database, documents: Documents | None = None) -> None:
        self._database, self._documents = database, documents or Documents()

    def hits(self, actor: Actor, text: str, *, kinds: Sequence[str] = KINDS) -> tuple[Hit, ...]:
        """The best first: what is called just that, what begins with it, what has all words; newer before older.

        At most eight of a kind and thirty in all. What was added since the last search is found too.
        """
        demand(actor, Permission.VIEW)
        if not phrases(text):
            return ()
        self._catch_up_a_little()
        found: list[Hit] = []
        for kind in kinds:
            found += best_first(self._of_kind(actor, kind, text), KINDS)[:MOST_OF_A_KIND]
        return tuple(best_first(found, KINDS)[:MOST_HITS])

    def catch_up(self) -> int:
        """Index what is new, a slice at a time; how many that were. For the background."""
        done = 0
        while self._missing():
            with self._database.transaction() as session:
                indexed = search.catch_up(session, limit=SLICE)
            if not indexed:
                break
            done += indexed
        return done

    def _missing(self) -> int:
        with self._database.reading() as session:
            return search.missing(session)

    def _catch_up_a_little(self) -> None:
        """More than a slice is left to the background, so that nobody waits."""
        if 0 < self._missing() <= LARGEST_WAIT:
            with self._database.transaction() as session:
                search.catch_up(session, limit=SLICE)

    def _of_kind(self, actor: Actor, kind: str, text: str) -> Iterable[Hit]:
        looking: dict[str, Callable[[Actor, str], Iterable[Hit]]] = {
            "service": self._services,
            "environment": self._environments,
            "release": self._releases,
            "rollout": self._rollouts,
            "person": self._people,
            "document": self._parts_of_documents,
        }
        return looking[kind](actor, text)

    def _services(self, _actor: Actor, text: str) -> Iterable[Hit]:
        with self._database.reading() as session:
            every = places.services(session)
        for service in every:
            fits = rank(text, [service.name], more=[service.description, *service.owners, *service.hosts])
            if fits is not None:
                path = f"/services/{service.name}"
                yield Hit("service", service.name, path, _short(service.description), rank=fits)

    def _environments(self, actor: Actor, text: str) -> Iterable[Hit]:
        visible = environments_with(actor, Permission.VIEW)
        with self._database.reading() as session:
            every = places.environments(session)
        for environment in every:
            name = environment.name
            fits = rank(text, search.names_of(name), more=[environment.description])
            if fits is not None and (visible is None or name in visible):
                path = f"/environments/{name}"
                yield Hit("environment", name, path, _short(environment.description), name, rank=fits)

    def _releases(self, _actor: Actor, text: str) -> Iterable[Hit]:
        with self._database.reading() as session:
            numbers = _numbers(session, "release", text)
            found = releases.of_numbers(session, numbers)
        return [_release_hit(release, text) for release in found]

    def _rollouts(self, actor: Actor, text: str) -> Iterable[Hit]:
        with self._database.reading() as session:
            numbers = _numbers(session, "rollout", text, environments_with(actor, Permission.VIEW))
            found = rollouts.of_numbers(session, numbers)
        return [_rollout_hit(rollout, text) for rollout in found]

    def _people(self, actor: Actor, text: str) -> Iterable[Hit]:
        if not may(actor, Permission.USER_EDIT, EVERYWHERE):
            return
        with self._database.reading() as session:
            every = users.users(session)
        for user in every:
            fits = rank(text, [user.name, user.display_name])
            if fits is not None:
                yield Hit("person", user.name, f"/users/{user.name}", user.display_name, rank=fits)

    def _parts_of_documents(self, _actor: Actor, text: str) -> Iterable[Hit]:
        """After everything else; each in the reader's language, whichever of the two the words were found in."""
        for hit in self._documents.hits(text):
            found = Hit("document", hit.title_en, hit.neutral_path, hit.page_en, title_zh=hit.title_zh)
            yield replace(found, detail_zh=hit.page_zh, rank=Rank.PART)


def _numbers(session: Session, kind: str, text: str, environments: frozenset[str] | None = None) -> list[int]:
    """The newest that have the very words; if they are few, then the newest that have words that begin so.

    Beginnings are only looked for when needed: for each of them the index merges all words that begin so.
    """
    wanted = search.Wanted(kind, phrases(text), environments=environments, limit=MOST_OF_A_KIND)
    exact = search.newest(session, replace(wanted, is_open=False))
    if len(exact) == MOST_OF_A_KIND:
        return exact
    return list(dict.fromkeys([*exact, *search.newest(session, wanted)]))


def _release_hit(release: Release, text: str) -> Hit:
    title = f"{release.service} {release.version}"
    path = f"/releases/{release.service}/{release.version}"
    fits = rank(text, [title, release.version, release.commit])
    found = Hit("release", title, path, _short(release.summary))
    return replace(found, rank=Rank.WORD if fits is None else fits)


def _rollout_hit(rollout: Rollout, text: str) -> Hit:
    title = f"{rollout.service} {rollout.to_version}"
    fits = rank(text, [str(rollout.id), f"#{rollout.id}", title, f"{title} {rollout.environment}"])
    found = Hit("rollout", f"#{rollout.id} {title}", f"/rollouts/{rollout.id}", _short(rollout.reason))
    found = replace(found, environment=rollout.environment, state=str(rollout.state))
    return replace(found, rank=Rank.WORD if fits is None else fits)


def _short(text: str) -> str:
    return text[:LONGEST_DETAIL]
