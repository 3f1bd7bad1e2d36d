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
    grant_old_roles()
    op.drop_column("user", "role")  # SQLite's own: a rebuilt table would break the keys of all that point to it


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
