"""Settings of services: which keys there are, what they may be, and how a change of each takes effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.domain.errors import Invalid

Value = str | int | float | bool

MOST_KEYS, LONGEST_TEXT, LONGEST_HELP = 200, 4096, 500
LONGEST_PATTERN, LONGEST_MATCHED = 200, 500
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_FILE = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}){2,6}", re.ASCII)
_RELOAD_PATH = re.compile(r"/[A-Za-z0-9_.~/-]{0,199}", re.ASCII)
_RISKY_PATTERN = re.compile(r"\)\s*[*+{]|\\[1-9]|\(\?[^:]")
SIGNALS = ("SIGHUP", "SIGUSR1", "SIGUSR2")
OURS = ("PORT", "APP_VERSION")  # variables that the portal gives every container
REPLICAS, CPU, MEMORY = "replicas", "resources.cpu", "resources.memory"


class ValueType(StrEnum):
    """The words of JSON Schema."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "boolean"


class Effect(StrEnum):
    """How a change reaches what runs, from the gentlest to the hardest."""

    LIVE = "live"  # the file in the container is rewritten, and the service told to read it again
    RESTART = "restart"  # the file is rewritten, and the containers restarted one after the other
    SWAP = "swap"  # new containers take over by a rollout

    @property
    def weight(self) -> int:
        return (Effect.LIVE, Effect.RESTART, Effect.SWAP).index(self)


@dataclass(frozen=True, slots=True)
class Key:
    """One setting. `variable` is its name as a variable of the container (empty: made of the name); only a key that
    takes a swap is one, for nobody can change the variables of a process that runs. `owner` is who answers questions.
    """

    name: str
    type: ValueType = ValueType.TEXT
    effect: Effect = Effect.SWAP
    default: Value | None = None
    unit: str = ""
    choices: tuple[Value, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    is_required: bool = False
    variable: str = ""
    owner: str = ""
    help_en: str = ""
    help_zh: str = ""

    @property
    def variable_name(self) -> str:
        return self.variable or variable_of(self.name)

    @property
    def is_resource(self) -> bool:
        """Whether it is about the containers themselves and not for what runs in them."""
        return self.name in (REPLICAS, CPU, MEMORY)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a service says of its settings. `file` is where the containers find all of them as JSON.

    After it was rewritten the service is sent `signal`, or asked by a POST to `reload_path` if that is set.
    `is_open`: keys that are not listed are taken as text, as variables; else only `extra` are, and others refused.
    """

    keys: tuple[Key, ...] = ()
    file: str = "/run/portal/config.json"
    signal: str = "SIGHUP"
    reload_path: str = ""
    is_open: bool = True
    extra: tuple[str, ...] = ()

    def key(self, name: str) -> Key:
        """Invalid("config_unknown") for one that is neither listed nor let in."""
        found = next((key for key in (*RESOURCES, *self.keys) if key.name == name), None)
        if found is not None:
            return found
        if self.lets_in(name):
            return Key(name, variable=name)
        raise Invalid("config_unknown", field=name[:100], known=", ".join(key.name for key in self.keys)[:500])

    def lets_in(self, name: str) -> bool:
        """Whether a key that is not listed may be set."""
        return name in self.extra or (self.is_open and bool(_VARIABLE.fullmatch(name)) and name not in OURS)

    def is_known(self, name: str) -> bool:
        return any(key.name == name for key in (*RESOURCES, *self.keys))


RESOURCES = (
    Key(REPLICAS, ValueType.INTEGER, minimum=1, maximum=50),
    Key(CPU, ValueType.TEXT, pattern=r"(?:\d{1,4}m|\d{1,4}(?:\.\d{1,3})?)"),
    Key(MEMORY, ValueType.TEXT, pattern=r"\d{1,9}(?:Ki|Mi|Gi|k|M|G)?"),
)
"""Keys that every service has: how many containers, and what each may use."""
_UNITS = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "k": 1000, "M": 1000**2, "G": 1000**3, "": 1}


def variable_of(name: str) -> str:
    """maxConcurrent -> MAX_CONCURRENT."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[.-]", "_", name).upper()


def check_contract(contract: Contract) -> Contract:
    """Invalid(…, field=…) names the key that cannot be as it is written."""
    if len(contract.keys) > MOST_KEYS:
        raise Invalid("config_too_many", field="properties", limit=MOST_KEYS)
    if not _FILE.fullmatch(contract.file):
        raise Invalid("config_file_bad", field="file", path=contract.file[:100])
    if contract.signal not in SIGNALS:
        raise Invalid("config_signal_bad", field="signal", known=", ".join(SIGNALS))
    if contract.reload_path and not _RELOAD_PATH.fullmatch(contract.reload_path):
        raise Invalid("path_bad", field="reload", path=contract.reload_path[:60])
    seen: set[str] = set()
    for key in contract.keys:
        _check_key(key)
        for name in {key.name, key.variable_name}:
            if name in seen:
                raise Invalid("config_twice", field=key.name, name=name)
            seen.add(name)
    return contract


