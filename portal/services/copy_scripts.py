"""The scripts of a data copy: what a helper container does with a volume or with a database's own tools.

Whatever leaves a database is masked by the very query that reads it, in one snapshot with what is counted: nothing
unmasked is ever written down. It is loaded into a database beside the one that is in use, and takes its place at once.
"""

# ruff: noqa: S608 - names are quoted where they are put in, and values never are
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.domain.data_store import DataStore, Mask, StoreKind
from portal.domain.errors import Invalid
from portal.domain.masking import Column, masked

BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year")
HEAD = "set -eu\n"

VOLUME = (
    HEAD
    + """
total=$(du -sk /mnt | cut -f1); total=$((total > 0 ? total : 1))
find /tmp -mindepth 1 -delete
( cd /mnt; find . -mindepth 1 -maxdepth 1 -print0 | tar --null -T - -cf - | tar -C /tmp -xpf - ) &
work=$!
while kill -0 $work 2>/dev/null; do echo "cfp progress $(du -sk /tmp | cut -f1) $total"; sleep 1; done
wait $work
sums() { cd "$1"; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum; }
one=$(sums /mnt | sha256sum | cut -d' ' -f1); other=$(sums /tmp | sha256sum | cut -d' ' -f1)
test "$one" = "$other" || { echo "the copy differs: the volume was written to meanwhile"; exit 3; }
echo "cfp files $(find /tmp -type f | wc -l) $(du -sb /tmp | cut -f1) $other"
"""
)


@dataclass(frozen=True, slots=True)
class Table:
    """`types` are the full types by column."""

    name: str
    columns: tuple[Column, ...]
    types: Mapping[str, str]


def masks_of(store: DataStore, tables: Sequence[Table]) -> dict[tuple[str, str], Mask]:
    """By table and column. Invalid("mask_column_missing") for one that there is not: nothing shall slip through."""
    known = {(table.name, column.name) for table in tables for column in table.columns}
    found: dict[tuple[str, str], Mask] = {}
    for mask in store.masks:
        is_short = store.kind is StoreKind.POSTGRESQL and "." not in mask.table
        place = (f"public.{mask.table}" if is_short else mask.table, mask.column)
        if place not in known:
            raise Invalid("mask_column_missing", field="masks", column=f"{mask.table}.{mask.column}")
        found[place] = mask
    return found


