"""Views of lists are kept by each person, and shared if they want."""

from __future__ import annotations

from typing import Any

import pytest

from portal.domain.errors import Conflict, Invalid, NotFound, Refused
from portal.domain.saved_view import SavedView
from portal.services.audit import Audit
from portal.services.saved_views import MOST_OF_ONE, SavedViews
from portal.store.database import Database
from tests.stage import ALICE, BOB, MALLORY


@pytest.fixture
def views(database: Database, clock: Any, audit: Audit) -> SavedViews:
    return SavedViews(database, clock, audit)


def view(name: str, query: str = "state=over", *, is_shared: bool = False) -> SavedView:
    return SavedView(0, "", "rollouts", name, query, is_shared)


def test_a_view_is_its_owners_alone_until_it_is_shared(views: SavedViews):
    views.save(ALICE, view("mine", "?text=修复&service=shop"))
    views.save(ALICE, view("ours", is_shared=True))
    assert [(v.name, v.owner) for v in views.list(ALICE, "rollouts")] == [("mine", "alice"), ("ours", "alice")]
    assert [v.name for v in views.list(BOB, "rollouts")] == ["ours"]
    assert views.list(ALICE, "rollouts")[0].query == "service=shop&text=%E4%BF%AE%E5%A4%8D"
    assert views.list(ALICE, "releases") == ()


def test_each_change_is_in_the_trail(views: SavedViews, audit: Audit):
    from portal.domain.audit import AuditQuery

    saved = views.save(ALICE, view("mine"))
    views.remove(ALICE, saved.id)
    assert views.list(ALICE, "rollouts") == ()
    assert [e.action for e in audit.page(ALICE, AuditQuery(target="mine")).items] == ["view.removed", "view.saved"]


def test_somebody_elses_view_cannot_be_removed(views: SavedViews):
    shared = views.save(ALICE, view("ours", is_shared=True))
    with pytest.raises(NotFound, match="view_missing"):
        views.remove(BOB, shared.id)
    with pytest.raises(Refused, match="not_allowed"):
        views.list(MALLORY, "rollouts")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (SavedView(0, "", "users", "x", ""), "view_list_bad"),
        (view(" \n "), "view_name_bad"),
        (view("x" * 61), "view_name_bad"),
        (view("x", "from=25"), "view_query_bad"),
        (view("x", "service=a&next=https://evil.example"), "view_query_bad"),
        (view("x", "text=" + "y" * 500), "view_query_bad"),
    ],
)
def test_what_is_no_view_of_a_list_is_refused(views: SavedViews, wrong: SavedView, code: str):
    with pytest.raises(Invalid, match=code):
        views.save(ALICE, wrong)


def test_names_are_taken_once_and_views_have_a_limit(views: SavedViews):
    views.save(ALICE, view("0"))
    with pytest.raises(Conflict, match="view_exists"):
        views.save(ALICE, view("0"))
    for number in range(1, MOST_OF_ONE):
        views.save(ALICE, view(str(number)))
    with pytest.raises(Conflict, match="views_too_many"):
        views.save(ALICE, view("one more"))
