"""the campaign."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the record of a campaign, plans, checklists, promises, moves; rounds, sessions' manners, merged units."""
    create_record()
    create_plans()
    create_promises()
    add_columns()


def create_record() -> None:
    """Add versions of a campaign's record, its documents and the checklists."""
    op.create_table(
        "campaign_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_version_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_campaign_version_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_version")),
    )
    op.create_index(op.f("ix_campaign_version_campaign_id"), "campaign_version", ["campaign_id"], unique=False)
    op.create_table(
        "basis_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("removed_at", base.UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_basis_document_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["removed_by"], ["user.id"], name=op.f("fk_basis_document_removed_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_basis_document_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basis_document")),
    )
    op.create_index(op.f("ix_basis_document_campaign_id"), "basis_document", ["campaign_id"], unique=False)
    op.create_table(
        "checklist_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_checklist_row_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_checklist_row_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_checklist_row_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_row")),
    )
    op.create_index("ix_checklist_row_campaign_id_unit_id", "checklist_row", ["campaign_id", "unit_id"], unique=False)


def create_plans() -> None:
    """Add units' plans, when they were issued, who confirmed them."""
    op.create_table(
        "unit_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_unit_plan_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_plan_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_unit_plan_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_plan")),
        sa.UniqueConstraint("campaign_id", "unit_id", "version", name=op.f("uq_unit_plan_campaign_id_unit_id_version")),
    )
    op.create_index(op.f("ix_unit_plan_campaign_id"), "unit_plan", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_unit_plan_unit_id"), "unit_plan", ["unit_id"], unique=False)
    op.create_table(
        "plan_issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("forms", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["unit_plan.id"], name=op.f("fk_plan_issue_plan_id_unit_plan")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_plan_issue_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_issue")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_plan_issue_plan_id")),
    )
    op.create_table(
        "plan_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["unit_plan.id"], name=op.f("fk_plan_receipt_plan_id_unit_plan")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_receipt_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_plan_receipt_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_receipt")),
        sa.UniqueConstraint("plan_id", "unit_id", name=op.f("uq_plan_receipt_plan_id_unit_id")),
    )
    op.create_index(op.f("ix_plan_receipt_plan_id"), "plan_receipt", ["plan_id"], unique=False)


def create_promises() -> None:
    """Add the register of promises and the moves of members."""
    op.create_table(
        "promise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_promise_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_promise_member_id_member")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_promise_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
    )
    op.create_index("ix_promise_campaign_id_unit_id", "promise", ["campaign_id", "unit_id"], unique=False)
    op.create_table(
        "promise_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("promise_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("kept", sa.String(length=8), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_promise_text_promise_id_promise")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_promise_text_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_text")),
    )
    op.create_index(op.f("ix_promise_text_promise_id"), "promise_text", ["promise_id"], unique=False)
    op.create_table(
        "member_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("from_unit_id", sa.Integer(), nullable=False),
        sa.Column("to_unit_id", sa.Integer(), nullable=True),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_member_move_from_unit_id_unit")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_move_member_id_member")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_member_move_to_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_member_move_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_move")),
    )
    op.create_index(op.f("ix_member_move_member_id"), "member_move", ["member_id"], unique=False)


def add_columns() -> None:
    """Add to the tables that are there, in SQLite's own way: a rebuilt table would break the keys that point to it."""
    op.add_column("campaign", sa.Column("addressees", sa.String(length=200), server_default="", nullable=False))
    for name in ("directive", "criteria"):
        op.add_column("campaign", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in ("rounds", "reserved"):
        op.add_column("campaign", sa.Column(name, sa.JSON(), server_default="[]", nullable=False))
    op.add_column("print_run", sa.Column("back", sa.Text(), server_default="", nullable=False))
    op.add_column("meeting", sa.Column("round", sa.Integer(), nullable=True))
    op.add_column("meeting_session", sa.Column("manner", sa.String(length=8), server_default="", nullable=False))
    op.add_column("member", sa.Column("left_at", base.UtcDateTime(), nullable=True))
    for table, column, other in (
        ("campaign", "copied_from", "campaign"), ("survey", "unit_id", "unit"), ("unit", "merged_into", "unit"),
    ):  # fmt: skip
        name = f"fk_{table}_{column}_{other}"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {other} (id)")
