"""What hides a value while it is read, in the words of each database: keyed, and always the same for the same value."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from portal.domain.data_store import MaskKind, StoreKind
from portal.domain.errors import Invalid

BLOCK = 64
FIRST = ("Ada", "Bao", "Chen", "Dina", "Emil", "Fang", "Gina", "Hugo", "Iris", "Jun", "Kira", "Lin", "Mei", "Nils")
LAST = ("Abel", "Bai", "Cole", "Deng", "Egger", "Fuchs", "Gao", "Hahn", "Jiang", "Kern", "Luo", "Maas", "Niu", "Otto")
_TEXTS = ("text", "character varying", "varchar", "character", "char", "citext", "tinytext", "mediumtext", "longtext")
_WIDE = ("bigint", "numeric", "decimal")


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is the database's word without its length; `length` 0 where there is none."""

    name: str
    kind: str
    length: int = 0
    is_generated: bool = False
    is_nullable: bool = True


def digest(key: bytes, value: str) -> str:
    """What the expressions below yield, for tests and for looking a value up."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def masked(store: StoreKind, column: Column, *, kind: MaskKind, key: bytes) -> str:
    """The expression that stands for the column in a SELECT; NULL stays NULL.

    Invalid("mask_type_bad", …) where the column cannot hold what would come out, or keys could collide.
    """
    if kind is MaskKind.NULL:
        if not column.is_nullable:
            raise Invalid("mask_not_nullable", field="masks", column=column.name)
        return "NULL"
    is_text = column.kind in _TEXTS
    room = column.length or 1 << 20
    dialect = _Postgresql(column, key) if store is StoreKind.POSTGRESQL else _Mariadb(column, key)
    if kind is MaskKind.HASH and is_text and room >= 24:
        return dialect.part(1, min(room, 64))
    if kind is MaskKind.HASH and _is_wide(column):
        return dialect.number()
    if kind is MaskKind.HASH and column.kind == "uuid":
        return dialect.uuid()
    if kind is MaskKind.EMAIL and is_text and room >= 40:
        return dialect.joined("'u'", dialect.part(1, 20), "'@example.invalid'")
    if kind is MaskKind.NAME and is_text and room >= 16:
        return dialect.joined(dialect.pick(FIRST, 1), "' '", dialect.pick(LAST, 9))
    raise Invalid("mask_type_bad", field="masks", column=column.name, type=column.kind, mask=kind)


def _is_wide(column: Column) -> bool:
    """Whether a number of eighteen digits fits."""
    return column.kind == "bigint" or (column.kind in _WIDE and column.length in (0, *range(18, 99)))


def _pads(key: bytes) -> tuple[str, str]:
    """The two keys of HMAC-SHA-256, in hexadecimal."""
    whole = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in whole).hex(), bytes(b ^ 0x5C for b in whole).hex()


class _Postgresql:
    def __init__(self, column: Column, key: bytes) -> None:
        inner, outer = _pads(key)
        name = '"' + column.name.replace('"', '""') + '"'
        value = f"convert_to({name}::text, 'UTF8')"
        self.hex = f"encode(sha256('\\x{outer}'::bytea || sha256('\\x{inner}'::bytea || {value})), 'hex')"

    def part(self, start: int, length: int) -> str:
        return f"substr({self.hex}, {start}, {length})"

    def number(self) -> str:
        return f"('x' || substr({self.hex}, 1, 15))::bit(60)::bigint"

    def uuid(self) -> str:
        return f"substr({self.hex}, 1, 32)::uuid"

    def joined(self, *parts: str) -> str:
        return " || ".join(parts)

    def pick(self, names: tuple[str, ...], start: int) -> str:
        listed = ", ".join(f"'{name}'" for name in names)
        return f"(ARRAY[{listed}])[1 + ('x' || substr({self.hex}, {start}, 7))::bit(28)::int % {len(names)}]"


class _Mariadb:
    def __init__(self, column: Column, key: bytes) -> None:
        inner, outer = _pads(key)
        value = f"CAST(CONVERT(`{column.name.replace('`', '``')}` USING utf8mb4) AS BINARY)"
        once = f"UNHEX(SHA2(CONCAT(_binary X'{inner}', {value}), 256))"
        self.hex = f"SHA2(CONCAT(_binary X'{outer}', {once}), 256)"

    def part(self, start: int, length: int) -> str:
        return f"SUBSTR({self.hex}, {start}, {length})"

    def number(self) -> str:
        return f"CAST(CONV(SUBSTR({self.hex}, 1, 15), 16, 10) AS SIGNED)"

    def uuid(self) -> str:
        return f"SUBSTR({self.hex}, 1, 32)"

    def joined(self, *parts: str) -> str:
        return f"CONCAT({', '.join(parts)})"

    def pick(self, names: tuple[str, ...], start: int) -> str:
        listed = ", ".join(f"'{name}'" for name in names)
        return f"ELT(1 + CAST(CONV(SUBSTR({self.hex}, {start}, 7), 16, 10) AS UNSIGNED) % {len(names)}, {listed})"
