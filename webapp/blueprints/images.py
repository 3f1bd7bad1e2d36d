"""Pictures of pages. Handwriting is painted over."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.access import Access, access
from webapp.pages import office
from webapp.services import pictures

bp = Blueprint("images", __name__)
MINUTES = 60  # the next doubtful page is fetched ahead of its time; what may stay in the browser shows no handwriting


@bp.get("/pages/<int:page_id>/image.jpg")
@access(Access.OPERATOR)
def page_image(page_id: int) -> Response:
    """A page that was read, upright, in the frame of its layout (8 px per mm)."""
    answer = Response(pictures.page_jpeg(office(), page_id), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = f"private, max-age={MINUTES * 60}"
    return answer
