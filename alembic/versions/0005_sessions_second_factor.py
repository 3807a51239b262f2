"""Second factors, preferences, invitations, other providers' identities, and what is known of a session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = ("language", "theme", "zone", "totp_secret")


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("portal_user", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("portal_user", sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("portal_user", sa.Column("totp_since", sa.Float(53), nullable=True))
    op.add_column("user_session", sa.Column("agent", sa.String(), nullable=False, server_default=""))
    op.add_column("user_session", sa.Column("way", sa.String(), nullable=False, server_default="password"))
    op.add_column("user_session", sa.Column("proved_at", sa.Float(53), nullable=True))
    op.create_table(
        "sign_in_step",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_step")),
    )
    op.create_index(op.f("ix_sign_in_step_expires_at"), "sign_in_step", ["expires_at"], unique=False)
    _create_invitation()
    _create_codes_and_identities()


def _create_invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["portal_user.name"], name=op.f("fk_invitation_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitation_digest")),
    )
    op.create_index(op.f("ix_invitation_user"), "invitation", ["user"], unique=False)


def _create_codes_and_identities() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("used_at", sa.Float(53), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["portal_user.name"], name=op.f("fk_recovery_code_user")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user"), "recovery_code", ["user"], unique=False)
    op.create_table(
        "external_identity",
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("linked_at", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["portal_user.name"], name=op.f("fk_external_identity_user")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_external_identity")),
    )
    op.create_index(op.f("ix_external_identity_user"), "external_identity", ["user"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_external_identity_user"), table_name="external_identity")
    op.drop_table("external_identity")
    op.drop_index(op.f("ix_recovery_code_user"), table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_index(op.f("ix_invitation_user"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_sign_in_step_expires_at"), table_name="sign_in_step")
    op.drop_table("sign_in_step")
    for name in ("proved_at", "way", "agent"):
        op.drop_column("user_session", name)
    for name in ("totp_since", "totp_step", *reversed(_TEXTS)):
        op.drop_column("portal_user", name)
