"""How a secret gets a new value: who makes it, how it is tried and put into use, how long the old one stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from portal.domain.errors import Invalid

MOST_DAYS, MOST_WAIT_SECONDS = 3650, 7 * 86_400
SHORTEST, LONGEST = 8, 4096
MOST_WORDS, LONGEST_WORD = 32, 1000
_PATH = re.compile(r"/[!-~]{0,199}", re.ASCII)
_SIGNALS = frozenset({"", "HUP", "USR1", "USR2", "TERM"})


class Generator(StrEnum):
    """What makes a new value. `command` runs in a container of the service; what it prints is the value."""

    NONE = "none"
    PASSWORD = "password"
    HEX = "hex"
    BASE64 = "base64"
    ED25519 = "ed25519"
    RSA = "rsa"
    COMMAND = "command"


class CheckKind(StrEnum):
    """How a new value is tried before it counts. `http` asks the service's own containers, `command` runs in one."""

    NONE = "none"
    HTTP = "http"
    COMMAND = "command"


class CutOver(StrEnum):
    """How containers get the new value: `live` rewrites the file under them, `swap` makes new ones by a rollout of the
    same release, `later` waits for the next rollout.
    """

    LIVE = "live"
    SWAP = "swap"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Rotation:
    """`every_days` 0: never by itself. `length` is characters of a password, bytes of a token, bits of an RSA key.

    While a new value is tried, a file of the same name with `.next` after it has it. `wait_seconds` is how long no
    container may have had the old version before it is revoked.
    """

    every_days: int = 0
    is_automatic: bool = False
    generator: Generator = Generator.NONE
    length: int = 0
    make_command: tuple[str, ...] = ()
    check: CheckKind = CheckKind.NONE
    check_path: str = ""
    check_command: tuple[str, ...] = ()
    cut_over: CutOver = CutOver.LATER
    signal: str = ""
    wait_seconds: int = 60


USUAL_LENGTH = {Generator.PASSWORD: 32, Generator.HEX: 32, Generator.BASE64: 32, Generator.RSA: 3072}
_RANGE = {
    Generator.PASSWORD: (12, 256),
    Generator.HEX: (16, 1024),
    Generator.BASE64: (16, 1024),
    Generator.RSA: (2048, 4096),
}


def length_of(rotation: Rotation) -> int:
    return rotation.length or USUAL_LENGTH.get(rotation.generator, 0)


def check_rotation(rotation: Rotation) -> Rotation:
    """Invalid("rotation_bad", field=…) names the first field that cannot be."""
    least, most = _RANGE.get(rotation.generator, (0, LONGEST))
    wrong = {
        "every_days": not 0 <= rotation.every_days <= MOST_DAYS,
        "length": not least <= length_of(rotation) <= most,
        "make_command": (rotation.generator is Generator.COMMAND) != bool(rotation.make_command),
        "check_path": (rotation.check is CheckKind.HTTP) != bool(_PATH.fullmatch(rotation.check_path)),
        "check_command": (rotation.check is CheckKind.COMMAND) != bool(rotation.check_command),
        "signal": rotation.signal not in _SIGNALS,
        "wait_seconds": not 0 <= rotation.wait_seconds <= MOST_WAIT_SECONDS,
        "is_automatic": rotation.is_automatic and (not rotation.every_days or rotation.generator is Generator.NONE),
    }
    for name in ("make_command", "check_command"):
        wrong[name] = wrong[name] or not _is_command(getattr(rotation, name))
    first = next((name for name, is_wrong in wrong.items() if is_wrong), None)
    if first is not None:
        raise Invalid("rotation_bad", field=f"rotation.{first}", name=first)
    return rotation


def _is_command(words: tuple[str, ...]) -> bool:
    return len(words) <= MOST_WORDS and all(0 < len(word) <= LONGEST_WORD and "\0" not in word for word in words)
