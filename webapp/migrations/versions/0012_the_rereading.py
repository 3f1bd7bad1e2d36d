"""the rereading."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is read again by a newer reader, page by page."""
    op.create_table(
        "rereading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=16), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_rereading_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_rereading_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rereading")),
    )
    op.create_index(op.f("ix_rereading_meeting_id"), "rereading", ["meeting_id"], unique=False)
    op.create_table(
        "reread_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rereading_id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=False),
        sa.Column("before_id", sa.Integer(), nullable=True),
        sa.Column("after_id", sa.Integer(), nullable=True),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("lease_until", base.UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["after_id"], ["reading.id"], name=op.f("fk_reread_page_after_id_reading")),
        sa.ForeignKeyConstraint(["before_id"], ["reading.id"], name=op.f("fk_reread_page_before_id_reading")),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_reread_page_page_id_page")),
        sa.ForeignKeyConstraint(["rereading_id"], ["rereading.id"], name=op.f("fk_reread_page_rereading_id_rereading")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reread_page")),
        sa.UniqueConstraint("rereading_id", "page_id", name=op.f("uq_reread_page_rereading_id_page_id")),
    )
    op.create_index("ix_reread_page_rereading_id_state", "reread_page", ["rereading_id", "state"], unique=False)
    op.create_index(op.f("ix_reread_page_state"), "reread_page", ["state"], unique=False)
