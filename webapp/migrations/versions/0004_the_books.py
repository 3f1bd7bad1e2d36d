"""the books."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add further sessions and reasons. The numbers of before were counted at the meeting itself: no session."""
    table_of(
        "meeting_session",
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
    )
    table_of("turnout_reason", sa.Column("text", sa.String(length=500), nullable=False))
    with op.batch_alter_table("head_count", schema=None) as batch_op:
        batch_op.add_column(sa.Column("session_id", sa.Integer(), nullable=True))
        name = batch_op.f("fk_head_count_session_id_meeting_session")
        batch_op.create_foreign_key(name, "meeting_session", ["session_id"], ["id"])


def table_of(name: str, *columns: sa.Column[Any]) -> None:
    """Add a table whose rows belong to a meeting and say who added them, and when."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        *columns,
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f(f"fk_{name}_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{name}_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_meeting_id"), name, ["meeting_id"])
