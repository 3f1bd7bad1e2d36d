"""Rows of a stack that was read, written straight into the tables: for tests of what comes after the reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy.orm import Session

from forms import layout as layouts
from forms.code import new_sheet
from webapp.models import (
    Answer,
    Batch,
    Decision,
    HeadCount,
    IssuedSheet,
    Layout,
    Page,
    PrintFile,
    PrintRun,
    Reading,
    Ruling,
    Scan,
    now,
)

Mark = tuple[str, str]  # (state, choice)


@dataclass
class Desk:
    """Adds print runs and the pages that came back from them, as one user, in one batch a standing."""

    session: Session
    user_id: int
    batches: dict[bool, Scan] = field(default_factory=dict)  # withdrawn? → the scan of that batch
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def print_run(
        self, meeting_id: int, survey_id: int, layout: layouts.Layout, *, subject: str = "", copies: int = 0
    ) -> PrintRun:
        if self.session.get(Layout, layout.digest) is None:
            self.session.add(Layout(digest=layout.digest, form=layout.form, source=layout.dumps()))
            self.session.flush()
        run = PrintRun(
            meeting_id=meeting_id,
            survey_id=survey_id,
            layout_digest=layout.digest,
            subject=subject,
            created_by=self.user_id,
        )
        self.session.add(run)
        self.session.flush()
        file = PrintFile(print_run_id=run.id, copies=copies, state="done", created_by=self.user_id)
        self.session.add(file)
        self.session.flush()
        return run

    def issue(self, run: PrintRun) -> str:
        sheet = new_sheet(run.layout_digest)
        file = self.session.query(PrintFile.id).filter_by(print_run_id=run.id).scalar()
        self.session.add(IssuedSheet(sheet=sheet, print_run_id=run.id, print_file_id=file))
        return sheet

    def page(
        self,
        run: PrintRun,
        sheet: str,
        answers: Mapping[str, Mark] | None,
        *,
        sheet_page: int = 1,
        standing: str = "counts",
        withdrawn: bool = False,
    ) -> Page:
        """Add a page; ``answers`` None makes one that was keyed in by hand."""
        keyed = answers is None
        page = Page(
            scan_id=None if keyed else self._scan(withdrawn).id,
            index=next(self.numbers),
            state="keyed" if keyed else "read",
            print_run_id=run.id,
            sheet=sheet,
            sheet_page=sheet_page,
            standing=standing,
        )
        self.session.add(page)
        self.session.flush()
        if answers is not None:
            reading = Reading(page_id=page.id, reader="1.0", status="read", value={})
            self.session.add(reading)
            self.session.flush()
            page.reading_id = reading.id
            self.session.add_all(
                Answer(reading_id=reading.id, question=question, state=state, choice=choice, probability=0.99)
                for question, (state, choice) in answers.items()
            )
            page.doubts = sum(state in ("multiple", "unsure") for state, _ in answers.values())
        return page

    def decide(self, page: Page, question: str, marks: Sequence[Mark], origin: str = "review") -> None:
        for state, choice in marks:
            self.session.add(
                Decision(
                    page_id=page.id, question=question, state=state, choice=choice, origin=origin, user_id=self.user_id
                )
            )
            self.session.flush()

    def rule(self, sheet: str, kinds: Sequence[str]) -> None:
        for kind in kinds:
            self.session.add(Ruling(sheet=sheet, kind=kind, user_id=self.user_id, note="两人裁定"))
            self.session.flush()

    def heads(self, meeting_id: int, numbers: Mapping[tuple[str, str, str], int]) -> None:
        for (kind, form, who), number in numbers.items():
            self.session.add(
                HeadCount(
                    meeting_id=meeting_id, kind=kind, form=form, rater_class=who, number=number, user_id=self.user_id
                )
            )

    def _scan(self, withdrawn: bool) -> Scan:
        if withdrawn not in self.batches:
            batch = Batch(origin="upload", withdrawn_at=now() if withdrawn else None)
            self.session.add(batch)
            self.session.flush()
            scan = Scan(batch_id=batch.id, sha256=f"{withdrawn:064d}", filename="stack.pdf", bytes=1, state="read")
            self.session.add(scan)
            self.session.flush()
            self.batches[withdrawn] = scan
        return self.batches[withdrawn]


# The worked figures of the pages' design: they hang together, and every paper of them can be added up by hand.
CHOICES = ("satisfied", "fairly", "basically", "dissatisfied")
ITEM_COUNTS = {"q1": (187, 71, 24, 7, 3, 1), "q2": (168, 82, 29, 9, 4, 1), "q3": (179, 78, 26, 6, 2, 2)}
CLASS_COUNTS_Q3 = {
    "staff": (146, 58, 20, 4, 1, 2),
    "student": (31, 18, 4, 2, 1, 0),
    "": (2, 2, 2, 0, 0, 0),
}
HEADS = {
    ("expected", "", "staff"): 256,
    ("expected", "", "student"): 60,
    ("present", "", "staff"): 238,
    ("present", "", "student"): 58,
    ("issued", "org", "staff"): 238,
    ("issued", "org", "student"): 58,
    ("spoiled", "org", ""): 3,
    ("spare", "org", ""): 31,
}


def columns(counts: Sequence[int]) -> list[Mark]:
    """Unroll counts of the four choices, blank and invalid into one mark a sheet."""
    marks = [*(("answered", choice) for choice in CHOICES), ("blank", ""), ("invalid", "")]
    return [mark for mark, number in zip(marks, counts, strict=True) for _ in range(number)]


def worked_meeting(desk: Desk, meeting_id: int, survey_id: int, layout: layouts.Layout, subject: str) -> PrintRun:
    """Write the worked figures: 330 printed, 294 returned, one of them void."""
    run = desk.print_run(meeting_id, survey_id, layout, subject=subject, copies=330)
    desk.heads(meeting_id, HEADS)
    third = [(who, mark) for who, counts in CLASS_COUNTS_Q3.items() for mark in columns(counts)]
    for first, second, (who, mark) in zip(columns(ITEM_COUNTS["q1"]), columns(ITEM_COUNTS["q2"]), third, strict=True):
        sheet = desk.issue(run)
        rater = ("answered", who) if who else ("blank", "")
        marks = {"rater_class": rater, "q1": first, "q2": second, "q3": mark}
        # what a person ruled invalid, the machine had seen as too many marks
        read = {q: ("multiple", "satisfied,fairly") if m[0] == "invalid" else m for q, m in marks.items()}
        page = desk.page(run, sheet, read)
        for question, ruled in marks.items():
            if ruled[0] == "invalid":
                desk.decide(page, question, [ruled])
        page.doubts = 0
    void = desk.issue(run)
    desk.page(
        run, void, {"rater_class": ("answered", "staff"), **dict.fromkeys(ITEM_COUNTS, ("answered", "satisfied"))}
    )
    desk.rule(void, ["void"])
    return run
