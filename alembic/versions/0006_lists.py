"""Long lists are answered from one index each; saved views."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FORMER = ("service", "environment", "state", "requested_by", "created_at")
LISTED = (
    "created_at",
    "id",
    "service",
    "environment",
    "state",
    "strategy",
    "requested_by",
    "to_version",
    "ended_at",
    "search",
)
BYTES = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NOT_OVER = sa.text("ended_at IS NULL")
NEW = {"rollout": ("strategy", "to_version", "search"), "release": ("version_key", "search")}
SLICE = 1000


def upgrade() -> None:
    for name in ("strategy", "to_version", "search"):
        op.add_column("rollout", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("release", sa.Column("version_key", BYTES, nullable=False, server_default=""))
    op.add_column("release", sa.Column("search", sa.String(), nullable=False, server_default=""))
    _fill("rollout", ("document", "service", "environment", "requested_by", "reason"), _rollout)
    _fill("release", ("service", "version", "commit", "created_by", "notes"), _release)
    for name in FORMER:
        op.drop_index(f"ix_rollout_{name}", table_name="rollout")
    op.create_index("rollout_list", "rollout", list(LISTED))
    op.create_index("rollout_promoted", "rollout", ["is_promoted", "service", "environment", "id"])
    op.create_index("rollout_active", "rollout", ["id"], sqlite_where=NOT_OVER, postgresql_where=NOT_OVER)
    op.drop_index("ix_release_created_at", table_name="release")
    op.create_index("release_by_version", "release", ["service", "version_key"])
    op.create_index("release_list", "release", ["created_at", "id", "created_by", "service", "search"])
    _create_views()


def _create_views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("noun", "owner", "name", name=op.f("uq_saved_view_noun_owner_name")),
    )


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_index("release_list", table_name="release")
    op.drop_index("release_by_version", table_name="release")
    op.create_index(op.f("ix_release_created_at"), "release", ["created_at"])
    for name in ("rollout_active", "rollout_promoted", "rollout_list"):
        op.drop_index(name, table_name="rollout")
    for name in FORMER:
        op.create_index(op.f(f"ix_rollout_{name}"), "rollout", [name])
    for table, names in (("release", ("search", "version_key")), ("rollout", ("search", "to_version", "strategy"))):
        for name in names:
            op.drop_column(table, name)


def _fill(table: Any, columns: Sequence[str], values: Any) -> None:
    """Give the new columns of the rows that are there what new rows get."""
    old = sa.table(table, sa.column("id"), *(sa.column(name) for name in (*columns, *NEW[table])))
    wanted = sa.select(old.c.id, *(old.c[name] for name in columns)).order_by(old.c.id).limit(SLICE)
    last = 0
    while rows := op.get_bind().execute(wanted.where(old.c.id > last)).all():
        for row in rows:
            op.execute(old.update().where(old.c.id == row[0]).values(**values(*row[1:])))
        last = rows[-1][0]


def _rollout(document: Any, service: str, environment: str, person: str, reason: str) -> dict[str, str]:
    known = json.loads(document) if isinstance(document, str) else document
    version = known["to_version"]
    return {
        "strategy": "return" if known["is_return"] else known["plan"]["strategy"],
        "to_version": version,
        "search": f"{service} {environment} {person} {version} {reason}".lower()[:500],
    }


def _release(service: str, version: str, commit: str, person: str, notes: str) -> dict[str, str]:
    return {
        "version_key": _key(version),
        "search": f"{service} {version} {commit} {person} {notes}".lower()[:500],
    }


def _key(version: str) -> str:
    """As `portal.domain.version` wrote it when this migration was made."""
    core, _, marks = version.partition("+")[0].partition("-")
    numbers = "".join(_digits(number) for number in core.split("."))
    written = "!".join(f"0{_digits(mark)}" if mark.isdigit() else f"1{mark}" for mark in marks.split("."))
    return f"{numbers} {written}" if marks else f"{numbers}~"


def _digits(text: str) -> str:
    return f"{len(text):02d}{text}"
