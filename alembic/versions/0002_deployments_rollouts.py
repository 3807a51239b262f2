"""Tables of deployments, traffic and rollouts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replica",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("is_routed", sa.Boolean(), nullable=False),
        sa.Column("operation_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_replica")),
        sa.UniqueConstraint("address", name=op.f("uq_replica_address")),
    )
    op.create_index(op.f("ix_replica_service"), "replica", ["service"], unique=False)
    op.create_table(
        "retired_address",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_retired_address")),
    )
    op.create_table(
        "route",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("stable_slot", sa.String(), nullable=False),
        sa.Column("candidate_percent", sa.Integer(), nullable=False),
        sa.Column("blue_version", sa.String(), nullable=False),
        sa.Column("green_version", sa.String(), nullable=False),
        sa.Column("is_shielded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("service", "environment", name=op.f("pk_route")),
    )
    op.create_table(
        "traffic_sample",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("second", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("forced", sa.Integer(), nullable=False),
        sa.Column("latency", sa.JSON(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=True),
        sa.Column("sampling", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("service", "environment", "second", "slot", name=op.f("pk_traffic_sample")),
    )
    op.create_table(
        "deployment",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("replicas", sa.Integer(), nullable=False),
        sa.Column("rollout_id", sa.Integer(), nullable=True),
        sa.Column("deployed_by", sa.String(), nullable=False),
        sa.Column("deployed_at", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(["environment"], ["environment.name"], name=op.f("fk_deployment_environment")),
        sa.ForeignKeyConstraint(["service"], ["service.name"], name=op.f("fk_deployment_service")),
        sa.PrimaryKeyConstraint("service", "environment", name=op.f("pk_deployment")),
    )
    op.create_table(
        "rollout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("state_since", sa.Float(53), nullable=False),
        sa.Column("step_since", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53), nullable=True),
        sa.Column("pause", sa.String(), nullable=True),
        sa.Column("cause", sa.JSON(), nullable=True),
        sa.Column("note", sa.JSON(), nullable=True),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("is_abort_wished", sa.Boolean(), nullable=False),
        sa.Column("is_promoted", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.Float(53), nullable=True),
        sa.Column("last_answer_ms", sa.Float(), nullable=True),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("evidence_second", sa.Integer(), nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["operation.id"], name=op.f("fk_rollout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout")),
    )
    op.create_index(op.f("ix_rollout_created_at"), "rollout", ["created_at"], unique=False)
    op.create_index(op.f("ix_rollout_environment"), "rollout", ["environment"], unique=False)
    op.create_index(op.f("ix_rollout_requested_by"), "rollout", ["requested_by"], unique=False)
    op.create_index(op.f("ix_rollout_service"), "rollout", ["service"], unique=False)
    op.create_index(op.f("ix_rollout_state"), "rollout", ["state"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rollout_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.id"], name=op.f("fk_approval_rollout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_rollout_id"), "approval", ["rollout_id"], unique=False)
    op.create_table(
        "break_glass",
        sa.Column("rollout_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.id"], name=op.f("fk_break_glass_rollout_id")),
        sa.PrimaryKeyConstraint("rollout_id", "by", name=op.f("pk_break_glass")),
    )


def downgrade() -> None:
    op.drop_table("break_glass")
    op.drop_index(op.f("ix_approval_rollout_id"), table_name="approval")
    op.drop_table("approval")
    op.drop_index(op.f("ix_rollout_state"), table_name="rollout")
    op.drop_index(op.f("ix_rollout_service"), table_name="rollout")
    op.drop_index(op.f("ix_rollout_requested_by"), table_name="rollout")
    op.drop_index(op.f("ix_rollout_environment"), table_name="rollout")
    op.drop_index(op.f("ix_rollout_created_at"), table_name="rollout")
    op.drop_table("rollout")
    op.drop_table("deployment")
    op.drop_table("traffic_sample")
    op.drop_table("route")
    op.drop_table("retired_address")
    op.drop_index(op.f("ix_replica_service"), table_name="replica")
    op.drop_table("replica")
