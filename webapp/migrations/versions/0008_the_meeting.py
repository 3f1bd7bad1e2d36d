"""the meeting."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is done before and at a meeting, and who watches it."""
    with op.batch_alter_table("meeting") as batch:
        batch.add_column(sa.Column("starts", sa.String(length=5), server_default="", nullable=False))
    _preparing()
    _supervising()


def _preparing() -> None:
    op.create_table(
        "group_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("post", sa.String(length=8), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("left_at", base.UtcDateTime(), nullable=True),
        sa.Column("left_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["left_by"], ["user.id"], name=op.f("fk_group_member_left_by_user")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_group_member_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_group_member_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
    )
    op.create_index(op.f("ix_group_member_unit_id"), "group_member", ["unit_id"], unique=False)
    op.create_table(
        "cadre_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("took_part", sa.Boolean(), nullable=False),
        sa.Column("was_rated", sa.Boolean(), nullable=False),
        sa.Column("guided", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_cadre_record_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_cadre_record_member_id_member")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_cadre_record_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cadre_record")),
    )
    op.create_index(op.f("ix_cadre_record_meeting_id"), "cadre_record", ["meeting_id"], unique=False)
    op.create_table(
        "gathered_opinion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("removed_at", base.UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_gathered_opinion_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["removed_by"], ["user.id"], name=op.f("fk_gathered_opinion_removed_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_gathered_opinion_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gathered_opinion")),
    )
    op.create_index(op.f("ix_gathered_opinion_meeting_id"), "gathered_opinion", ["meeting_id"], unique=False)
    op.create_table(
        "rater",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("rater_class", sa.String(length=40), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("left_at", base.UtcDateTime(), nullable=True),
        sa.Column("left_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["left_by"], ["user.id"], name=op.f("fk_rater_left_by_user")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_rater_member_id_member")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_rater_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_rater_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rater")),
    )
    op.create_index(op.f("ix_rater_unit_id"), "rater", ["unit_id"], unique=False)
    op.create_table(
        "run_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_run_step_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_run_step_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_step")),
    )
    op.create_index(op.f("ix_run_step_meeting_id"), "run_step", ["meeting_id"], unique=False)
    op.create_table(
        "self_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("achievements", sa.Text(), nullable=False),
        sa.Column("shortcomings", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_self_check_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_self_check_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_check")),
    )
    op.create_index(op.f("ix_self_check_meeting_id"), "self_check", ["meeting_id"], unique=False)
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_attendance_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["rater_id"], ["rater.id"], name=op.f("fk_attendance_rater_id_rater")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_attendance_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    op.create_index(op.f("ix_attendance_meeting_id"), "attendance", ["meeting_id"], unique=False)


def _supervising() -> None:
    op.create_table(
        "liaison_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("liaison", sa.String(length=64), nullable=False),
        sa.Column("liaison_id", sa.Integer(), nullable=True),
        sa.Column("leader", sa.String(length=64), nullable=False),
        sa.Column("leader_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["leader_id"], ["user.id"], name=op.f("fk_liaison_post_leader_id_user")),
        sa.ForeignKeyConstraint(["liaison_id"], ["user.id"], name=op.f("fk_liaison_post_liaison_id_user")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_liaison_post_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_liaison_post_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_post")),
    )
    op.create_index(op.f("ix_liaison_post_unit_id"), "liaison_post", ["unit_id"], unique=False)
    op.create_table(
        "committee_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("ended_at", base.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["user.id"], name=op.f("fk_committee_post_ended_by_user")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_committee_post_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["person_id"], ["user.id"], name=op.f("fk_committee_post_person_id_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_committee_post_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_post")),
    )
    op.create_index(op.f("ix_committee_post_meeting_id"), "committee_post", ["meeting_id"], unique=False)
    op.create_table(
        "meeting_time",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("starts", sa.String(length=5), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_time_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_meeting_time_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_time")),
    )
    op.create_index(op.f("ix_meeting_time_meeting_id"), "meeting_time", ["meeting_id"], unique=False)
    op.create_table(
        "report_made",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("to", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_report_made_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_report_made_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_made")),
    )
    op.create_index(op.f("ix_report_made_meeting_id"), "report_made", ["meeting_id"], unique=False)
    op.create_table(
        "supervisor_presence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_supervisor_presence_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_supervisor_presence_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisor_presence")),
    )
    op.create_index(op.f("ix_supervisor_presence_meeting_id"), "supervisor_presence", ["meeting_id"], unique=False)
    op.create_table(
        "countersignature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["closing_id"], ["closing.id"], name=op.f("fk_countersignature_closing_id_closing")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_countersignature_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_countersignature_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_countersignature")),
        sa.UniqueConstraint("closing_id", "user_id", name=op.f("uq_countersignature_closing_id_user_id")),
    )
    op.create_index(op.f("ix_countersignature_meeting_id"), "countersignature", ["meeting_id"], unique=False)
    op.create_table(
        "report_read",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report_made.id"], name=op.f("fk_report_read_report_id_report_made")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_report_read_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_read")),
        sa.UniqueConstraint("report_id", "user_id", name=op.f("uq_report_read_report_id_user_id")),
    )
    op.create_table(
        "supervisor_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("time_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_supervisor_answer_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["time_id"], ["meeting_time.id"], name=op.f("fk_supervisor_answer_time_id_meeting_time")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_supervisor_answer_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisor_answer")),
    )
    op.create_index(op.f("ix_supervisor_answer_meeting_id"), "supervisor_answer", ["meeting_id"], unique=False)
