"""Stores of data, copies between them, and where data came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_store",
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sealed_password", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "name", name=op.f("pk_data_store")),
    )
    op.create_table(
        "data_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_environment", sa.String(40), nullable=False),
        sa.Column("source_name", sa.String(40), nullable=False),
        sa.Column("target_environment", sa.String(40), nullable=False),
        sa.Column("target_name", sa.String(40), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("approvals", sa.JSON(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_copy")),
    )
    op.create_index("data_copy_source", "data_copy", ["source_environment", "id"], unique=False)
    op.create_index("data_copy_target", "data_copy", ["target_environment", "id"], unique=False)
    op.create_table(
        "data_taint",
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("is_masked", sa.Boolean(), nullable=False),
        sa.Column("copy_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("volume", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "name", name=op.f("pk_data_taint")),
    )


def downgrade() -> None:
    op.drop_table("data_taint")
    op.drop_table("data_copy")
    op.drop_table("data_store")
