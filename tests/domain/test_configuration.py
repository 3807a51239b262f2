"""Keys, layers, reasons, differences, and the forms in which settings are exchanged."""

from __future__ import annotations

import pytest

from portal.domain.configuration import (
    Contract,
    Effect,
    Key,
    ValueType,
    bytes_of,
    check_contract,
    checked,
    cores_of,
    read,
    variable_of,
)
from portal.domain.configuration_changes import needed, snapshot_changes, snapshot_of, with_gentle
from portal.domain.configuration_layers import (
    Layer,
    LayerKind,
    Scope,
    default_layer,
    image_layer,
    resolve,
    scope_of,
    service_scope,
)
from portal.domain.configuration_text import (
    contract_of_values,
    exchanged,
    flat,
    json_schema,
    parse_contract,
    parse_exchange,
    parse_variables,
    values_of_variables,
    written_variables,
)
from portal.domain.container import Limits
from portal.domain.errors import Invalid

pytestmark = pytest.mark.req("REQ-P3-008")

LEVEL = Key("logLevel", choices=("debug", "info"), default="info", effect=Effect.LIVE, help_zh="日志级别")
MOST = Key("maxConcurrent", ValueType.INTEGER, minimum=1, maximum=50, default=5, effect=Effect.RESTART)
MODE = Key("mode", pattern="[a-z]+")
CONTRACT = Contract((LEVEL, MOST, MODE), is_open=False)
SPACE = service_scope("shop", "prod")


def layer(kind: LayerKind, version: int = 1, **values: str | int | float | bool) -> Layer:
    return Layer(Scope(kind, "shop@prod" if kind is LayerKind.SERVICE else "x"), values, version)


def test_the_strongest_layer_wins_and_says_what_it_hides():
    layers = (
        default_layer(CONTRACT, {}),
        layer(LayerKind.TEAM, 4, logLevel="debug"),
        layer(LayerKind.ENVIRONMENT, 7, maxConcurrent=9),
        layer(LayerKind.SERVICE, 2, logLevel="info"),
    )
    found = {r.key.name: r for r in resolve(CONTRACT, layers)}
    level = found["logLevel"]
    assert level.value == "info"
    assert level.origin
    assert (level.origin.scope.kind, level.origin.version) == (LayerKind.SERVICE, 2)
    assert [o.scope.kind for o in level.hidden] == [LayerKind.TEAM, LayerKind.DEFAULT]
    assert found["maxConcurrent"].value == 9
    assert found["mode"].value is None


def test_what_the_image_brings_is_the_weakest_and_is_no_variable_of_ours():
    layers = (image_layer(CONTRACT, {"MODE": "fast", "LOG_LEVEL": "shout"}), default_layer(CONTRACT, {}))
    found = {r.key.name: r for r in resolve(CONTRACT, layers)}
    assert found["mode"].value == "fast"
    assert found["mode"].is_from_image
    assert found["logLevel"].value == "info"
    assert "MODE" not in snapshot_of(CONTRACT, found.values(), limits=Limits()).variables


def test_a_service_without_a_contract_takes_any_variable_and_its_own_settings_are_the_default():
    contract = Contract(extra=("GREETING",))
    layers = (default_layer(contract, {"GREETING": "hi"}), layer(LayerKind.SERVICE, GREETING="hello", OTHER="x"))
    shot = snapshot_of(contract, resolve(contract, layers), limits=Limits())
    assert shot.variables == {"GREETING": "hello", "OTHER": "x"}
    assert shot.file == ""


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        (LEVEL, "loud", "config_not_a_choice"),
        (LEVEL, 3, "config_wrong_type"),
        (MOST, 51, "config_out_of_range"),
        (MOST, True, "config_wrong_type"),
        (MODE, "UP", "config_pattern_missed"),
        (MODE, "a" * 501, "config_too_long"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_key(key: Key, value: object, code: str):
    with pytest.raises(Invalid, match=code) as caught:
        checked(key, value)
    assert caught.value.params["field"] == key.name


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (Key("replicas"), "config_name_bad"),
        (Key("a b"), "config_name_bad"),
        (Key("port"), "variable_bad"),
        (Key("x", pattern="(a+)+"), "config_pattern_bad"),
        (Key("x", pattern="a*a*a*b"), "config_pattern_bad"),
        (Key("x", pattern="["), "config_pattern_bad"),
        (Key("x", ValueType.INTEGER, default=5, maximum=4), "config_out_of_range"),
    ],
)
def test_a_contract_that_cannot_be_kept_is_refused(key: Key, code: str):
    with pytest.raises(Invalid, match=code):
        check_contract(Contract((key,)))


