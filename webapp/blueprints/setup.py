"""The first steps: five of them, left and gone on with at any time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import migrate
from webapp.access import access
from webapp.blueprints.count import download
from webapp.errors import Busy, InvalidInput, ServiceError
from webapp.pages import office, user_id
from webapp.rights import Right
from webapp.services import health, proof_sheet
from webapp.services.first_steps import first_steps

bp = Blueprint("setup", __name__)


@bp.get("/setup")
@access(Right.MANAGE_SYSTEM, Right.MANAGE_CAMPAIGN)
def index() -> str:
    """The step that is open now."""
    return page(None)


@bp.get("/setup/proof.pdf")
@access(Right.MANAGE_SYSTEM, Right.MANAGE_CAMPAIGN)
def sheet() -> Response:
    """One sheet to print and scan."""
    return download(proof_sheet.sheet_pdf(), "application/pdf", "试印试扫.pdf")


@bp.post("/setup/proof")
@access(Right.MANAGE_SYSTEM, Right.MANAGE_CAMPAIGN)
def scan() -> Any:
    """Take in the scan of that sheet."""
    file = request.files.get("file")
    try:
        proof_sheet.take_in(office(), file.read(proof_sheet.MOST_BYTES + 1) if file else b"", user_id=user_id())
    except (InvalidInput, Busy) as error:
        return page(error), error.status
    return redirect(url_for("setup.index"))


def page(problem: ServiceError | None) -> str:
    """Render the first steps."""
    found = health.examine(office(), migrate.head(), migrate.revision(office().db))
    with office().db.read() as session:
        steps = first_steps(session)
    proof = proof_sheet.newest(office())
    return render_template("setup/index.html", steps=steps, found=found, proof=proof, problem=problem)
