"""Search everywhere finds what one may see, in either language, on both databases, as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.errors import Refused
from portal.domain.identity import NewUser
from portal.domain.search import Rank
from portal.services import search as searching
from portal.services.releases import ReleaseDetails
from portal.services.rollouts import RolloutOrder
from portal.services.search import KINDS
from portal.web.build import ROOT
from portal.web.reader.build import ensure_documents
from tests.stage import ALICE, BOB, MALLORY, PortalStage

THINGS = tuple(kind for kind in KINDS if kind != "document")
DEV_BOB = Actor("bob", grants=(Grant(Role.DEVELOPER, "dev"),))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalStage]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("module_database_url")
    staged = PortalStage(Path(tmp_path_factory.mktemp("search")), url=url).furnish()
    details = ReleaseDetails(
        commit="deadbeef0123", notes='紧急修复登录 and a basket that\'s "quoted"; DROP TABLE\nmore'
    )
    staged.core.releases.create(BOB, "hello", "2.0.0-rc.1", image="hello:1.3.0", details=details)
    order = RolloutOrder("hello", "prod", "1.1.0", "the checkout was slow: 结账太慢")
    staged.core.rollouts.start(BOB, order)
    staged.core.identity.create_user(SYSTEM, NewUser("carol", "a long walk on the beach", display_name="Carol 支持"))
    yield staged
    staged.core.database.close()


def found(stage: PortalStage, text: str, actor: Actor = ALICE) -> list[str]:
    return [f"{hit.kind} {hit.title}" for hit in stage.core.search.hits(actor, text, kinds=THINGS)]


def test_a_service_comes_first_by_its_very_name(stage: PortalStage):
    assert found(stage, "HELLO")[0] == "service hello"
    assert {hit.rank for hit in stage.core.search.hits(ALICE, "hello", kinds=THINGS)} == {Rank.EXACT, Rank.PREFIX}


@pytest.mark.parametrize(
    "text", ["2.0.0-rc.1", "hello 2.0.0-rc", "deadbeef", "登录", "复登", "basket", "BASK", "修复 basket", "quoted"]
)
def test_a_release_is_found_by_version_commit_and_words_of_its_notes(stage: PortalStage, text: str):
    assert found(stage, text)[0] == "release hello 2.0.0-rc.1"


@pytest.mark.parametrize("text", ["#2", "2", "checkout", "结账", "checkout prod", "checkout 生产", "hello bob"])
def test_a_rollout_is_found_by_number_place_person_and_reason(stage: PortalStage, text: str):
    assert "rollout #2 hello 1.1.0" in found(stage, text)


@pytest.mark.parametrize("text", ["登修", "录登", "asket", "checkout staging", "'; DROP TABLE x; --", '"', "*", " "])
def test_what_is_not_there_is_not_found(stage: PortalStage, text: str):
    assert [name for name in found(stage, text) if name.startswith(("release", "rollout"))] == []


def test_an_environment_is_found_in_either_language(stage: PortalStage):
    assert found(stage, "生产")[0] == found(stage, "prod")[0] == "environment prod"


def test_people_are_found_by_those_who_may_see_users(stage: PortalStage):
    assert "person carol" in found(stage, "支持", SYSTEM)
    assert "person carol" not in found(stage, "carol", ALICE)


def test_of_an_environment_that_one_may_not_see_nothing_is_found(stage: PortalStage):
    assert found(stage, "checkout", DEV_BOB) == []
    assert "environment prod" not in found(stage, "prod", DEV_BOB)
    with pytest.raises(Refused):
        stage.core.search.hits(MALLORY, "hello")


def test_what_is_new_is_found_at_once_and_the_rest_by_the_background(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    def add(version: str) -> None:
        stage.core.releases.create(BOB, "hello", version, image="hello:1.3.0", details=ReleaseDetails(notes="zebra"))

    add("3.0.0")
    assert found(stage, "zebra") == ["release hello 3.0.0"]
    monkeypatch.setattr(searching, "LARGEST_WAIT", 1)
    add("3.0.1")
    add("3.0.2")
    assert found(stage, "zebra") == ["release hello 3.0.0"]
    assert stage.core.search.catch_up() == 2
    assert stage.core.search.catch_up() == 0
    assert found(stage, "zebra") == ["release hello 3.0.2", "release hello 3.0.1", "release hello 3.0.0"]


def test_parts_of_the_documentation_are_found_in_both_languages_after_everything_else(stage: PortalStage):
    ensure_documents(ROOT)
    wanted = ("Freeze windows", "冻结窗口", "/docs/environments#freeze-windows")
    for text in ("冻结窗口", "freeze windows"):
        hits = [hit for hit in stage.core.search.hits(ALICE, text) if hit.kind == "document"]
        assert wanted in [(hit.title, hit.title_zh, hit.path) for hit in hits]
    assert stage.core.search.hits(ALICE, "hello")[0].kind == "service"
