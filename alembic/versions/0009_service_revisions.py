"""How services were set over time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = op.create_table(
        "service_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["service"], ["service.name"], name=op.f("fk_service_revision_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_revision")),
    )
    op.create_index("service_revision_order", "service_revision", ["service", "id"])
    now = sa.table("service", sa.column("name"), sa.column("updated_at"), sa.column("document", sa.JSON()))
    for name, updated_at, document in op.get_bind().execute(sa.select(now)).all():
        op.execute(made.insert().values(service=name, at=updated_at, by="", document=document))


def downgrade() -> None:
    op.drop_table("service_revision")
