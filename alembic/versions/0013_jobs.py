"""Long work other than rollouts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("lock", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("done", sa.Float(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.Float(53), nullable=True),
        sa.Column("ended_at", sa.Float(53), nullable=True),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("error_params", sa.JSON(), nullable=False),
        sa.Column("is_unwanted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["operation.id"], name=op.f("fk_job_id_operation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("job_state", "job", ["state", "id"], unique=False)
    op.create_index("job_kind", "job", ["kind", "id"], unique=False)
    op.create_index("job_environment", "job", ["environment", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("job")
