"""the papers."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add papers that people write, accounts of members, and merged opinions."""
    _shelf()
    _members()
    _merging()


def _shelf() -> None:
    op.create_table(
        "shelf_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=260), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.Column("created_at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_shelf_paper_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_shelf_paper_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_shelf_paper_member_id_member")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_shelf_paper_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_paper")),
        sa.UniqueConstraint("kind", "place", name=op.f("uq_shelf_paper_kind_place")),
    )
    op.create_index(op.f("ix_shelf_paper_campaign_id"), "shelf_paper", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_shelf_paper_meeting_id"), "shelf_paper", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_shelf_paper_member_id"), "shelf_paper", ["member_id"], unique=False)
    op.create_index(op.f("ix_shelf_paper_unit_id"), "shelf_paper", ["unit_id"], unique=False)
    op.create_table(
        "shelf_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["shelf_paper.id"], name=op.f("fk_shelf_text_paper_id_shelf_paper")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shelf_text_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_text")),
    )
    op.create_index(op.f("ix_shelf_text_paper_id"), "shelf_text", ["paper_id"], unique=False)
    op.create_table(
        "shelf_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["shelf_paper.id"], name=op.f("fk_shelf_step_paper_id_shelf_paper")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shelf_step_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_step")),
    )
    op.create_index(op.f("ix_shelf_step_paper_id"), "shelf_step", ["paper_id"], unique=False)
    op.create_table(
        "shelf_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["shelf_paper.id"], name=op.f("fk_shelf_version_paper_id_shelf_paper")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shelf_version_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_version")),
        sa.UniqueConstraint("paper_id", "number", name=op.f("uq_shelf_version_paper_id_number")),
    )
    op.create_index(op.f("ix_shelf_version_paper_id"), "shelf_version", ["paper_id"], unique=False)
    op.create_table(
        "shelf_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("removed_at", base.UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["shelf_paper.id"], name=op.f("fk_shelf_attachment_paper_id_shelf_paper")
        ),
        sa.ForeignKeyConstraint(["removed_by"], ["user.id"], name=op.f("fk_shelf_attachment_removed_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_shelf_attachment_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_attachment")),
    )
    op.create_index(op.f("ix_shelf_attachment_paper_id"), "shelf_attachment", ["paper_id"], unique=False)
    op.create_table(
        "shelf_code",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["shelf_paper.id"], name=op.f("fk_shelf_code_paper_id_shelf_paper")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_shelf_code")),
        sa.UniqueConstraint("paper_id", name=op.f("uq_shelf_code_paper_id")),
    )


def _members() -> None:
    op.create_table(
        "campaign_closing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("reopened_at", base.UtcDateTime(), nullable=True),
        sa.Column("reopened_by", sa.Integer(), nullable=True),
        sa.Column("reopened_why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_closing_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(["reopened_by"], ["user.id"], name=op.f("fk_campaign_closing_reopened_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_campaign_closing_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_closing")),
    )
    op.create_index(op.f("ix_campaign_closing_campaign_id"), "campaign_closing", ["campaign_id"], unique=False)
    op.create_table(
        "member_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("ended_at", base.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["user.id"], name=op.f("fk_member_user_ended_by_user")),
        sa.ForeignKeyConstraint(["given_by"], ["user.id"], name=op.f("fk_member_user_given_by_user")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_user_member_id_member")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_member_user_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_user")),
    )
    op.create_index(op.f("ix_member_user_member_id"), "member_user", ["member_id"], unique=False)
    op.create_index(op.f("ix_member_user_user_id"), "member_user", ["user_id"], unique=False)


def _merging() -> None:
    op.create_table(
        "merge_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("undone_at", base.UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_merge_deed_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["undone_by"], ["user.id"], name=op.f("fk_merge_deed_undone_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_merge_deed_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_deed")),
    )
    op.create_index(op.f("ix_merge_deed_meeting_id"), "merge_deed", ["meeting_id"], unique=False)
    op.create_table(
        "merged_opinion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_merged_opinion_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_opinion")),
    )
    op.create_index(op.f("ix_merged_opinion_meeting_id"), "merged_opinion", ["meeting_id"], unique=False)
    op.create_table(
        "merged_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("deed_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("item", sa.Integer(), nullable=True),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("dissolved", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["deed_id"], ["merge_deed.id"], name=op.f("fk_merged_version_deed_id_merge_deed")),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["merged_opinion.id"], name=op.f("fk_merged_version_merged_id_merged_opinion")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_version")),
    )
    op.create_index(op.f("ix_merged_version_deed_id"), "merged_version", ["deed_id"], unique=False)
    op.create_index(op.f("ix_merged_version_merged_id"), "merged_version", ["merged_id"], unique=False)
    op.create_table(
        "merging",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deed_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("put", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["deed_id"], ["merge_deed.id"], name=op.f("fk_merging_deed_id_merge_deed")),
        sa.ForeignKeyConstraint(["merged_id"], ["merged_opinion.id"], name=op.f("fk_merging_merged_id_merged_opinion")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merging")),
    )
    op.create_index(op.f("ix_merging_deed_id"), "merging", ["deed_id"], unique=False)
    op.create_index(op.f("ix_merging_merged_id"), "merging", ["merged_id"], unique=False)
