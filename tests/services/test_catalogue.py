"""Services, environments and freezes: what can be saved, who may, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.dependencies import called_by, callers_of
from portal.domain.environment import Environment, FreezeWindow, Protection, Stage, occurrences
from portal.domain.errors import Invalid, PortalError, Refused
from portal.domain.lists import ServiceQuery, find_services
from portal.domain.rollout import State
from portal.domain.service import Link, Service, compare_url
from tests.stage import ALICE, BOB, PortalStage

GINA = Actor("gina", grants=(Grant(Role.RELEASE_MANAGER, "dev"),))
NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)  # a Friday


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PortalStage]:
    stage = PortalStage(tmp_path).furnish()
    yield stage
    stage.core.database.close()


def test_dependencies_go_one_way_only(stage: PortalStage):
    catalogue = stage.core.catalogue
    for name, needs in (("store", ()), ("cart", ("store",)), ("shop", ("cart", "store"))):
        catalogue.save_service(ALICE, Service(name, name, dependencies=needs))
    with pytest.raises(Invalid, match="dependency_circle") as refused:
        catalogue.save_service(ALICE, Service("store", "store", dependencies=("shop",)))
    assert refused.value.params["path"].startswith("store → shop → ")
    with pytest.raises(Invalid, match="dependency_unknown"):
        catalogue.save_service(ALICE, Service("shop", "shop", dependencies=("nothing",)))
    every = catalogue.services(ALICE)
    assert [(n.name, n.distance, n.via) for n in called_by("shop", every)] == [
        ("cart", 1, ("shop",)),
        ("store", 1, ("shop",)),
    ]
    assert [n.name for n in callers_of("store", every)] == ["cart", "shop"]


def test_what_is_in_use_cannot_be_archived(stage: PortalStage):
    catalogue = stage.core.catalogue
    with pytest.raises(Refused, match="service_in_use"):
        catalogue.archive_service(ALICE, "hello", is_archived=True)
    with pytest.raises(Refused, match="environment_in_use"):
        catalogue.archive_environment(SYSTEM, "prod", is_archived=True)


def test_what_is_archived_is_left_in_peace_until_it_is_restored(stage: PortalStage):
    catalogue = stage.core.catalogue
    catalogue.save_service(ALICE, Service("old", "hello"))
    catalogue.archive_service(ALICE, "old", is_archived=True, reason="nobody calls it")
    assert "old" not in {service.name for service in catalogue.services(ALICE)}
    assert "old" in {service.name for service in catalogue.services(ALICE, has_archived=True)}
    with pytest.raises(Refused, match="service_archived"):
        stage.core.releases.create(BOB, "old", "1.0.0", image="hello:1.0.0")
    assert catalogue.save_service(ALICE, Service("old", "hello", description="a")).is_archived
    assert not catalogue.archive_service(ALICE, "old", is_archived=False).is_archived
    actions = [entry.action for entry in stage.core.audit.page(ALICE, AuditQuery(target="old")).items]
    assert actions == ["service.restored", "service.saved", "service.archived", "service.saved"]


def test_nothing_is_rolled_out_into_an_archived_environment(stage: PortalStage):
    stage.core.catalogue.archive_environment(SYSTEM, "dev", is_archived=True)
    from portal.services.rollouts import RolloutOrder

    with pytest.raises(Refused, match="environment_archived"):
        stage.core.rollouts.start(BOB, RolloutOrder("hello", "dev", "1.1.0", "try it"))
    assert "dev" not in {place.name for place in stage.core.catalogue.environments(ALICE)}


def test_an_entry_names_the_fields_that_changed(stage: PortalStage):
    catalogue = stage.core.catalogue
    hello = catalogue.service(ALICE, "hello")
    catalogue.save_service(ALICE, replace(hello, port=9090, owners=("carol",)), reason="new port")
    entry = stage.core.audit.page(ALICE, AuditQuery(target="hello", action="service.saved")).items[0]
    assert (entry.params["fields"], entry.reason) == ("port, owners", "new port")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"tags": ("Big Tag",)}, "tag_bad"),
        ({"links": (Link("board", "javascript:alert(1)"),)}, "link_bad"),
        ({"links": (Link("", "https://a.example"),)}, "owner_bad"),
        ({"source_url": "git@host:repo"}, "link_bad"),
        ({"environment": {"1BAD": "x"}}, "variable_bad"),
        ({"owners": ("a\nb",)}, "owner_bad"),
    ],
)
def test_a_service_that_could_not_be_kept_is_refused(stage: PortalStage, wrong: dict[str, Any], code: str):
    with pytest.raises(Invalid, match=code):
        stage.core.catalogue.save_service(ALICE, Service("shop", "shop", **wrong))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (Protection(approvals=11), "approvals_bad"),
        (Protection(approver_role=Role.VIEWER), "approver_cannot"),
        (Protection(after_environment="qa"), "after_itself"),
        (Protection(after_environment="nowhere"), "environment_missing"),
        (Protection(signature_key="-----BEGIN"), "signature_key_bad"),
    ],
)
def test_an_environment_that_nothing_could_enter_is_refused(stage: PortalStage, wrong: Protection, code: str):
    with pytest.raises(PortalError, match=code):
        stage.core.catalogue.save_environment(SYSTEM, Environment("qa", Stage.TEST, 5, protection=wrong))


def test_two_environments_cannot_wait_for_each_other(stage: PortalStage):
    save = stage.core.catalogue.save_environment
    save(SYSTEM, Environment("one", Stage.TEST, 5))
    save(SYSTEM, Environment("two", Stage.TEST, 6, protection=Protection(after_environment="one")))
    with pytest.raises(Invalid, match="after_itself"):
        save(SYSTEM, Environment("one", Stage.TEST, 5, protection=Protection(after_environment="two")))


def weekly(environment: str = "prod", **changes: Any) -> FreezeWindow:
    window = FreezeWindow(0, "weekend", environment, zone="Asia/Shanghai", days=("fri",), from_time=time(18, 0))
    return replace(window, to_time=time(6, 0), **changes)


def test_a_freeze_of_all_environments_takes_the_permission_in_all(stage: PortalStage):
    catalogue = stage.core.catalogue
    for environment in ("*", "prod"):
        with pytest.raises(Refused, match="not_allowed"):
            catalogue.add_freeze(GINA, weekly(environment))
    added = catalogue.add_freeze(ALICE, weekly())
    for act in (lambda: catalogue.end_freeze(GINA, added.id), lambda: catalogue.remove_freeze(GINA, added.id)):
        with pytest.raises(Refused, match="not_allowed"):
            act()
    with pytest.raises(Refused, match="not_allowed"):
        catalogue.change_freeze(GINA, weekly("dev", id=added.id))
    assert catalogue.change_freeze(ALICE, weekly(id=added.id, name="long weekend")).name == "long weekend"


def test_a_freeze_that_runs_is_cut_and_one_to_come_is_gone(stage: PortalStage):
    catalogue, now = stage.core.catalogue, stage.clock.now()
    runs = FreezeWindow(0, "now", "prod", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    later = replace(runs, name="later", starts_at=now + timedelta(hours=2), ends_at=now + timedelta(hours=3))
    numbers = [catalogue.add_freeze(ALICE, window).id for window in (runs, later)]
    for number in numbers:
        catalogue.end_freeze(ALICE, number, reason="not needed")
    left = catalogue.freezes(ALICE)
    assert [(window.name, window.ends_at) for window in left] == [("now", now)]


def test_a_weekly_freeze_is_told_in_its_own_zone():
    found = occurrences(weekly(), start=NOON - timedelta(days=7), end=NOON + timedelta(days=6))
    told = [(o.starts_at.isoformat(), o.ends_at.isoformat()) for o in found]
    assert told == [
        ("2026-02-27T18:00:00+08:00", "2026-02-28T06:00:00+08:00"),
        ("2026-03-06T18:00:00+08:00", "2026-03-07T06:00:00+08:00"),
    ]


def test_commits_are_compared_at_the_home_of_the_source():
    service = Service("a", "a", source_url="https://github.com/shop/cart.git")
    assert compare_url(service, old="abc", new="def") == "https://github.com/shop/cart/compare/abc...def"
    on_gitlab = replace(service, source_url="https://gitlab.com/shop/cart")
    assert compare_url(on_gitlab, old="a", new="b") == "https://gitlab.com/shop/cart/-/compare/a...b"
    assert compare_url(service, old="", new="def") == ""
    assert compare_url(service, old="a b", new="def") == ""


def test_after_all_of_this_a_rollout_still_runs(stage: PortalStage):
    hello = stage.core.catalogue.service(ALICE, "hello")
    stage.core.catalogue.save_service(
        ALICE, replace(hello, tags=("web",), links=(Link("board", "https://a.example/b"),))
    )
    assert stage.until(stage.start("1.1.0", plan="strategy: rolling"), State.SUCCEEDED).state is State.SUCCEEDED


def test_services_are_found_by_owner_tag_text_and_whether_they_are_put_away():
    shop = Service("shop", "registry.example/shop", description="Sells things", owners=("alice",), tags=("web",))
    every = (shop, Service("cart", "cart", owners=("bob",)), Service("old", "old", is_archived=True))

    def names(**query: object) -> list[str]:
        return [s.name for s in find_services(every, ServiceQuery(**query)).items]  # type: ignore[arg-type]

    assert names() == ["cart", "old", "shop"]
    assert names(is_archived=False, sort="-name") == ["shop", "cart"]
    assert names(is_archived=True) == ["old"]
    assert (names(text="SELLS"), names(owner="bob"), names(tag="web")) == (["shop"], ["cart"], ["shop"])
    assert find_services(every, ServiceQuery(offset=1, limit=1)).total == 3
