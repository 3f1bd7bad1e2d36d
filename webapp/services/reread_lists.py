"""What a newer reader read otherwise: every difference of a rereading, as values and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from forms.code import readable
from webapp.models import Answer, Decision, Page, RereadPage, Scan
from webapp.papers.paper import plain
from webapp.services import answers
from webapp.services.closing_papers import Words
from webapp.services.exports import BOM
from webapp.services.reading_again import differing
from webapp.services.rereading import DONE, FAILED, OTHER_SHEET

CHUNK = 300  # SQLite takes a bounded number of parameters
HEAD = ("文件", "页", "表号", "项目", "原识读", "原把握", "新识读", "新把握", "人工裁定", "整页")
STAYS = "已裁定，不变"
PAGE_WORDS = {OTHER_SHEET: "识读为另一张表"}

Value = tuple[str, str, float]  # state, choice, certainty


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer that came out otherwise; or a whole page, with ``problem``, that is no longer read as that sheet."""

    page_id: int
    sheet: str
    filename: str
    index: int
    question: str = ""
    before: Value = ("", "", 0.0)
    after: Value = ("", "", 0.0)
    decided: bool = False  # a person's decision is in force: it stays
    problem: str = ""


def differences(session: Session, rereading_id: int) -> list[Difference]:
    """Return every difference of a rereading, in order of the scans."""
    query = select(RereadPage, Page, Scan.filename).join(Page, Page.id == RereadPage.page_id)
    query = query.join(Scan, Scan.id == Page.scan_id).order_by(Page.scan_id, Page.index, Page.part)
    changed = or_(RereadPage.differences > 0, RereadPage.problem != "")
    rows = session.execute(
        query.where(RereadPage.rereading_id == rereading_id, RereadPage.state == DONE, changed)
    ).all()
    return [each for start in range(0, len(rows), CHUNK) for each in _of(session, rows[start : start + CHUNK])]


def failures(session: Session, rereading_id: int) -> list[tuple[Page, str]]:
    """Return the pages that could not be read again, with the code that says why; their old readings stay."""
    query = select(Page, RereadPage.problem).join(RereadPage, RereadPage.page_id == Page.id)
    query = query.where(RereadPage.rereading_id == rereading_id, RereadPage.state == FAILED)
    return [(page, problem) for page, problem in session.execute(query.order_by(Page.scan_id, Page.index))]


def kinds(found: Sequence[Difference]) -> Counter[tuple[str, str]]:
    """Return how many answers went from which state to which."""
    return Counter((each.before[0], each.after[0]) for each in found if not each.problem)


def as_csv(session: Session, rereading_id: int) -> bytes:
    """Return every difference as CSV, as the other lists of the office: UTF-8 with a byte order mark, in Chinese."""
    file, words = io.StringIO(), Words(session)
    writer = csv.writer(file)
    writer.writerow(HEAD)
    for each in differences(session, rereading_id):
        writer.writerow([plain(text) for text in _line(words, each)])
    return (BOM + file.getvalue()).encode()


def _of(session: Session, rows: Sequence[tuple[RereadPage, Page, str]]) -> Iterator[Difference]:
    ids = [key for row, _, _ in rows for key in (row.before_id, row.after_id) if key is not None]
    said: dict[int, dict[str, Value]] = defaultdict(dict)
    for answer in session.scalars(select(Answer).where(Answer.reading_id.in_(ids))):
        said[answer.reading_id][answer.question] = (answer.state, answer.choice, answer.probability)
    decided = _decided(session, [page.id for _, page, _ in rows])
    for row, page, filename in rows:
        whole = Difference(page.id, page.sheet or "", filename, page.index, problem=row.problem)
        if row.problem:
            yield whole
            continue
        before, after = said[row.before_id or 0], said[row.after_id or 0]
        names = differing(*({name: value[:2] for name, value in each.items()} for each in (before, after)))
        none = ("", "", 0.0)
        for name in names:
            old, new, stays = before.get(name, none), after.get(name, none), (page.id, name) in decided
            yield replace(whole, question=name, before=old, after=new, decided=stays)


def _decided(session: Session, page_ids: Sequence[int]) -> set[tuple[int, str]]:
    newest = answers.newest_decisions().where(Decision.page_id.in_(page_ids))
    query = select(Decision.page_id, Decision.question).where(Decision.id.in_(newest), answers.settled())
    return {(page_id, question) for page_id, question in session.execute(query)}


def _line(words: Words, each: Difference) -> list[str]:
    place = [each.filename, str(each.index), readable(each.sheet) if each.sheet else ""]
    if each.problem:
        told = PAGE_WORDS.get(each.problem, f"新版本未能识读：{each.problem}")
        return [*place, "", "", "", "", "", "", told]
    values = [
        text
        for state, choice, sure in (each.before, each.after)
        for text in (words.said(each.page_id, each.question, state, choice), f"{sure:.4f}")
    ]
    return [*place, words.question(each.page_id, each.question), *values, STAYS if each.decided else "", ""]
