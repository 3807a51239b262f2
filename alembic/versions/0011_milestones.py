"""What happens to a portal once. A portal in which somebody has signed in before counts as set up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "milestone",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_milestone")),
    )
    op.execute(
        'INSERT INTO milestone (name, "by", at) '
        "SELECT 'set_up.end', 'portal', seen.at FROM (SELECT MIN(signed_in_at) AS at FROM portal_user) AS seen "
        "WHERE seen.at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("milestone")
