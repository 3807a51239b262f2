"""Versions of settings, snapshots of what containers were given, and which of them they have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "configuration_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(120), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("is_at_once", sa.Boolean(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_version")),
    )
    op.create_index("configuration_version_scope", "configuration_version", ["scope", "state", "number"])
    op.create_index("configuration_version_state", "configuration_version", ["state", "id"])
    op.create_table(
        "configuration_snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_snapshot")),
        sa.UniqueConstraint(
            "service", "environment", "digest", name=op.f("uq_configuration_snapshot_service_environment_digest")
        ),
    )
    for table in ("deployment", "replica"):
        op.add_column(table, sa.Column("configuration", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table in ("replica", "deployment"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("configuration")
    op.drop_table("configuration_snapshot")
    op.drop_table("configuration_version")
