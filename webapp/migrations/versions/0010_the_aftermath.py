"""the aftermath."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the notices, and what comes after the meeting."""
    _notices()
    _rectification()
    _orders()
    _examples()
    _announcements()
    _submission()
    _supervision()


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


def _rectification() -> None:
    op.create_table(
        "remedy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("opinion_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_remedy_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_remedy_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy")),
        sa.UniqueConstraint("meeting_id", "number", name=op.f("uq_remedy_meeting_id_number")),
    )
    op.create_index(op.f("ix_remedy_meeting_id"), "remedy", ["meeting_id"], unique=False)
    op.create_table(
        "remedy_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("remedy_id", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["remedy_id"], ["remedy.id"], name=op.f("fk_remedy_version_remedy_id_remedy")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_remedy_version_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy_version")),
    )
    op.create_index(op.f("ix_remedy_version_remedy_id"), "remedy_version", ["remedy_id"], unique=False)
    op.create_table(
        "remedy_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("remedy_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["remedy_id"], ["remedy.id"], name=op.f("fk_remedy_step_remedy_id_remedy")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_remedy_step_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy_step")),
    )
    op.create_index(op.f("ix_remedy_step_remedy_id"), "remedy_step", ["remedy_id"], unique=False)
    op.create_table(
        "remedy_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("remedy_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["remedy_id"], ["remedy.id"], name=op.f("fk_remedy_file_remedy_id_remedy")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_remedy_file_user_id_user")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["user.id"], name=op.f("fk_remedy_file_withdrawn_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedy_file")),
    )
    op.create_index(op.f("ix_remedy_file_remedy_id"), "remedy_file", ["remedy_id"], unique=False)


def _orders() -> None:
    op.create_table(
        "deadline_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_deadline_order_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_deadline_order_survey_id_survey")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_deadline_order_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_order")),
    )
    op.create_index(op.f("ix_deadline_order_meeting_id"), "deadline_order", ["meeting_id"], unique=False)
    op.create_table(
        "order_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("recheck_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["deadline_order.id"], name=op.f("fk_order_step_order_id_deadline_order")
        ),
        sa.ForeignKeyConstraint(["recheck_id"], ["meeting.id"], name=op.f("fk_order_step_recheck_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_order_step_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_step")),
    )
    op.create_index(op.f("ix_order_step_order_id"), "order_step", ["order_id"], unique=False)


def _examples() -> None:
    op.create_table(
        "exemplar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("deeds", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_exemplar_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_exemplar_survey_id_survey")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_exemplar_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemplar")),
    )
    op.create_index(op.f("ix_exemplar_meeting_id"), "exemplar", ["meeting_id"], unique=False)
    op.create_table(
        "publicity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exemplar_id", sa.Integer(), nullable=False),
        sa.Column("medium", sa.String(length=120), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["exemplar_id"], ["exemplar.id"], name=op.f("fk_publicity_exemplar_id_exemplar")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_publicity_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity")),
    )
    op.create_index(op.f("ix_publicity_exemplar_id"), "publicity", ["exemplar_id"], unique=False)


def _announcements() -> None:
    op.create_table(
        "announcement_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("manner", sa.String(length=12), nullable=False),
        sa.Column("reach", sa.String(length=200), nullable=False),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_announcement_plan_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_announcement_plan_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_plan")),
    )
    op.create_index(op.f("ix_announcement_plan_meeting_id"), "announcement_plan", ["meeting_id"], unique=False)
    op.create_table(
        "announcement_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("manner", sa.String(length=12), nullable=False),
        sa.Column("reach", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_announcement_record_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_announcement_record_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_record")),
    )
    op.create_index(op.f("ix_announcement_record_meeting_id"), "announcement_record", ["meeting_id"], unique=False)


def _submission() -> None:
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_submission_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_submission_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_submission_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "campaign_id", "unit_id", "version", name=op.f("uq_submission_campaign_id_unit_id_version")
        ),
    )
    op.create_index(op.f("ix_submission_unit_id"), "submission", ["unit_id"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("handed_by", sa.String(length=64), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_receipt_submission_id_submission")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_receipt_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    op.create_index(op.f("ix_receipt_submission_id"), "receipt", ["submission_id"], unique=False)
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("keeper", sa.String(length=64), nullable=False),
        sa.Column("kept_on", sa.Date(), nullable=False),
        sa.Column("file_number", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_retention_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_retention_member_id_member")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_retention_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_retention_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
    )
    op.create_index(op.f("ix_retention_campaign_id_unit_id"), "retention", ["campaign_id", "unit_id"], unique=False)


def _supervision() -> None:
    op.create_table(
        "supervision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("doubt", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("settles", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_supervision_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_supervision_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_supervision_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision")),
    )
    op.create_index(op.f("ix_supervision_campaign_id"), "supervision", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_supervision_unit_id"), "supervision", ["unit_id"], unique=False)
    op.create_table(
        "experience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_experience_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_experience_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_experience_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experience")),
    )
    op.create_index(op.f("ix_experience_campaign_id"), "experience", ["campaign_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_delivery_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_delivery_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_delivery_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_campaign_id_unit_id"), "delivery", ["campaign_id", "unit_id"], unique=False)
