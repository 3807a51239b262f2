"""Settings in the forms that others read and write: JSON Schema for the keys, the exchange JSON of environments, and
files of variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import cast

from portal.domain.configuration import (
    CPU,
    MEMORY,
    REPLICAS,
    SIGNALS,
    Contract,
    Effect,
    Key,
    Value,
    ValueType,
    check_contract,
    checked,
    read,
    written,
)
from portal.domain.errors import Invalid

Fields = Mapping[str, object]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
LONG_NAMES = {"dev": "development", "prod": "production"}
"""Environments that the exchange format calls by another name."""

_PROPERTY = "properties."
_NUMBERS = {"minimum": "minimum", "maximum": "maximum"}
_TEXTS = {
    "pattern": "pattern",
    "description": "help_en",
    "x-help-zh": "help_zh",
    "x-unit": "unit",
    "x-owner": "owner",
    "x-variable": "variable",
}
_WORDS = ("type", "enum", "default", "x-effect", "title", *_NUMBERS, *_TEXTS)
_SCHEMA_WORDS = ("$schema", "type", "title", "properties", "required", "additionalProperties", "x-file", "x-reload")


def json_schema(contract: Contract) -> dict[str, object]:
    """The keys as a JSON Schema of the file in the container; reading it gives the same contract."""
    required = [key.name for key in contract.keys if key.is_required]
    return {
        "$schema": DRAFT,
        "type": "object",
        "properties": {key.name: _property(key) for key in contract.keys},
        **({"required": required} if required else {}),
        "additionalProperties": contract.is_open,
        "x-file": contract.file,
        "x-reload": contract.reload_path or contract.signal,
    }


def _property(key: Key) -> dict[str, object]:
    known: dict[str, object] = {"type": str(key.type)}
    known |= {"enum": list(key.choices)} if key.choices else {}
    known |= {"default": key.default} if key.default is not None else {}
    known |= {word: getattr(key, name) for word, name in _NUMBERS.items() if getattr(key, name) is not None}
    known |= {word: getattr(key, name) for word, name in _TEXTS.items() if getattr(key, name)}
    return {**known, "x-effect": str(key.effect)}


def parse_contract(document: object) -> Contract:
    """Of plain values. Invalid(…, field=…) names what is wrong, and where."""
    fields = _object(document, "schema", _SCHEMA_WORDS)
    properties = _object(fields.get("properties", {}), "properties")
    required = fields.get("required", [])
    names = cast("list[object]", required) if isinstance(required, list) else []
    if missing := [str(name) for name in names if name not in properties]:
        raise Invalid("config_unknown", field="required", known=", ".join(properties)[:500], name=missing[0][:100])
    reload = _text(fields.get("x-reload", "SIGHUP"), "x-reload")
    keys = (_key(name, value, is_required=name in names) for name, value in properties.items())
    return check_contract(
        Contract(
            keys=tuple(keys),
            file=_text(fields.get("x-file", Contract().file), "x-file"),
            signal=SIGNALS[0] if reload.startswith("/") else reload,
            reload_path=reload if reload.startswith("/") else "",
            is_open=bool(fields.get("additionalProperties", False)),
        )
    )


def _key(name: str, value: object, *, is_required: bool) -> Key:
    fields = _object(value, name, _WORDS)
    kind, effect = fields.get("type", "string"), fields.get("x-effect", "swap")
    if kind not in tuple(ValueType):
        raise Invalid("config_word_bad", field=name, word="type", value=str(kind)[:60], known=", ".join(ValueType))
    if effect not in tuple(Effect):
        raise Invalid("config_word_bad", field=name, word="x-effect", value=str(effect)[:60], known=", ".join(Effect))
    bare = Key(name, ValueType(str(kind)))
    choices, default = fields.get("enum", []), fields.get("default")
    listed = cast("list[object]", choices) if isinstance(choices, list) else []
    return Key(
        name=name,
        type=bare.type,
        effect=Effect(str(effect)),
        default=None if default is None else checked(bare, default),
        choices=tuple(checked(bare, choice) for choice in listed[:100]),
        is_required=is_required,
        minimum=_bound(fields.get("minimum"), name, "minimum"),
        maximum=_bound(fields.get("maximum"), name, "maximum"),
        **{to: _text(fields[word], f"{name}.{word}") for word, to in _TEXTS.items() if word in fields},
    )


def _bound(value: object, name: str, word: str) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise Invalid("config_word_bad", field=name, word=word, value=str(value)[:60], known="0 … 9")


def _object(value: object, place: str, known: tuple[str, ...] = ()) -> Fields:
    if not isinstance(value, Mapping):
        raise Invalid("config_not_mapping", field=place)
    fields = cast("Mapping[object, object]", value)
    for name in fields:
        if not isinstance(name, str) or (known and name not in known):
            raise Invalid("config_word_unknown", field=place, word=str(name)[:60], known=", ".join(known))
    return cast("Fields", fields)


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Invalid("config_word_bad", field=place, word=place, value=str(value)[:60], known="…")
    return value


def flat(contract: Contract) -> dict[str, Value]:
    """The contract as values of a layer, one a key: its versions are kept and compared as those of any other."""
    schema = json_schema(contract)
    properties = cast("dict[str, object]", schema["properties"])
    values: dict[str, Value] = {f"{_PROPERTY}{name}": _canonical(value) for name, value in properties.items()}
    values |= {word: _canonical(schema[word]) for word in ("additionalProperties", "required") if word in schema}
    return values | {"x-file": contract.file, "x-reload": contract.reload_path or contract.signal}


def contract_of_values(values: Mapping[str, Value]) -> Contract:
    """The contract again, as `flat` made it."""
    read_back = {name: json.loads(str(text)) for name, text in values.items() if not name.startswith("x-")}
    places = {name.removeprefix(_PROPERTY): v for name, v in read_back.items() if name.startswith(_PROPERTY)}
    words = {name: v for name, v in read_back.items() if not name.startswith(_PROPERTY)}
    own = {name: text for name, text in values.items() if name.startswith("x-")}
    return parse_contract({**words, **own, "properties": places})


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def exchanged(values: Mapping[str, Value], *, replicas: int, cpu: str, memory: str) -> dict[str, object]:
    """One environment in the exchange JSON. `replicas`, `cpu` and `memory` stand in where no value says otherwise."""
    config = {name: value for name, value in sorted(values.items()) if name not in (REPLICAS, CPU, MEMORY)}
    return {
        "replicas": values.get(REPLICAS, replicas),
        "resources": {"cpu": values.get(CPU, cpu), "memory": values.get(MEMORY, memory)},
        "config": config,
    }


def parse_exchange(document: object) -> dict[str, dict[str, object]]:
    """Environment by environment, the values that the exchange JSON gives. Invalid(…) if it is not that."""
    places = _object(_object(document, "environments", ("environments",)).get("environments"), "environments")
    return {name: _place(value, f"environments.{name}"[:100]) for name, value in places.items()}


def _place(value: object, path: str) -> dict[str, object]:
    fields = _object(value, path, ("replicas", "resources", "config"))
    found: dict[str, object] = dict(_object(fields.get("config", {}), f"{path}.config"))
    resources = _object(fields.get("resources", {}), f"{path}.resources", ("cpu", "memory"))
    known = {REPLICAS: fields.get("replicas"), CPU: resources.get("cpu"), MEMORY: resources.get("memory")}
    return found | {name: given for name, given in known.items() if given is not None}


def long_name(environment: str) -> str:
    return LONG_NAMES.get(environment, environment)


def own_name(name: str, known: Iterable[str]) -> str:
    """The environment that an exchange JSON means. NotFound is for the caller: unknown names come back as they are."""
    own = {long: short for short, long in LONG_NAMES.items()}
    return name if name in set(known) else own.get(name, name)


_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{0,99})\s*=\s*(.*)", re.ASCII)
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,-]*", re.ASCII)


def parse_variables(text: str) -> dict[str, str]:
    """A .env file: NAME=value a line, # for comments, values bare or in quotes. Invalid("env_line_bad", line=…)."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise Invalid("env_line_bad", field="text", line=number, text=stripped[:60])
        found[match[1]] = _unquoted(match[2], number)
    return found


def _unquoted(text: str, number: int) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        return text.partition(" #")[0].strip()
    if len(text) < 2 or not text.endswith(quote):
        raise Invalid("env_line_bad", field="text", line=number, text=text[:60])
    inner = text[1:-1]
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], inner) if quote == '"' else inner


def written_variables(values: Mapping[str, Value], contract: Contract) -> str:
    """The values as a .env file; what is about the containers themselves is left out."""
    keys = {name: contract.key(name) for name in values}
    lines = sorted((keys[n].variable_name, written(v)) for n, v in values.items() if not keys[n].is_resource)
    return "".join(f"{name}={_quoted(text)}\n" for name, text in lines)


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def values_of_variables(variables: Mapping[str, str], contract: Contract) -> dict[str, Value]:
    """The keys that the variables stand for. Invalid("config_unknown") for one that stands for none."""
    keys = {key.variable_name: key for key in contract.keys}
    found: dict[str, Value] = {}
    for variable, text in variables.items():
        key = keys.get(variable) or contract.key(variable)
        found[key.name] = read(key, text)
    return found
