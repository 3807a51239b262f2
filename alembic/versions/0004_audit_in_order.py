"""The audit trail is found by actor, action, target and environment, in order."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = ("actor", "action", "target", "environment")


def upgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"ix_audit_{column}", table_name="audit")
        op.create_index(f"audit_by_{column}", "audit", [column, "sequence"])


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"audit_by_{column}", table_name="audit")
        op.create_index(f"ix_audit_{column}", "audit", [column])
