"""Backups, and what came of restoring them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("folder", sa.String(500), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("checked_at", sa.Float(53), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup")),
    )
    op.create_index("backup_order", "backup", ["kind", "target", "at"], unique=False)
    op.create_index("backup_environment", "backup", ["environment", "at"], unique=False)
    op.create_table(
        "recovery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("rto_seconds", sa.Float(), nullable=False),
        sa.Column("rpo_seconds", sa.Float(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
    )
    op.create_index("recovery_order", "recovery", ["kind", "target", "at"], unique=False)
    op.create_index("recovery_environment", "recovery", ["environment", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("recovery")
    op.drop_table("backup")
