"""the care."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the texts of opinions that stand apart from their sheets, and the records of destruction."""
    op.create_table(
        "opinion_text",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_opinion_text_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_opinion_text_survey_id_survey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_text")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_opinion_text_meeting_id"), "opinion_text", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_opinion_text_survey_id"), "opinion_text", ["survey_id"], unique=False)
    op.create_table(
        "stripped_file",
        sa.Column("received", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("received", name=op.f("pk_stripped_file")),
    )
    op.create_index(op.f("ix_stripped_file_kept"), "stripped_file", ["kept"], unique=False)
    op.create_table(
        "disposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("witness", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_disposal_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_disposal_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal")),
    )
    op.create_index(op.f("ix_disposal_campaign_id"), "disposal", ["campaign_id"], unique=False)
