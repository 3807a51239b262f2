"""Secrets, their sealed versions, and which version each slot's containers were given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("rotation", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("told_at", sa.Float(53), nullable=True),
        sa.ForeignKeyConstraint(["environment"], ["environment.name"], name=op.f("fk_secret_environment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret")),
        sa.UniqueConstraint("environment", "name", name=op.f("uq_secret_environment_name")),
    )
    op.create_table(
        "secret_version",
        sa.Column("secret_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("used_since", sa.Float(53), nullable=True),
        sa.Column("revoked_at", sa.Float(53), nullable=True),
        sa.ForeignKeyConstraint(["secret_id"], ["secret.id"], name=op.f("fk_secret_version_secret_id")),
        sa.PrimaryKeyConstraint("secret_id", "number", name=op.f("pk_secret_version")),
    )
    _create_places()


def _create_places() -> None:
    op.create_table(
        "secret_pin",
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("slot", sa.String(10), nullable=False),
        sa.Column("secret_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("service", "environment", "slot", "secret_id", name=op.f("pk_secret_pin")),
    )
    op.create_index("secret_pin_secret", "secret_pin", ["secret_id"], unique=False)
    op.create_table(
        "secret_slot",
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("environment", sa.String(40), nullable=False),
        sa.Column("slot", sa.String(10), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("life", sa.String(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_secret_slot")),
    )
    op.create_index("secret_slot_place", "secret_slot", ["service", "environment", "slot"], unique=False)


def downgrade() -> None:
    for table in ("secret_slot", "secret_pin", "secret_version", "secret"):
        op.drop_table(table)
