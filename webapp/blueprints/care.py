"""The care of the data: copies, putting them back, room on the disk."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import migrate
from webapp.access import access
from webapp.errors import Conflict, InvalidInput, ServiceError
from webapp.models import now
from webapp.pages import form_text, office, user_id
from webapp.rights import Right
from webapp.services import archive, backup, campaigns, care, disposal

bp = Blueprint("care", __name__)


@bp.get("/care")
@access(Right.MANAGE_SYSTEM)
def index() -> str:
    """The copies, and what the data takes on the disk."""
    copies = backup.copies(office().settings)
    newest = copies[0].moment if copies else None
    return render_template(
        "care/index.html",
        copies=copies,
        folder=backup.folder_of(office().settings),
        kept_days=backup.KEPT_DAYS,
        is_old=newest is None or now() - newest > dt.timedelta(days=care.OLD_DAYS),
        room=care.room(office()),
        kinds=kind_words(),
        parts=part_words(),
    )


@bp.post("/care/copy")
@access(Right.MANAGE_SYSTEM)
def make_copy() -> Response:
    """Make a copy now."""
    copy = care.make_copy(office(), migrate.upgrade)
    if copy.whole:
        flash(_("The copy %(name)s was made and tried out.", name=copy.name), "ok")
    else:
        flash(_("The copy %(name)s was made, but the trail in it is not whole: run flask app verify.", name=copy.name),
              "warn")  # fmt: skip
    return redirect(url_for("care.index"))


@bp.post("/care/restore")
@access(Right.MANAGE_SYSTEM)
def restore() -> Response:
    """Put a copy of this instance back; what is here now is copied first."""
    folder = care.named(office(), request.form.get("name", ""))
    copy = care.put_back(office(), folder, migrate.upgrade, running=True)
    care.note_restored(office(), copy)
    flash(_("All data is as it was in the copy %(name)s. What was here before is a copy of its own.", name=copy.name),
          "ok")  # fmt: skip
    return redirect(url_for("care.index"))


@bp.get("/campaigns/<int:campaign_id>/keeping")
@access(Right.MANAGE_CAMPAIGN)
def keeping(campaign_id: int) -> str:
    """The archive of a campaign, and the destruction of its originals."""
    return _keeping(campaign_id, None)


@bp.get("/campaigns/<int:campaign_id>/archive.zip")
@access(Right.MANAGE_CAMPAIGN)
def archived(campaign_id: int) -> Response:
    """The archive of a closed campaign."""
    file = archive.write(office(), campaign_id, scans=request.args.get("scans") == "1")
    return send_file(file, "application/zip", as_attachment=True, download_name=f"pingyi-archive-{campaign_id}.zip")


@bp.post("/campaigns/<int:campaign_id>/dispose")
@access(Right.MANAGE_CAMPAIGN)
def dispose(campaign_id: int) -> Any:
    """Destroy the originals; the record stands on the page afterwards."""
    try:
        disposal.dispose(
            office(),
            campaign_id,
            witness=form_text("witness"),
            why=form_text("why"),
            user_id=user_id(),
            upgrade=migrate.upgrade,
            today=disposal.today(office()),
        )
    except (InvalidInput, Conflict) as error:
        return _keeping(campaign_id, error), error.status
    return redirect(url_for("care.keeping", campaign_id=campaign_id))


def _keeping(campaign_id: int, problem: ServiceError | None) -> str:
    outlook = disposal.outlook(office(), campaign_id)
    return render_template(
        "care/keeping.html",
        campaign=campaigns.get(office(), campaign_id),
        outlook=outlook,
        is_due=outlook.is_due(disposal.today(office())),
        months=office().settings.keep_months,
        problem=problem,
    )


def kind_words() -> dict[str, str]:
    """Return the words of the kinds of copies."""
    return {
        backup.MANUAL: _("made by hand"),
        backup.NIGHTLY: _("nightly"),
        backup.BEFORE_UPGRADE: _("before an upgrade"),
        backup.BEFORE_RESTORE: _("before another was put back"),
    }


def part_words() -> dict[str, str]:
    """Return the words of what takes room."""
    return {
        "database": _("database"),
        "scans": _("scanned originals"),
        "prints": _("printed files"),
        "inbox": _("scanner folder"),
        "copies": _("copies (scans on the same disk take no room twice)"),
        "logs": _("logs"),
    }
