"""Pictures of pages. Handwriting is painted over: it tells its writer, and only the transcription shows it.

A page whose sheet was not found in its image is coarse; ``?whole=1`` shows it sharply to who scans or transcribes.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from omr.errors import FileProblem
from webapp.access import access, sees_handwriting
from webapp.errors import Forbidden, NotFound
from webapp.office import Office
from webapp.pages import office
from webapp.rights import Right
from webapp.services import pictures

bp = Blueprint("images", __name__)
MINUTES = 60  # the next doubtful page is fetched ahead of its time; what may stay in the browser shows no handwriting


@bp.get("/pages/<int:page_id>/image.jpg")
@access(Right.SCAN, Right.REVIEW, Right.RULE, Right.SEE_SHEETS)
def page_image(page_id: int) -> Response:
    """A page upright, in the frame of its layout (8 px per mm); as scanned where its sheet was not found."""
    whole = _asked_for_whole()
    return _answer(page_id, f"page {whole}", lambda of, page: pictures.page_jpeg(of, page, whole))


@bp.get("/pages/<int:page_id>/thumb.jpg")
@access(Right.SCAN, Right.REVIEW, Right.RULE, Right.SEE_SHEETS)
def thumb(page_id: int) -> Response:
    """The same, small."""
    return _answer(page_id, "thumb", pictures.thumb_jpeg)


@bp.get("/pages/<int:page_id>/crop/<question>.jpg")
@access(Right.SCAN, Right.REVIEW, Right.RULE, Right.SEE_SHEETS)
def crop(page_id: int, question: str) -> Response:
    """The row of one question."""
    return _answer(page_id, question, lambda of, page: pictures.crop_jpeg(of, page, question))


@bp.get("/pages/<int:page_id>/original")
@access(Right.SCAN, Right.REVIEW, Right.RULE, Right.SEE_SHEETS)
def original(page_id: int) -> Response:
    """The page as it was scanned, not turned."""
    whole = _asked_for_whole()
    return _answer(page_id, f"original {whole}", lambda of, page: pictures.original_jpeg(of, page, whole))


def _asked_for_whole() -> bool:
    """Tell whether the whole page is wanted. Raises Forbidden for who has no handwriting in hand anyway."""
    asked = request.args.get("whole") == "1"
    if asked and not sees_handwriting():
        raise Forbidden("handwriting-is-covered")
    return asked


def _answer(page_id: int, kind: str, make: Callable[[Office, int], bytes]) -> Response:
    if request.args.get("mask") == "0":
        raise Forbidden("handwriting-is-covered")
    tag = pictures.tag_of(office(), page_id, kind)
    if request.if_none_match.contains(tag):
        answer = Response(status=304)
    else:
        try:
            answer = Response(make(office(), page_id), mimetype="image/jpeg")
        except FileProblem as trouble:
            raise NotFound(str(trouble.code), **trouble.params) from trouble
    answer.set_etag(tag)
    keep = "no-store" if _asked_for_whole() else f"private, max-age={MINUTES * 60}"
    answer.headers["Cache-Control"] = keep
    return answer