class PostgresqlScripts:
    """`store` is the one that the scripts run against."""

    def __init__(self, store: DataStore, job_id: int) -> None:
        self.store, self.new, self.old = store, f"cfp_new_{job_id}", f"cfp_old_{job_id}"
        self.environment = {
            "PGHOST": store.host,
            "PGPORT": str(store.port),
            "PGUSER": store.user,
            "PGDATABASE": store.database,
            "PGTZ": "UTC",
            "PGCONNECT_TIMEOUT": "10",
            "PGOPTIONS": "-c statement_timeout=0 -c DateStyle=ISO",
        }
        self.head = HEAD + 'export PGPASSWORD="$(cat /cfp/password)"\nsql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }\n'

    def look(self) -> tuple[str, dict[str, bytes]]:
        return self.head + "sql -At -f /cfp/look.sql\n", {"look.sql": _PG_LOOK.encode()}

    def dump(self, tables: Sequence[Table], key: bytes) -> tuple[str, dict[str, bytes]]:
        masks = masks_of(self.store, tables)
        hidden = [table for table in tables if any(place[0] == table.name for place in masks)]
        skip = " ".join(f"--exclude-table-data='{_pg_pattern(table.name)}'" for table in hidden)
        tool = 'pg_dump --snapshot="$CFP_SNAP" --no-owner --no-privileges'
        lines = [
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
            "SELECT pg_export_snapshot() AS snap \\gset",
            "\\setenv CFP_SNAP :snap",
            *(
                f"\\! {tool} --section={part} {skip if part == 'data' else ''} -f /copy/{part}.sql || touch /copy/bad"
                for part in ("pre-data", "data", "post-data")
            ),
        ]
        for number, table in enumerate(tables, start=1):
            chosen = self._select(table, masks, key)
            if table in hidden:
                lines.append(f"\\copy ({chosen}) TO '/copy/{number}.copy'")
            lines += [self._count(table, chosen), f"\\echo cfp progress {number} {len(tables)}"]
        script = "rm -rf /copy/*\nsql -At -f /cfp/dump.sql\ntest ! -e /copy/bad\n"
        return self.head + script, {"dump.sql": "\n".join([*lines, "COMMIT;", ""]).encode()}

    def load(self, tables: Sequence[Table], hidden: Mapping[str, bool]) -> tuple[str, dict[str, bytes]]:
        lines = [f"DROP DATABASE IF EXISTS {_pg(self.new)};", f"CREATE DATABASE {_pg(self.new)} TEMPLATE template0;"]
        fill: list[str] = []
        counts: list[str] = []
        for number, table in enumerate(tables, start=1):
            if hidden.get(table.name):
                listed = ", ".join(_pg(c.name) for c in table.columns if not c.is_generated)
                fill.append(f"\\copy {_pg_table(table.name)} ({listed}) FROM '/copy/{number}.copy'")
            counts += [self._count(table, self._select(table, {}, b"")), f"\\echo cfp progress {number} {len(tables)}"]
        script = f"""sql -d postgres -f /cfp/make.sql
for part in pre-data data; do sql -d {self.new} -o /dev/null -f /copy/$part.sql; done
sql -d {self.new} -f /cfp/fill.sql
sql -d {self.new} -o /dev/null -f /copy/post-data.sql
sql -d {self.new} -At -f /cfp/count.sql
"""
        files = {"make.sql": lines, "fill.sql": fill, "count.sql": counts}
        return self.head + script, {name: "\n".join([*given, ""]).encode() for name, given in files.items()}

    def swap(self) -> tuple[str, dict[str, bytes]]:
        name, literal = _pg(self.store.database), self.store.database.replace("'", "''")
        known = f"FROM pg_database WHERE datname = '{literal}' \\gexec"
        shut = f"SELECT 'ALTER DATABASE {name} ALLOW_CONNECTIONS %s' {known}"
        swap = f"""{shut % "false"}
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('{literal}', '{self.new}');
BEGIN;
SELECT 'ALTER DATABASE {name} RENAME TO {self.old}' {known}
ALTER DATABASE {self.new} RENAME TO {name};
COMMIT;
"""
        script = f"""has() {{
  test "$(sql -d postgres -Atc "SELECT count(*) FROM pg_database WHERE datname = '$1'")" = 1
}}
tries=0
while has {self.new}; do
  sql -d postgres -o /dev/null -f /cfp/swap.sql && break
  tries=$((tries + 1)); test $tries -lt 10 || {{ sql -d postgres -f /cfp/open.sql; exit 4; }}
  sleep 1
done
sql -d postgres -c 'DROP DATABASE IF EXISTS {self.old} WITH (FORCE)'
echo cfp swapped
"""
        files = {"swap.sql": swap, "open.sql": shut % "true" + "\n"}
        return self.head + script, {name: given.encode() for name, given in files.items()}

    def drop(self) -> tuple[str, dict[str, bytes]]:
        return self.head + f"sql -d postgres -c 'DROP DATABASE IF EXISTS {self.new} WITH (FORCE)'\n", {}

    def _select(self, table: Table, masks: Mapping[tuple[str, str], Mask], key: bytes) -> str:
        chosen: list[str] = []
        for column in table.columns:
            if column.is_generated:
                continue
            mask = masks.get((table.name, column.name))
            told = _pg(column.name)
            if mask is not None:
                expression = masked(StoreKind.POSTGRESQL, column, kind=mask.kind, key=key)
                told = f"({expression})::{table.types[column.name]} AS {told}"
            chosen.append(told)
        return f"SELECT {', '.join(chosen)} FROM ONLY {_pg_table(table.name)}"

    def _count(self, table: Table, chosen: str) -> str:
        literal = table.name.replace("'", "''")
        whole = "coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint::numeric), 0)::text"
        told = f"json_build_object('table', '{literal}', 'rows', count(*), 'sum', {whole})"
        return f"SELECT 'cfp table ' || {told} FROM ({chosen}) t;"


