"""What is otherwise than it should be, and containers that came to harm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drift_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        *(_text(name) for name in ("subject", "name", "environment", "service", "field")),
        *(_text(name) for name in ("desired", "actual", "origin")),
        sa.Column("first_seen", sa.Float(53), nullable=False),
        sa.Column("last_seen", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        _text("ended_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_finding")),
        sa.UniqueConstraint("open_key", name=op.f("uq_drift_finding_open_key")),
    )
    op.create_index("drift_finding_ended", "drift_finding", ["ended_at"], unique=False)
    op.create_table(
        "drift_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        *(_text(name) for name in ("environment", "service", "field", "reason", "by")),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_rule")),
    )
    op.create_table(
        "drift_look",
        _text("environment"),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("environment", name=op.f("pk_drift_look")),
    )
    op.create_table(
        "healing_mode",
        *(_text(name) for name in ("environment", "mode", "by", "reason")),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("environment", name=op.f("pk_healing_mode")),
    )
    op.create_table(
        "healing_case",
        *(_text(name) for name in ("name", "service", "environment", "version", "ailment")),
        *(sa.Column(name, sa.Float(53), nullable=False) for name in ("began_at", "noticed_at", "next_at")),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(53), nullable=True) for name in ("healed_at", "called_at")),
        _text("error"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_healing_case")),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def downgrade() -> None:
    for name in ("healing_case", "healing_mode", "drift_look", "drift_rule", "drift_finding"):
        op.drop_table(name)
