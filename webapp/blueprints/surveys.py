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
from webapp.i18n import language, say
from webapp.pages import faults_of, office
from webapp.rights import Right
from webapp.services import campaigns, form_fields, printing, surveys

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


@bp.post("/campaigns/<int:campaign_id>/forms/preview")
@access(Right.MANAGE_CAMPAIGN)
def preview(campaign_id: int) -> Response:
    """One page of the form as the fields say it, as PNG; 422 with a sentence for each fault."""
    source = form_fields.to_source(request.form.to_dict(flat=False), request.form.get("base", ""))
    try:
        shown = printing.preview_source(source, Values(), request.form.get("page", 1, int))
    except FormErrors as errors:
        return Response("\n".join(faults_in_fields(errors)), 422, mimetype="text/plain; charset=utf-8")
    answer = Response(shown.png, mimetype="image/png")
    answer.headers["X-Pages"] = str(shown.pages)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def save(campaign_id: int, survey_id: int | None) -> Any:
    """Check and save what was sent; with faults it stays and every fault is listed."""
    by_fields = "base" in request.form
    source = request.form.get("source", "")
    try:
        source = sent_fields() if by_fields else uploaded() or source
        saved = surveys.save(office(), campaign_id, source, survey_id)
    except FormErrors as errors:
        told = faults_in_fields(errors) if by_fields else faults_of(errors)
        return page(campaign_id, survey_id, source, told, expert=not by_fields), 422
    except ServiceError as error:
        told = [say(error.code, **error.params)]
        return page(campaign_id, survey_id, source, told, expert=not by_fields), error.status
    flash(_("The form is in force."), "ok")
    return redirect(url_for("surveys.edit", campaign_id=campaign_id, survey_id=saved))


def sent_fields() -> str:
    """Return the text of the form that the fields say."""
    return form_fields.to_source(request.form.to_dict(flat=False), request.form["base"])


def uploaded() -> str:
    """Return the text of the file that was sent, '' where there is none. Raises InvalidInput."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return ""
    try:
        return file.stream.read(4 * surveys.LONGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("form-not-text", name=file.filename) from error


def faults_in_fields(errors: FormErrors) -> list[str]:
    """Return the faults of a form, a sentence each, its places called as on the page."""
    words = {
        "items": _("Item"), "scale": _("Option"), "identity": _("Raters"), "instructions": _("Instruction"),
        "opinion": _("Opinion box"), "title": _("Title"), "form": _("Short name"), "letter": _("Letter"),
        "issuer": _("Issued by"), "thanks": _("Last line"),
    }  # fmt: skip
    return [form_fields.placed(error, words).sentence(language()) for error in errors.errors]


def page(
    campaign_id: int,
    survey_id: int | None,
    source: str,
    faults: list[str] | None = None,
    *,
    expert: bool | None = None,
) -> str:
    """Render a form: as fields with its picture beside them, or (``expert``) its text."""
    row = surveys.get(office(), survey_id) if survey_id else None
    try:
        fields = form_fields.of_source(source or surveys.preset_source("org"))
    except ValueError:
        fields = None  # what was typed as text can't be shown as fields
    expert = request.args.get("tab") == "yaml" if expert is None else expert
    pages = printing.preview(office(), survey_id, Values()).pages if survey_id else 0
    return render_template(
        "home/form_text.html" if expert or fields is None else "home/form.html",
        campaign=campaigns.get(office(), campaign_id),
        survey=row,
        source=source if expert else source or surveys.preset_source("org"),
        fields=fields,
        faults=faults,
        pages=pages,
        presets=loader.PRESETS,
        printed=survey_id in surveys.printed_forms(office(), campaign_id),
    )
