"""the tails."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add bursts of failed sign-ins, and supplementary sessions that were withdrawn."""
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("last_at", base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
        sa.UniqueConstraint("who", "address", name=op.f("uq_sign_in_failure_who_address")),
    )
    op.create_table(
        "session_withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["meeting_session.id"], name=op.f("fk_session_withdrawal_session_id_meeting_session")
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_session_withdrawal_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_withdrawal_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_withdrawal")),
        sa.UniqueConstraint("session_id", name=op.f("uq_session_withdrawal_session_id")),
    )
    op.create_index(op.f("ix_session_withdrawal_meeting_id"), "session_withdrawal", ["meeting_id"])
