"""the aftermath."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the notices."""
    _notices()


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("needs_answer", sa.Boolean(), nullable=False),
        sa.Column("sent_by", sa.Integer(), nullable=True),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("seen_at", base.UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["sent_by"], ["user.id"], name=op.f("fk_notice_sent_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_topic"), "notice", ["topic"], unique=False)
    op.create_index("ix_notice_user_id_seen_at", "notice", ["user_id", "seen_at"], unique=False)
