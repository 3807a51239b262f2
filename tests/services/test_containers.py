"""Containers as people use them: what each may see, what stopping means, commands inside, and what may be removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditEntry, AuditQuery
from portal.domain.container import ContainerSpec, ContainerState, VolumeMount
from portal.domain.container_masking import masked_document, masked_environment
from portal.domain.container_view import ContainerAction, ContainerLine, ContainerQuery
from portal.domain.errors import Conflict, Invalid, NotFound, Refused
from portal.domain.rollout import State
from portal.kit.redaction import MASK, looks_secret
from portal.services.container_executions import ExecutionOrder, words_of
from tests.stage import ALICE, BOB, CAROL, DAVE, MALLORY, PortalStage

DEV_OPERATOR = Actor("gina", grants=(Grant(Role.OPERATOR, "dev"),))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PortalStage]:
    staged = PortalStage(tmp_path).furnish()
    yield staged
    staged.core.fleet.stats.stop()
    staged.core.database.close()


def one(stage: PortalStage) -> ContainerLine:
    return stage.core.fleet.page(CAROL, ContainerQuery(limit=1)).items[0]


def trail(stage: PortalStage, prefix: str) -> list[AuditEntry]:
    entries = stage.core.audit.page(SYSTEM, AuditQuery(limit=200)).items
    return [entry for entry in reversed(entries) if entry.action.startswith(prefix)]


def test_the_list_is_filtered_sorted_and_paged(stage: PortalStage) -> None:
    fleet = stage.core.fleet
    assert fleet.page(CAROL, ContainerQuery()).total == 3
    assert fleet.page(CAROL, ContainerQuery(environment="dev")).total == 0
    assert fleet.page(CAROL, ContainerQuery(state="healthy", service="hello")).total == 3
    names = [line.name for line in fleet.page(CAROL, ContainerQuery(sort="-name", limit=2)).items]
    assert names == sorted(names, reverse=True)
    assert len(fleet.page(CAROL, ContainerQuery(offset=2)).items) == 1
    assert fleet.page(CAROL, ContainerQuery(text=names[0])).total == 1
    assert fleet.choices(CAROL).versions == ("1.0.0",)
    with pytest.raises(Invalid):
        fleet.page(CAROL, ContainerQuery(sort="colour"))


def test_who_may_not_look_sees_nothing_and_of_another_environment_not_even_that_it_is_there(stage: PortalStage) -> None:
    with pytest.raises(Refused):
        stage.core.fleet.page(MALLORY, ContainerQuery())
    assert stage.core.fleet.page(DEV_OPERATOR, ContainerQuery()).total == 0
    for look in (stage.core.fleet.view, stage.core.fleet.line, stage.core.container_logs.tail):
        with pytest.raises(NotFound):
            look(DEV_OPERATOR, one(stage).name)
    with pytest.raises(NotFound):
        stage.core.fleet.act(DEV_OPERATOR, one(stage).name, ContainerAction.STOP, reason="mine")


@pytest.mark.parametrize("actor", [CAROL, BOB, ALICE], ids=["carol", "bob", "alice"])
def test_who_may_only_look_changes_nothing(stage: PortalStage, actor: Actor) -> None:
    line = one(stage)
    with pytest.raises(Refused) as refused:
        stage.core.fleet.act(actor, line.name, ContainerAction.STOP, reason="for fun")
    assert refused.value.code == "not_allowed"
    assert stage.containers.inspect(line.name).is_running


def test_a_container_that_dave_stops_stays_so_until_he_starts_it(stage: PortalStage) -> None:
    name = one(stage).name
    stage.core.fleet.act(DAVE, name, ContainerAction.STOP, reason="look at its disk")
    stage.core.keeper.look()
    assert stage.containers.inspect(name).state is ContainerState.EXITED
    hold = stage.core.fleet.line(CAROL, name).hold
    assert hold
    assert (hold.by, hold.reason) == ("dave", "look at its disk")

    stage.core.fleet.act(DAVE, name, ContainerAction.START, reason="done")
    assert stage.core.fleet.line(CAROL, name).hold is None
    assert stage.core.fleet.line(CAROL, name).container.is_running


def test_one_that_ended_by_itself_is_started_again(stage: PortalStage) -> None:
    name = one(stage).name
    stage.world.kill(name)
    stage.core.keeper.look()
    assert stage.containers.inspect(name).is_running


def test_every_act_has_a_reason_and_is_in_the_trail_also_when_it_fails(stage: PortalStage) -> None:
    name = one(stage).name
    with pytest.raises(Invalid):
        stage.core.fleet.act(DAVE, name, ContainerAction.RESTART, reason=" ")
    stage.core.fleet.act(DAVE, name, ContainerAction.RESTART, reason="it hangs")
    stage.core.fleet.line(DAVE, name)
    stage.containers.remove(name)
    with pytest.raises(NotFound):
        stage.core.fleet.act(DAVE, name, ContainerAction.RESTART, reason="again")
    acts = [(e.action, e.actor, e.environment, e.reason) for e in trail(stage, "container.")]
    assert acts == [
        ("container.restart", "dave", "prod", "it hangs"),
        ("container.restart", "dave", "prod", "again"),
        ("container.act_failed", "dave", "prod", "again"),
    ]


def test_a_container_that_a_rollout_is_at_work_on_says_so(stage: PortalStage) -> None:
    assert one(stage).rollout_id is None
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    stage.core.fleet.look_again()
    lines = stage.core.fleet.page(CAROL, ContainerQuery()).items
    assert {line.rollout_id for line in lines} == {rollout.id}
    assert {line.version for line in lines} == {"1.0.0", "1.1.0"}
    assert all(line.is_wanted for line in lines)


ENVIRONMENT = {"COLOUR": "blue", "DB_PASSWORD": "hunter2", "DATABASE_URL": "postgres://bob:s3cret@db/x", "API_KEY": "k"}


def secretive(stage: PortalStage) -> str:
    image = stage.containers.image("hello:1.0.0").id
    spec = ContainerSpec("secretive", image, environment=ENVIRONMENT, labels={"codexfather.environment": "prod"})
    stage.containers.create(spec)
    stage.containers.start(spec.name)
    stage.core.fleet.look_again()
    return spec.name


def test_secrets_are_masked_by_name_and_all_values_for_who_may_only_look(stage: PortalStage) -> None:
    name = secretive(stage)
    seen = stage.core.fleet.view(DAVE, name)
    assert seen.details.environment["COLOUR"] == "blue"
    assert seen.details.environment["DB_PASSWORD"] == MASK
    assert "s3cret" not in seen.document
    assert "hunter2" not in seen.document
    assert seen.details.document == {}
    looked = stage.core.fleet.view(CAROL, name)
    assert set(looked.details.environment.values()) == {MASK}
    assert looked.has_hidden_values
    assert "blue" not in looked.document
    assert (seen.is_controllable, looked.is_controllable) == (True, False)


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "db_passwd", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_PRIVATE_KEY", "SENTRY_DSN", "api.key"],
)
def test_names_that_look_secret(name: str) -> None:
    assert looks_secret(name)
    assert masked_environment({name: "x"}, is_revealing=True) == {name: MASK}


@pytest.mark.parametrize("name", ["COLOUR", "PORT", "KEYBOARD", "AUTHOR", "PATH", "LANG"])
def test_names_that_do_not(name: str) -> None:
    assert not looks_secret(name)


def test_a_document_of_any_shape_is_masked() -> None:
    document: Any = {"a": [{"password": "x", "Env": ["T_TOKEN=1", "B=2"]}], "n": 3, "u": "http://a:b@c", "none": None}
    assert masked_document(document, is_revealing=True) == {
        "a": [{"password": MASK, "Env": [f"T_TOKEN={MASK}", "B=2"]}],
        "n": 3,
        "u": f"http://a:{MASK}@c",
        "none": None,
    }


def test_log_lines_are_shown_without_secrets(stage: PortalStage) -> None:
    name = one(stage).name
    stage.world.write_log(name, "login with password=hunter2 ok")
    assert [line.text for line in stage.core.container_logs.tail(CAROL, name, lines=1)] == [
        f"login with password={MASK} ok"
    ]


def test_commands_inside_are_off_unless_the_settings_let_them(stage: PortalStage) -> None:
    with pytest.raises(Refused) as refused:
        stage.core.executions.execute(DAVE, one(stage).name, ExecutionOrder(("echo", "hi"), "look"))
    assert refused.value.code == "exec_switched_off"
    assert trail(stage, "container.exec") == []


def test_a_command_is_audited_before_it_begins_and_after_its_end(stage: PortalStage) -> None:
    stage.core.fleet.lets_execute = True
    name = one(stage).name
    order = ExecutionOrder(("sh", "-c", "exit 3"), "look at the disk")
    assert stage.core.executions.execute(DAVE, name, order).exit_code == 3
    with pytest.raises(Refused):
        stage.core.executions.execute(CAROL, name, order)
    acts = [(e.action, e.actor, e.params["command"], e.params.get("outcome")) for e in trail(stage, "container.exec")]
    assert acts == [
        ("container.exec_started", "dave", "sh -c 'exit 3'", None),
        ("container.exec_ended", "dave", "sh -c 'exit 3'", "3"),
    ]


def test_a_command_inside_wants_a_fresh_proof_in_a_browser_and_none_of_a_program(stage: PortalStage) -> None:
    stage.core.fleet.lets_execute = True
    name, order = one(stage).name, ExecutionOrder(("true",), "look")
    sitting = replace(DAVE, session="s", proved_at=stage.clock.now())
    assert stage.core.executions.execute(sitting, name, order).exit_code == 0
    stage.clock.move(601)
    with pytest.raises(Refused) as refused:
        stage.core.executions.execute(sitting, name, order)
    assert refused.value.code == "proof_needed"
    assert len(trail(stage, "container.exec_started")) == 1
    assert stage.core.executions.execute(replace(DAVE, kind="token", person="dave"), name, order).exit_code == 0


def test_a_command_that_cannot_run_is_audited_too(stage: PortalStage) -> None:
    stage.core.fleet.lets_execute = True
    name = one(stage).name
    stage.core.fleet.act(DAVE, name, ContainerAction.STOP, reason="rest")
    with pytest.raises(Refused) as refused:
        stage.core.executions.execute(DAVE, name, ExecutionOrder(("true",), "why not"))
    assert refused.value.code == "container_not_running"
    assert trail(stage, "container.exec")[-1].params["outcome"] == "container_not_running"


def test_under_one_key_a_command_runs_once(stage: PortalStage) -> None:
    stage.core.fleet.lets_execute = True
    order = ExecutionOrder(("true",), "look", key="k1")
    stage.core.executions.execute(DAVE, one(stage).name, order)
    with pytest.raises(Conflict) as refused:
        stage.core.executions.execute(DAVE, one(stage).name, order)
    assert refused.value.code == "exec_repeated"
    assert len(trail(stage, "container.exec_started")) == 1


@pytest.mark.parametrize("command", [(), ("",), ("x",) * 65, ("x" * 5000,), ("a\0b",)])
def test_what_is_no_command_is_refused(stage: PortalStage, command: tuple[str, ...]) -> None:
    stage.core.fleet.lets_execute = True
    with pytest.raises(Invalid):
        stage.core.executions.execute(DAVE, one(stage).name, ExecutionOrder(command, "look"))


def test_a_typed_command_is_taken_apart_as_a_shell_would() -> None:
    assert words_of("ls -l 'a b'") == ("ls", "-l", "a b")
    with pytest.raises(Invalid):
        words_of("echo 'open")


def test_an_image_goes_only_if_no_container_and_no_release_needs_it(stage: PortalStage) -> None:
    spare = stage.world.add_image("spare:1", replace(stage.world.behaviours[stage.containers.image("hello:1.0.0").id]))
    uses = {use.id: use for use in stage.core.hosts.images(DAVE)}
    released = stage.containers.image("hello:1.3.0").id
    assert uses[stage.containers.image("hello:1.0.0").id].refusal == "image_in_use"
    assert uses[released].refusal == "image_released"
    with pytest.raises(Conflict):
        stage.core.hosts.remove_image(DAVE, released, confirmed="hello:1.3.0", reason="tidy")
    with pytest.raises(Invalid) as refused:
        stage.core.hosts.remove_image(DAVE, spare.id, confirmed="spare", reason="tidy")
    assert refused.value.code == "not_confirmed"
    stage.core.hosts.remove_image(DAVE, spare.id, confirmed="spare:1", reason="tidy")
    assert spare.id not in {use.id for use in stage.core.hosts.images(DAVE)}
    assert [e.action for e in trail(stage, "image.")] == ["image.removed"]


def test_a_volume_goes_when_nothing_has_it(stage: PortalStage) -> None:
    image = stage.containers.image("hello:1.0.0").id
    stage.containers.create(ContainerSpec("keeper", image, volumes=(VolumeMount("kept", "/kept"),)))
    assert [(use.volume.name, use.containers) for use in stage.core.hosts.volumes(CAROL)] == [("kept", ("keeper",))]
    with pytest.raises(Conflict):
        stage.core.hosts.remove_volume(DAVE, "kept", confirmed="kept", reason="tidy")
    stage.containers.remove("keeper")
    stage.core.hosts.remove_volume(DAVE, "kept", confirmed="kept", reason="tidy")
    with pytest.raises(NotFound):
        stage.core.hosts.remove_volume(DAVE, "kept", confirmed="kept", reason="tidy")


def test_the_network_of_the_portal_stays(stage: PortalStage) -> None:
    with pytest.raises(Refused) as refused:
        stage.core.hosts.remove_network(DAVE, "codex", confirmed="codex", reason="tidy")
    assert refused.value.code == "network_needed"


def test_only_who_may_act_everywhere_removes_what_all_share(stage: PortalStage) -> None:
    for actor in (CAROL, BOB, ALICE, DEV_OPERATOR):
        with pytest.raises(Refused):
            stage.core.hosts.remove_network(actor, "codex", confirmed="codex", reason="tidy")
    with pytest.raises(Refused):
        stage.core.hosts.images(DEV_OPERATOR)


def test_figures_are_read_only_while_somebody_looks(stage: PortalStage) -> None:
    name = one(stage).name
    stats = stage.core.fleet.stats
    stats.look([name])
    stats.read_once()
    assert stats.look([name])[name][-1].memory_bytes == 20_000_000
    assert stage.core.fleet.line(CAROL, name).stats
    stats.look(str(number) for number in range(500))
    assert stats.latest(name) is None