def test_an_unknown_key_is_refused_where_the_contract_is_closed():
    with pytest.raises(Invalid, match="config_unknown"):
        CONTRACT.key("LOGLEVEL")
    with pytest.raises(Invalid, match="layer_unknown"):
        scope_of("image:x")


def test_a_problem_is_told_at_its_key_and_leaves_the_others():
    found = {r.key.name: r for r in resolve(CONTRACT, (layer(LayerKind.SERVICE, logLevel="loud", mode="x"),))}
    assert (found["logLevel"].value, found["mode"].value) == (None, "x")
    assert found["logLevel"].problem
    assert found["logLevel"].problem.code == "config_not_a_choice"


def test_the_hardest_of_the_changes_decides_and_the_gentle_ones_can_be_taken_alone():
    def shot(**values: str | int):
        return snapshot_of(CONTRACT, resolve(CONTRACT, (Layer(SPACE, dict(values), 1),)), limits=Limits())

    old, new = shot(logLevel="info", maxConcurrent=5, mode="a"), shot(logLevel="debug", maxConcurrent=6, mode="b")
    changes = snapshot_changes(old, new)
    assert {c.name: c.effect for c in changes} == {
        "logLevel": Effect.LIVE,
        "maxConcurrent": Effect.RESTART,
        "mode": Effect.SWAP,
    }
    assert needed(changes) is Effect.SWAP
    gentle = with_gentle(old, new)
    assert gentle.content == {"logLevel": "debug", "maxConcurrent": 6, "mode": "a"}
    assert gentle.made_with == old.made_with
    assert with_gentle(old, new, names=["logLevel"]).content == {"logLevel": "debug", "maxConcurrent": 5, "mode": "a"}


def test_replicas_and_resources_are_settings_too():
    values = {"replicas": 4, "resources.cpu": "500m", "resources.memory": "512Mi"}
    shot = snapshot_of(CONTRACT, resolve(CONTRACT, (Layer(SPACE, dict(values), 1),)), limits=Limits())
    assert (shot.replicas, shot.limits.cpu_cores, shot.limits.memory_bytes) == (4, 0.5, 536_870_912)
    assert shot.content == {}
    assert (cores_of("1.0"), bytes_of("1Gi"), bytes_of("1000")) == (1.0, 1024**3, 1000)


def test_a_contract_is_a_json_schema_and_survives_it():
    assert parse_contract(json_schema(CONTRACT)) == CONTRACT
    assert contract_of_values(flat(CONTRACT)) == CONTRACT
    with pytest.raises(Invalid, match="config_word_unknown"):
        parse_contract({"properties": {"a": {"type": "string", "maxLength": 3}}})


def test_the_exchange_json_is_that_of_the_requirements():
    document = {
        "environments": {
            "production": {
                "replicas": 3,
                "resources": {"cpu": "1.0", "memory": "1Gi"},
                "config": {"logLevel": "info", "maxConcurrent": 20},
            }
        }
    }
    values = parse_exchange(document)["production"]
    typed = {name: checked(CONTRACT.key(name), value) for name, value in values.items()}
    assert exchanged(typed, replicas=1, cpu="0.5", memory="1Mi") == document["environments"]["production"]


def test_files_of_variables_are_read_and_written():
    values = {"logLevel": "debug", "maxConcurrent": 7, "mode": "a"}
    assert values_of_variables(parse_variables(written_variables(values, CONTRACT)), CONTRACT) == values
    assert parse_variables("# x\nexport A=1 # one\nB='q # q'\nC=\"two\\nlines \\\\n\"\n") == {
        "A": "1",
        "B": "q # q",
        "C": "two\nlines \\n",
    }
    with pytest.raises(Invalid, match="env_line_bad"):
        parse_variables("A=1\nno line")


def test_words_become_values_and_names_variables():
    assert read(MOST, " 7 ") == 7
    assert read(Key("f", ValueType.FLAG), "on") is True
    assert read(Key("n", ValueType.NUMBER), "1.5") == 1.5
    with pytest.raises(Invalid, match="config_wrong_type"):
        read(MOST, "7.5")
    assert variable_of("http.maxConcurrent2X") == "HTTP_MAX_CONCURRENT2_X"