_PG_LOOK = """SELECT 'cfp column ' || json_build_object('table', n.nspname || '.' || c.relname, 'name', a.attname,
  'position', a.attnum, 'kind', format_type(a.atttypid, NULL), 'type', format_type(a.atttypid, a.atttypmod),
  'length', CASE WHEN a.atttypmod < 5 THEN 0 WHEN a.atttypid = 1700 THEN (a.atttypmod - 4) >> 16
    WHEN a.atttypid IN (1042, 1043) THEN a.atttypmod - 4 ELSE 0 END,
  'generated', a.attgenerated <> '', 'nullable', NOT a.attnotnull)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname, a.attnum;
"""


class MariadbScripts:
    """`store` is the one that the scripts run against."""

    def __init__(self, store: DataStore, job_id: int) -> None:
        self.store, self.new, self.old = store, f"cfp_new_{job_id}", f"cfp_old_{job_id}"
        self.environment = {"DB_HOST": store.host, "DB_PORT": str(store.port), "DB_USER": store.user}
        common = '--host="$DB_HOST" --port="$DB_PORT" --user="$DB_USER" --default-character-set=utf8mb4'
        self.head = (
            HEAD
            + 'export MYSQL_PWD="$(cat /cfp/password)"\n'
            + f'sql() {{ mariadb {common} --connect-timeout=10 --batch --raw --skip-column-names --quick "$@"; }}\n'
            + f'dump() {{ mariadb-dump {common} --skip-comments --skip-dump-date "$@"; }}\n'
        )

    def look(self) -> tuple[str, dict[str, bytes]]:
        return self.head + f"sql {self.store.database} < /cfp/look.sql\n", {"look.sql": _MARIA_LOOK.encode()}

    def dump(self, tables: Sequence[Table], key: bytes) -> tuple[str, dict[str, bytes]]:
        masks, name = masks_of(self.store, tables), self.store.database
        lines = ["SET time_zone = '+00:00';", "START TRANSACTION WITH CONSISTENT SNAPSHOT;"]
        lines += ["SELECT 'SET time_zone = ''+00:00''; SET FOREIGN_KEY_CHECKS = 0; SET UNIQUE_CHECKS = 0; BEGIN;';"]
        for table in tables:
            values = self._values(table, masks, key)
            listed = ",".join(_maria(column) for column in values)
            told = ", ',', ".join(self._literal(table, column, value) for column, value in values.items())
            head = f"INSERT INTO {_maria(table.name)} ({listed}) VALUES (".replace("'", "''")
            lines.append(f"SELECT CONCAT('{head}', {told}, ');') FROM {_maria(table.name)};")
            lines.append(self._count(table, values, before="-- cfp table "))
        lines.append("SELECT 'COMMIT;';")
        names = " ".join(_shell(table.name) for table in tables)
        script = f"""rm -rf /copy/*
dump --single-transaction --no-data --skip-triggers {name} {names} > /copy/pre.sql
sql {name} < /cfp/dump.sql > /copy/data.sql
dump --single-transaction --no-data --no-create-info --triggers --routines {name} > /copy/post.sql
views=$(sql -e "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '{name}'")
test -z "$views" || dump --no-data --skip-triggers {name} $views >> /copy/post.sql
grep '^-- cfp ' /copy/data.sql | sed 's/^-- //'
"""
        return self.head + script, {"dump.sql": "\n".join([*lines, ""]).encode()}

    def load(self, tables: Sequence[Table], hidden: Mapping[str, bool]) -> tuple[str, dict[str, bytes]]:
        del hidden
        counts = ["SET time_zone = '+00:00';"]
        counts += [self._count(table, self._values(table, {}, b""), before="cfp table ") for table in tables]
        script = f"""sql -e 'DROP DATABASE IF EXISTS {self.new}; CREATE DATABASE {self.new} CHARACTER SET utf8mb4'
sql {self.new} < /copy/pre.sql
sql {self.new} < /copy/data.sql
sql {self.new} < /cfp/count.sql
"""
        return self.head + script, {"count.sql": "\n".join([*counts, ""]).encode()}

    def swap(self) -> tuple[str, dict[str, bytes]]:
        name = self.store.database
        moves = f"""SET SESSION group_concat_max_len = 16777216;
SELECT CONCAT('SET FOREIGN_KEY_CHECKS = 0; RENAME TABLE ', GROUP_CONCAT(m ORDER BY n SEPARATOR ', '), ';') FROM (
SELECT 1 AS n, CONCAT('`{name}`.`', TABLE_NAME, '` TO `{self.old}`.`', TABLE_NAME, '`') AS m
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{name}' AND TABLE_TYPE = 'BASE TABLE'
UNION ALL SELECT 2, CONCAT('`{self.new}`.`', TABLE_NAME, '` TO `{name}`.`', TABLE_NAME, '`')
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{self.new}' AND TABLE_TYPE = 'BASE TABLE') moves;
"""
        script = f"""has() {{
  test "$(sql -e "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$1'")" != 0
}}
sql -e 'CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4; CREATE DATABASE IF NOT EXISTS {self.old}'
if has {self.new}; then
  sql -e "SELECT CONCAT('DROP TRIGGER \\`{name}\\`.\\`', TRIGGER_NAME, '\\`;') FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA = '{name}'" | sql
  sql < /cfp/moves.sql | sql
fi
test ! -s /copy/post.sql || sql {name} < /copy/post.sql
sql -e 'DROP DATABASE IF EXISTS {self.old}; DROP DATABASE IF EXISTS {self.new}'
echo cfp swapped
"""
        return self.head + script, {"moves.sql": moves.encode()}

    def drop(self) -> tuple[str, dict[str, bytes]]:
        return self.head + f"sql -e 'DROP DATABASE IF EXISTS {self.new}'\n", {}

    def _values(self, table: Table, masks: Mapping[tuple[str, str], Mask], key: bytes) -> dict[str, str]:
        """The expression of each column that is written, masked where a mask says so."""
        found: dict[str, str] = {}
        for column in table.columns:
            mask = masks.get((table.name, column.name))
            if mask is not None:
                found[column.name] = masked(StoreKind.MARIADB, column, kind=mask.kind, key=key)
            elif not column.is_generated:
                found[column.name] = _maria(column.name)
        return found

    def _literal(self, table: Table, name: str, value: str) -> str:
        """A part of CONCAT that writes the value as SQL, without a line's end or a quote of its own."""
        kind = next(column.kind for column in table.columns if column.name == name)
        if kind in NUMBERS:
            return f"IFNULL(CONCAT('', {value}), 'NULL')"
        if kind == "bit":
            return f"IFNULL(CONCAT('', {value} + 0), 'NULL')"
        if kind in BINARY:
            return f"IFNULL(CONCAT('X''', HEX({value}), ''''), 'NULL')"
        return f"IFNULL(CONCAT('_utf8mb4 X''', HEX(CONVERT({value} USING utf8mb4)), ''''), 'NULL')"

    def _count(self, table: Table, values: Mapping[str, str], *, before: str) -> str:
        told = ", ".join(self._literal(table, name, value) for name, value in values.items())
        whole = f"SUM(CAST(CONV(SUBSTR(SHA2(CONCAT_WS('|', {told}), 256), 1, 12), 16, 10) AS DECIMAL(30)))"
        literal = table.name.replace("'", "''")
        fields = f"'table', '{literal}', 'rows', COUNT(*), 'sum', CAST(IFNULL({whole}, 0) AS CHAR)"
        return f"SELECT CONCAT('{before}', JSON_OBJECT({fields})) FROM {_maria(table.name)};"


_MARIA_LOOK = """SELECT CONCAT('cfp column ', JSON_OBJECT('table', c.TABLE_NAME, 'name', c.COLUMN_NAME,
  'position', c.ORDINAL_POSITION, 'kind', c.DATA_TYPE, 'type', c.COLUMN_TYPE,
  'length', IFNULL(c.CHARACTER_MAXIMUM_LENGTH, IFNULL(c.NUMERIC_PRECISION, 0)),
  'generated', IF(c.EXTRA LIKE '%GENERATED%', 1, 0), 'nullable', IF(c.IS_NULLABLE = 'YES', 1, 0)))
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
  ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION;
"""

Scripts = PostgresqlScripts | MariadbScripts


def scripts_of(store: DataStore, job_id: int) -> Scripts:
    made = PostgresqlScripts if store.kind is StoreKind.POSTGRESQL else MariadbScripts
    return made(store, job_id)


def _pg(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _pg_table(name: str) -> str:
    return ".".join(_pg(part) for part in name.split(".", 1))


def _pg_pattern(name: str) -> str:
    return _pg_table(name).replace("'", "'\\''")


def _maria(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _shell(name: str) -> str:
    return "'" + name.replace("'", "'\\''") + "'"
