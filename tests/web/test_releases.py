"""Releases: the list with its filters in the address, one release, and registering one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.domain.access import SYSTEM
from portal.domain.lists import RolloutQuery
from portal.domain.rollout import State
from portal.web.states.registration import RegistrationState
from portal.web.states.release import ReleaseState
from portal.web.states.releases import ReleasesState
from tests.stage import IMAGES, PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


async def test_the_list_shows_what_the_address_asks_for(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases", text="1.1")
    await carol.open()

    state = await carol.state(ReleasesState)
    assert [(row.service, row.version) for row in state.rows] == [("hello", "1.1.0")]
    assert state.paging.total == 1
    assert state.filters == {"service": "", "person": "", "since": "", "until": "", "text": "1.1"}
    assert state.is_filtered


async def test_where_a_release_runs_is_in_the_list(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases")
    await carol.open()

    places = {row.version: [place.zh for place in row.where] for row in (await carol.state(ReleasesState)).rows}
    assert places["1.0.0"] == ["生产"]
    assert places["1.1.0"] == []
    assert len(places) == len(IMAGES)


@pytest.mark.parametrize("start", ["-5", "x", "99999999999999", "1e9"])
async def test_a_nonsensical_place_in_the_list_is_the_beginning(tab: NewTab, start: str) -> None:
    carol = tab().sign_in("carol").at("/releases", **{"from": start})
    await carol.open()

    assert (await carol.state(ReleasesState)).rows


async def test_a_filter_changes_the_address(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases")
    await carol.open()

    assert await carol.call(ReleasesState.filter_by, "service", "hello") == ["_redirect"]
    assert await carol.call(ReleasesState.filter_by, "nonsense", "x") == []
    assert await carol.call(ReleasesState.filter_by, "text", "fix") == ["_redirect"]


async def test_one_release_says_what_it_is_and_what_is_different(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases/hello/1.0.0")
    await carol.open()

    state = await carol.state(ReleaseState)
    assert state.card.image.startswith("sha256:")
    assert [place.environment.en for place in state.places] == ["prod"]
    assert [line.to_version for line in state.history] == ["1.0.0"]


@pytest.mark.parametrize("path", ["/releases/hello/9.9.9", "/releases/hello/%2e%2e", "/releases/nobody/1.0.0"])
async def test_a_release_that_is_not_there_is_said_to_be_missing(tab: NewTab, path: str) -> None:
    carol = tab().sign_in("carol").at(path)
    await carol.open()

    assert (await carol.state(ReleaseState)).missing.en


async def test_bob_registers_a_release_of_an_image_that_is_there(tab: NewTab, stage: PortalStage) -> None:
    stage.world.add_image("hello:2.0.0", IMAGES["1.0.0"])
    bob = tab().sign_in("bob").at("/releases/new")
    await bob.open()
    form = {"service": "hello", "version": "v2.0.0", "image": "hello:2.0.0", "notes": "Second", "is_irreversible": "on"}

    assert await bob.call(RegistrationState.register, form) == ["_redirect"]

    made = stage.core.releases.release(SYSTEM, "hello", "2.0.0")
    assert (made.created_by, made.notes, made.is_irreversible) == ("bob", "Second", True)


@pytest.mark.parametrize(
    "changed", [{"version": "two"}, {"image": "nowhere:1"}, {"version": "1.0.0"}, {"service": "nobody"}, {"notes": 7}]
)
async def test_what_cannot_be_registered_is_said_beside_the_form(
    tab: NewTab, stage: PortalStage, changed: dict[str, object]
) -> None:
    bob = tab().sign_in("bob").at("/releases/new")
    await bob.open()
    before = stage.core.releases.page(SYSTEM).total

    await bob.call(
        RegistrationState.register, {"service": "hello", "version": "2.0.0", "image": "hello:1.0.0"} | changed
    )

    assert (await bob.state(RegistrationState)).trouble.zh
    assert stage.core.releases.page(SYSTEM).total == before


async def test_past_rollouts_of_a_version_are_found_by_it(tab: NewTab, stage: PortalStage) -> None:
    stage.until(stage.start("1.1.0", plan="strategy: rolling"), State.SUCCEEDED)
    stage.until(stage.start("1.3.0", plan="strategy: rolling"), State.SUCCEEDED)
    carol = tab().sign_in("carol").at("/releases/hello/1.1.0")
    await carol.open()
    assert [line.to_version for line in (await carol.state(ReleaseState)).history] == ["1.1.0"]

    found = stage.core.rollouts.page(SYSTEM, RolloutQuery(text="1.3"))
    assert [rollout.to_version for rollout in found.items] == ["1.3.0"]


async def test_a_list_is_sorted_as_the_address_says_and_leads_to_the_other_order(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases", sort="version", text="1.")
    await carol.open()

    state = await carol.state(ReleasesState)
    assert [row.version for row in state.rows] == sorted(IMAGES)
    assert (state.sorting.by, state.sorting.is_descending) == ("version", False)
    assert state.sorting.links["version"] == "/releases?sort=-version&text=1."
    assert state.sorting.links["created"] == "/releases?sort=-created&text=1."


async def test_an_order_that_there_is_not_is_the_first_one(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/releases", sort="password")
    await carol.open()

    assert (await carol.state(ReleasesState)).sorting.by == "created"
