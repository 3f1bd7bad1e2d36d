"""三、群众意见建议 of the summary tables: merged opinions with how often they were said, then those nobody merged.

No line tells a sheet, a class of raters or an order. Opinions that were set aside stand nowhere.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Opinion
from webapp.papers.paper import Cell, Row, Table
from webapp.services import counting, merging, tally
from webapp.services.answers import void_sheets
from webapp.services.merging import CATEGORIES, ORIGINS
from webapp.services.result_tables import label
from webapp.services.tally import Results

EMPTY_ROWS = 5  # ruled rows for the pen
HEAD = ("序号", "意见建议（归并后）", "类别", "涉及项目", "提出\n次数", "来源")
OWN_HEAD = ("序号", "意见建议（归并、去身份后）", "提出\n次数", "来源")


@dataclass(frozen=True, slots=True)
class OpinionLine:
    """An opinion as a summary tells it. ``category`` is "" and ``item`` None while nobody merged it."""

    text: str
    number: int
    origins: tuple[str, ...]
    category: str = ""
    item: int | None = None
    own: bool = True  # it is about this subject; else about all of its kind
    merged_id: int | None = None


def lines(session: Session, results: Results, subject: str) -> list[OpinionLine]:
    """Return the opinions about a subject, merged ones first, most often said first."""
    about = results.ref.form.about
    found = merging.desk(session, results.meeting.id)
    merged = [
        OpinionLine(
            each.text, each.number, each.origins, CATEGORIES[each.category], each.item, each.subject == subject, each.id
        )
        for each in merging.merged_about(found, about, subject)
    ]
    loose: Counter[tuple[str, str, bool]] = Counter()
    for raw in found.waiting:
        if raw.about == about and raw.subject in ("", subject):
            loose[raw.text, ORIGINS[raw.origin], raw.subject == subject] += 1
    whole = results.subject is None and subject != ""  # of a roster: written about all whose names it has
    for text, number in confirmed(session, results, "" if whole else subject).items():
        loose[text, ORIGINS[merging.SHEET], not whole] += number
    ordered = sorted(loose.items(), key=lambda pair: (-pair[1], pair[0]))
    return [*merged, *(OpinionLine(text, number, (origin,), own=own) for (text, origin, own), number in ordered)]


def confirmed(session: Session, results: Results, subject: str) -> Counter[str]:
    """Return the texts that a person has confirmed and that have not left their sheets, with how often they stand."""
    pages = counting.counting_pages(tally.scope_of(results.meeting.id, results.ref, subject))
    query = select(Opinion.text).join(pages, pages.c.id == Opinion.page_id)
    texts = session.scalars(query.where(Opinion.state == "confirmed", pages.c.sheet.not_in(void_sheets())))
    return Counter(text.strip() for text in texts if text.strip())


def table(found: list[OpinionLine]) -> Table:
    """Return the table of S-A."""
    rows: list[Row] = [
        (
            Cell(number), Cell(each.text, align="left"), Cell(each.category),
            Cell(f"第{each.item}项" if each.item else ""), Cell(each.number), Cell("、\n".join(each.origins)),
        )
        for number, each in enumerate(found, 1)
    ]  # fmt: skip
    rows += [(Cell(),) * len(HEAD)] * max(0, EMPTY_ROWS - len(rows))
    return Table((3, 25, 6, 6, 4, 8), tuple(rows), (tuple(label(word) for word in HEAD),), row_mm=8)


def own_table(found: list[OpinionLine]) -> Table:
    """Return the table of S-M."""
    rows: list[Row] = [
        (Cell(number), Cell(each.text, align="left"), Cell(each.number), Cell("、\n".join(each.origins)))
        for number, each in enumerate(found, 1)
    ]
    rows += [(Cell(),) * len(OWN_HEAD)] * max(0, EMPTY_ROWS - len(rows))
    return Table((4, 36, 4, 8), tuple(rows), (tuple(label(word) for word in OWN_HEAD),), row_mm=8)
