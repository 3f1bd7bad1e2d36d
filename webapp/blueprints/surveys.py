"""The forms in force in a campaign: look, add, change, take out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forms import loader
from forms.errors import FormErrors
from forms.survey import Values
from webapp.access import access
from webapp.errors import InvalidInput, ServiceError
from webapp.i18n import say
from webapp.pages import faults_of, office
from webapp.rights import Right
from webapp.services import campaigns, printing, surveys

bp = Blueprint("surveys", __name__)


@bp.get("/campaigns/<int:campaign_id>/forms/new")
@access(Right.MANAGE_CAMPAIGN)
def new(campaign_id: int) -> str:
    """A form of one's own; ``?from=org`` starts from one that comes with the product."""
    base = request.args.get("from", "")
    source = surveys.preset_source(base) if base in loader.PRESETS else ""
    return page(campaign_id, None, source)


@bp.post("/campaigns/<int:campaign_id>/forms/new")
@access(Right.MANAGE_CAMPAIGN)
def create(campaign_id: int) -> Any:
    """Put a form in force."""
    return save(campaign_id, None)


@bp.get("/campaigns/<int:campaign_id>/forms/<int:survey_id>")
@access(Right.MANAGE_CAMPAIGN)
def edit(campaign_id: int, survey_id: int) -> str:
    """The text of a form in force."""
    return page(campaign_id, survey_id, surveys.get(office(), survey_id).source)


@bp.post("/campaigns/<int:campaign_id>/forms/<int:survey_id>")
@access(Right.MANAGE_CAMPAIGN)
def change(campaign_id: int, survey_id: int) -> Any:
    """Change a form of which nothing was printed yet."""
    return save(campaign_id, survey_id)


@bp.post("/campaigns/<int:campaign_id>/forms/<int:survey_id>/remove")
@access(Right.MANAGE_CAMPAIGN)
def remove(campaign_id: int, survey_id: int) -> Response:
    """Take a form out of force."""
    row = surveys.remove(office(), survey_id)
    flash(_("The form %(form)s is no longer in force.", form=row.form), "ok")
    return redirect(url_for("home.campaign", campaign_id=campaign_id))


@bp.get("/forms/<int:survey_id>/page-<int:number>.png")
@access(Right.SEE_BOOKS, anywhere=True)
def picture(survey_id: int, number: int) -> Response:
    """One page of a specimen, as it will be printed."""
    return Response(printing.preview(office(), survey_id, Values(), number).png, mimetype="image/png")


@bp.get("/forms/presets/<form>.yaml")
@access(Right.SEE_BOOKS, anywhere=True)
def preset(form: str) -> Response:
    """The text of a form that comes with the product, to start from."""
    answer = Response(surveys.preset_source(form), mimetype="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{form}.yaml"'
    return answer


def save(campaign_id: int, survey_id: int | None) -> Any:
    """Check and save what was sent; with faults the text stays and every fault is listed."""
    source = request.form.get("source", "")
    try:
        source = uploaded() or source
        saved = surveys.save(office(), campaign_id, source, survey_id)
    except FormErrors as errors:
        return page(campaign_id, survey_id, source, faults_of(errors)), 422
    except ServiceError as error:
        return page(campaign_id, survey_id, source, [say(error.code, **error.params)]), error.status
    flash(_("The form is in force."), "ok")
    return redirect(url_for("surveys.edit", campaign_id=campaign_id, survey_id=saved))


def uploaded() -> str:
    """Return the text of the file that was sent, '' where there is none. Raises InvalidInput."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return ""
    try:
        return file.stream.read(4 * surveys.LONGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("form-not-text", name=file.filename) from error


def page(campaign_id: int, survey_id: int | None, source: str, faults: list[str] | None = None) -> str:
    """Render a form's text, its faults and its picture."""
    row = surveys.get(office(), survey_id) if survey_id else None
    pages = printing.preview(office(), survey_id, Values()).pages if survey_id else 0
    return render_template(
        "home/form.html",
        campaign=campaigns.get(office(), campaign_id),
        survey=row,
        source=source,
        faults=faults,
        pages=pages,
        presets=loader.PRESETS,
        printed=survey_id in surveys.printed_forms(office(), campaign_id),
    )
