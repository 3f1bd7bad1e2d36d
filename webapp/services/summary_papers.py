"""The kinds of papers that sum up an appraisal: the summary table S-A of an organisation."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.models import ShelfPaper, ShelfStep, Unit
from webapp.papers.paper import Paper
from webapp.rights import Right
from webapp.services import cadres, own_summary, rectification, reports, summary_opinions, tally, work_report
from webapp.services.paper_kind import Field, PaperKind, Target, text_of
from webapp.services.summary_parts import MEASURE_COLUMNS
from webapp.services.tally import Results


def part_of(survey_id: int, subject: str) -> str:
    """Return the part of a target that names a form and a subject of its meeting."""
    return f"{survey_id}:{subject}"


def results_of(session: Session, target: Target) -> tuple[Results, str]:
    """Return the results that S-A of a target tells, and its subject. Raises NotFound where none was rated."""
    if target.meeting_id is None:
        raise NotFound("no-summary")
    refs = [ref for ref in tally.forms(session, target.meeting_id) if ref.form.about == "organisation"]
    wanted, _, subject = target.part.partition(":")
    ref = next((ref for ref in refs if not target.part or str(ref.survey_id) == wanted), None)
    if ref is None or (target.part and subject not in ref.subjects):
        raise NotFound("no-summary")
    subject = subject if target.part else ref.subjects[0]
    found = tally.results_in(session, target.meeting_id, ref.survey_id, subject)
    if found is None:
        raise NotFound("no-summary")
    return found, subject


def stays_at_level_two(session: Session, target: Target) -> bool:
    """Tell whether a paper is retained: those of branches and members never go further up."""
    unit = session.get(Unit, target.unit_id) if target.unit_id is not None else None
    return target.member_id is not None or (unit is not None and unit.kind == "branch")


def _fields(session: Session, target: Target) -> list[Field]:
    found, subject = results_of(session, target)
    meeting = found.meeting
    branch = stays_at_level_two(session, target)
    return [
        Field("presider", "Presided by", meeting.presider, 1),
        Field("supervisor", "Supervised by", meeting.supervisor, 1),
        Field("measures", "Causes and rectification", register(session, found, subject), columns=MEASURE_COLUMNS),
        Field("notice_manner", "Announcement: manner", "", 1),
        Field("notice_reach", "Announcement: reach", "", 1),
        Field("notice_day", "Announcement: date", "", 1),
        Field("filler", "Filled in by", "", 1),
        Field("remark", "Remark of the unit above", _remark(session, target), 2),
        Field("goes_to", "Kept or handed in", "上级党组织留存" if branch else "报校创组办", 1),
        Field("received_by", "Received by", "", 1),
        Field("received_on", "Received on", "", 1),
    ]


def register(session: Session, results: Results, subject: str) -> str:
    """Return the register of rectification as the rows of 四、原因与整改, for the field of that name."""
    places = {each.merged_id: n for n, each in enumerate(summary_opinions.lines(session, results, subject), 1)}
    rows = []
    for row in rectification.rows(session, results.meeting.id, ""):
        due = f"{row.due_on.month}月{row.due_on.day}日" if row.due_on else ""
        done = "已办结" if row.stage in rectification.DONE else row.progress
        place = str(places.get(row.opinion_id, "")) if row.opinion_id else ""
        told = (place, row.problem, row.cause, row.measure, row.person, due, done, "是" if row.ordered else "否")
        rows.append(told)
    return text_of(rows)


def _remark(session: Session, target: Target) -> str:
    """Return what was remarked when the paper was last examined."""
    row = session.scalar(select(ShelfPaper).where(ShelfPaper.kind == "summary", ShelfPaper.place == target.place))
    query = select(ShelfStep).order_by(ShelfStep.id.desc()).limit(1)
    step = session.scalar(query.where(ShelfStep.paper_id == row.id, ShelfStep.step == "examined")) if row else None
    return (step.why or "审核通过。") if step else ""


def _build(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    found, subject = results_of(session, target)
    opinions, went_ahead = summary_opinions.lines(session, found, subject), cadres.told(session, found.meeting)
    return reports.summary_of(found, subject, opinions, texts, cadres_told=went_ahead)


KINDS = (
    *own_summary.KINDS,
    *work_report.KINDS,
    PaperKind(
        "summary",
        "基层党组织开展创先争优活动群众评议意见汇总表",
        "Summary of the organisation (S-A)",
        "meeting",
        Right.WRITE_PAPERS,
        _fields,
        _build,
        formats=("docx", "pdf", "xlsx"),
        needs_closing=True,
        examined=True,
        retained=stays_at_level_two,
        icon="table",
    ),
)
