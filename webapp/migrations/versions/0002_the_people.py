"""the people."""

import sqlalchemy as sa
from alembic import op

from webapp.models import base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Before there were roles, an administrator could do all that an operator could, and both did all the work.
WORK = ("unit_administrator", "scanner", "transcriber")
ROLES = {"operator": WORK, "administrator": ("administrator", "school_office", *WORK)}


def upgrade() -> None:
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("granted_at", base.UtcDateTime(), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("revoked_at", base.UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["granted_by"], ["user.id"], name=op.f("fk_role_grant_granted_by_user")),
        sa.ForeignKeyConstraint(["revoked_by"], ["user.id"], name=op.f("fk_role_grant_revoked_by_user")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_role_grant_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_unit_id"), "role_grant", ["unit_id"])
    op.create_index(op.f("ix_role_grant_user_id"), "role_grant", ["user_id"])
    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("used_at", base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id_user")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])
    op.add_column("user", sa.Column("totp_secret", sa.String(length=64), nullable=True))
    op.add_column("user", sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
    create_organisation()
    grant_old_roles()
    op.drop_column("user", "role")  # SQLite's own: a rebuilt table would break the keys of all that point to it


def create_organisation() -> None:
    """The history of units, what they expect, their members; each unit that is there begins its history now."""
    op.create_table(
        "unit_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_version_parent_id_unit")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_version_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_unit_version_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_version")),
    )
    op.create_index(op.f("ix_unit_version_unit_id"), "unit_version", ["unit_id"])
    op.create_table(
        "unit_expected",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("rater_class", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_expected_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_unit_expected_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_expected")),
    )
    op.create_index(op.f("ix_unit_expected_unit_id"), "unit_expected", ["unit_id"])
    op.create_table(
        "member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("cadre", sa.Boolean(), nullable=False),
        sa.Column("created_at", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_member_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("unit_id", "name", "number", name=op.f("uq_member_unit_id_name_number")),
    )
    op.create_table(
        "proof_scan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_proof_scan_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_scan")),
    )
    columns = "name, kind, parent_id"
    begin = f"INSERT INTO unit_version (unit_id, at, {columns}) SELECT id, :at, {columns} FROM unit"  # noqa: S608 - ours
    op.get_bind().execute(sa.text(begin).bindparams(sa.bindparam("at", base.now(), base.UtcDateTime())))


def grant_old_roles() -> None:
    """Give every user the grants that let him do what he could do before."""
    connection = op.get_bind()
    grant = sa.table(
        "role_grant",
        sa.column("user_id", sa.Integer()),
        sa.column("role", sa.String()),
        sa.column("granted_at", base.UtcDateTime()),
    )
    users = connection.execute(sa.text('SELECT id, role FROM "user" ORDER BY id')).all()
    rows = [
        {"user_id": user_id, "role": new, "granted_at": base.now()}
        for user_id, role in users
        for new in ROLES.get(role, ())
    ]
    if rows:
        connection.execute(grant.insert(), rows)
