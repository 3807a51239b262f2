"""The forms that texts of settings may have, and what they become."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from portal.domain.oidc import parse_rules
from portal.i18n import t

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[a-z0-9_-][a-z0-9_.-]*)*")


class Unfit(ValueError):
    """A text that a setting cannot be. The message is the code of the sentence that says what it may be."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within limits."""

    least: int
    most: int

    def __call__(self, value: str) -> int:
        if not value.isascii() or not value.isdigit() or not self.least <= int(value[:12]) <= self.most:
            raise Unfit("setting_not_a_number")
        return int(value)

    def words(self, _locale: str) -> str:
        return f"{self.least}–{self.most}"


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[str, ...]

    def __call__(self, value: str) -> str:
        if value.lower() not in self.options:
            raise Unfit("setting_not_an_option")
        return value.lower()

    def words(self, _locale: str) -> str:
        return ", ".join(f"`{option}`" for option in self.options)


@dataclass(frozen=True, slots=True)
class Form:
    """Any other kind of text; `name` is looked up as `setting_form.<name>`."""

    name: str
    parse: Callable[[str], object]

    def __call__(self, value: str) -> object:
        try:
            return self.parse(value)
        except (ValueError, RuntimeError):  # the latter for the home folder of nobody
            raise Unfit(f"setting_not_{self.name}") from None

    def words(self, locale: str) -> str:
        return t(locale, f"setting_form.{self.name}")


def _boolean(value: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError
    return known[value.lower()]


def _checked(value: str, *, is_good: bool) -> str:
    if not is_good:
        raise ValueError
    return value


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        scheme, _, rest = value.partition("://")
        urlsplit(value)
        return _checked(value.rstrip("/"), is_good=scheme in schemes and bool(rest))

    return parse


def _issuer(value: str) -> str:
    """As it is: an issuer is compared letter by letter, with the slash at its end if it has one."""
    _url("http", "https")(value)
    return value


def _database_url(value: str) -> str:
    """What others write as `postgresql://` is meant for psycopg here."""
    scheme, separator, rest = value.partition("://")
    known = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    return _url("sqlite", "postgresql+psycopg")(known.get(scheme, scheme) + separator + rest)


def _addresses(value: str) -> tuple[str, ...]:
    """`[HOST]:PORT`, several with commas between."""
    for address in value.split(","):
        _, colon, port = address.rpartition(":")
        if not colon or not port.isdigit() or not 0 < int(port) < 65_536 or " " in address:
            raise ValueError
    return tuple(value.split(","))


def _backup_store(value: str) -> str:
    """A folder, or `s3://BUCKET[/PREFIX]`."""
    if value.startswith("s3://"):
        return _checked(value.rstrip("/"), is_good=bool(_BUCKET.fullmatch(value.rstrip("/"))))
    return str(_path(_checked(value, is_good="://" not in value)))


def _path(value: str) -> Path:
    """`~` and `~dave` are somebody's home, and there has to be one."""
    whole = os.path.expanduser(_checked(value, is_good="\x00" not in value))  # noqa: PTH111 - pathlib's raises
    return Path(_checked(whole, is_good=not whole.startswith("~")))


def _network(value: str) -> str:
    network = ipaddress.IPv4Network(value)
    return _checked(str(network), is_good=network.prefixlen <= 26 and network.is_private)


PORT = Whole(1, 65_535)
BOOLEAN = Form("boolean", _boolean)
TEXT = Form("text", lambda value: _checked(value, is_good=value.isprintable()))
PATH = Form("path", _path)
WEB_URL = Form("web_url", _url("http", "https"))
ISSUER = Form("web_url", _issuer)
GROUP_RULES = Form("group_rules", parse_rules)
DATABASE_URL = Form("database_url", _database_url)
SMTP_URL = Form("smtp_url", _url("smtp", "smtps", "smtp+plain"))
REDIS_URL = Form("redis_url", _url("redis", "rediss", "unix"))
ADDRESSES = Form("addresses", _addresses)
NETWORK = Form("network", _network)
BACKUP_STORE = Form("backup_store", _backup_store)
Reader = Whole | Choice | Form