def _check_key(key: Key) -> None:
    if not _NAME.fullmatch(key.name) or key.is_resource or key.name.startswith("resources."):
        raise Invalid("config_name_bad", field=key.name[:100] or "properties", name=key.name[:100])
    if not _VARIABLE.fullmatch(key.variable_name) or key.variable_name in OURS:
        raise Invalid("variable_bad", field=key.name, name=key.variable_name[:60])
    if max(len(key.help_en), len(key.help_zh)) > LONGEST_HELP or len(key.unit) > 20 or len(key.owner) > 60:
        raise Invalid("config_words_long", field=key.name, limit=LONGEST_HELP)
    _check_pattern(key)
    for value in (*key.choices, *(() if key.default is None else (key.default,))):
        checked(key, value)


def _check_pattern(key: Key) -> None:
    """A pattern that could take for ever over a value is not taken at all."""
    unbounded = len(re.findall(r"(?<!\\)[*+]|,\}", key.pattern))
    if len(key.pattern) > LONGEST_PATTERN or _RISKY_PATTERN.search(key.pattern) or unbounded > 2:
        raise Invalid("config_pattern_bad", field=key.name, pattern=key.pattern[:80])
    try:
        re.compile(key.pattern)
    except re.error:
        raise Invalid("config_pattern_bad", field=key.name, pattern=key.pattern[:80]) from None


def checked(key: Key, value: object) -> Value:
    """The value, if the key may have it. Invalid("config_…", field=name) says what it may be."""
    kept = _typed(key, value)
    if key.choices and kept not in key.choices:
        raise Invalid("config_not_a_choice", field=key.name, value=written(kept)[:60], choices=_listed(key.choices))
    if not isinstance(kept, str | bool):
        _check_range(key, kept)
    if isinstance(kept, str):
        _check_text(key, kept)
    return kept


def _typed(key: Key, value: object) -> Value:
    match key.type:
        case ValueType.TEXT if isinstance(value, str):
            return value
        case ValueType.FLAG if isinstance(value, bool):
            return value
        case ValueType.INTEGER if isinstance(value, int) and not isinstance(value, bool):
            return value
        case ValueType.NUMBER if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
            return value
        case _:
            raise Invalid("config_wrong_type", field=key.name, type=key.type, value=str(value)[:60])


def _check_range(key: Key, value: float) -> None:
    low, high = key.minimum, key.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = {"low": "−∞" if low is None else f"{low:g}", "high": "∞" if high is None else f"{high:g}"}
        raise Invalid("config_out_of_range", field=key.name, value=f"{value:g}", unit=key.unit, **bounds)


def _check_text(key: Key, value: str) -> None:
    if len(value) > (LONGEST_MATCHED if key.pattern else LONGEST_TEXT) or "\0" in value:
        raise Invalid("config_too_long", field=key.name, limit=LONGEST_MATCHED if key.pattern else LONGEST_TEXT)
    if key.pattern and not re.fullmatch(key.pattern, value):
        raise Invalid("config_pattern_missed", field=key.name, value=value[:60], pattern=key.pattern)


def _listed(values: tuple[Value, ...]) -> str:
    return ", ".join(written(value) for value in values)[:300]


def written(value: Value | None) -> str:
    """As a variable of a container has it: true and false for flags, numbers without needless digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else str(value)


def read(key: Key, text: str) -> Value:
    """The value that a person wrote, or a file of variables has. Invalid("config_…") if the key cannot be that."""
    match key.type:
        case ValueType.TEXT:
            return checked(key, text)
        case ValueType.FLAG:
            flags = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False}
            return checked(key, (flags | {"off": False}).get(text.strip().lower(), text))
        case _:
            return checked(key, _number(text.strip(), is_whole=key.type is ValueType.INTEGER))


def _number(text: str, *, is_whole: bool) -> Value:
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    is_number = re.fullmatch(r"[+-]?\d{0,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?", text) and re.search(r"\d", text)
    return float(text) if is_number and not is_whole else text


def cores_of(text: str) -> float:
    """0.5 and 500m are half a core."""
    return int(text[:-1]) / 1000 if text.endswith("m") else float(text)


def bytes_of(text: str) -> int:
    """512Mi is 536,870,912."""
    digits = text.rstrip("KMGik")
    return int(digits) * _UNITS[text[len(digits) :]]


def checked_values(contract: Contract, values: Mapping[str, object]) -> dict[str, Value]:
    """All of them checked. Invalid(…) names the first that cannot be."""
    return {name: checked(contract.key(name), value) for name, value in values.items()}
