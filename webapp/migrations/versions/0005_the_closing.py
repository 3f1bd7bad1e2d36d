"""the closing."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a count is proved and sealed with. Decisions of before were one person's, and hold as such."""
    for table in ("decision", "ruling"):
        # SQLite's own: a rebuilt table would break the keys of all that point to it
        op.add_column(table, sa.Column("stage", sa.String(length=8), nullable=False, server_default=""))
    table_of(
        "procedure",
        key("campaign_id", "campaign"),
        sa.Column("two_persons", sa.Boolean(), nullable=False),
        sa.Column("check_percent", sa.Integer(), nullable=False),
        sa.Column("check_sheets", sa.Integer(), nullable=False),
        text("why", 200),
        index="campaign_id",
    )
    table_of(
        "rule_change",
        key("meeting_id", "meeting"),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("bar", sa.Double(), nullable=True),
        sa.Column("effect", sa.JSON(), nullable=False),
        text("why", 200),
        index="meeting_id",
    )
    table_of(
        "hand_check",
        key("meeting_id", "meeting"),
        text("seed", 64),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("sheets", sa.JSON(), nullable=False),
        index="meeting_id",
    )
    table_of(
        "hand_entry",
        key("check_id", "hand_check"),
        key("page_id", "page"),
        text("question", 40),
        text("state", 12),
        text("choice", 120),
        index="check_id",
    )
    table_of(
        "closing",
        key("meeting_id", "meeting"),
        sa.Column("version", sa.Integer(), nullable=False),
        text("digest", 64),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        text("why", 500),
        sa.UniqueConstraint("meeting_id", "version", name=op.f("uq_closing_meeting_id_version")),
        index="meeting_id",
    )
    table_of(
        "reopening",
        key("closing_id", "closing"),
        key("meeting_id", "meeting"),
        text("why", 500),
        sa.UniqueConstraint("closing_id", name=op.f("uq_reopening_closing_id")),
    )
    op.create_table(
        "review_lease",
        key("page_id", "page"),
        text("question", 40),
        key("user_id", "user"),
        sa.Column("until", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_review_lease_page_id_page")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_review_lease_user_id_user")),
        sa.PrimaryKeyConstraint("page_id", "question", name=op.f("pk_review_lease")),
    )


def key(name: str, table: str) -> sa.Column[Any]:
    """Return a column that names a row of ``table``."""
    return sa.Column(name, sa.Integer(), nullable=False, info={"table": table})


def text(name: str, length: int) -> sa.Column[Any]:
    """Return a column of text."""
    return sa.Column(name, sa.String(length=length), nullable=False)


def table_of(name: str, *columns: sa.Column[Any] | sa.UniqueConstraint, index: str = "") -> None:
    """Make a table of rows that people add: with a number, its keys, who added the row and when."""
    columns = (*columns, key("user_id", "user"), sa.Column("at", base.UtcDateTime(), nullable=False))
    keys = [
        sa.ForeignKeyConstraint(
            [column.name],
            [f"{column.info['table']}.id"],
            name=op.f(f"fk_{name}_{column.name}_{column.info['table']}"),
        )
        for column in columns
        if isinstance(column, sa.Column) and "table" in column.info
    ]
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *columns,
        *keys,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    if index:
        op.create_index(op.f(f"ix_{name}_{index}"), name, [index])
