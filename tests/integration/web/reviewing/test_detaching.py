"""A confirmed opinion leaves its sheet, and nothing leads back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from webapp.errors import Conflict, NotFound
from webapp.models import Opinion, OpinionText, Page, TrailRow
from webapp.services import detaching, opinions, reports, sheet_rulings, tally

WORDS = [f"食堂第{number}条" for number in range(detaching.LOT)]


@pytest.fixture
def written(office, meeting, pages) -> list[int]:
    """As many opinions as a lot has and one more, on the pages of the stack."""
    with office.db.begin() as session:
        session.query(Opinion).delete()
        rows = [
            Opinion(page_id=pages[n % len(pages)], region=f"r{n}", state="proposed") for n in range(detaching.LOT + 1)
        ]
        session.add_all(rows)
    return [row.id for row in rows]


def all_texts(office) -> list[OpinionText]:
    """The detached texts."""
    with office.db.read() as session:
        return list(session.scalars(select(OpinionText)))


def test_less_than_a_lot__stays_with_its_sheets(office, meeting, user, written) -> None:
    for opinion_id, text in zip(written[: detaching.LOT], WORDS, strict=True):
        opinions.confirm(office, opinion_id, text=text, user_id=user.id)
    assert all_texts(office) == []
    opinions.reopen(office, written[0])


def test_lot_that_is_full__leaves_all_but_the_newest_and_keeps_no_link(office, meeting, user, written) -> None:
    for opinion_id, text in zip(written, [*WORDS, "最后"], strict=True):
        opinions.confirm(office, opinion_id, text=text, user_id=user.id)
    assert sorted(row.text for row in all_texts(office)) == sorted(WORDS)
    with office.db.read() as session:
        left = list(session.scalars(select(Opinion).where(Opinion.state == "detached")))
        assert len(left) == detaching.LOT
        assert {(row.text, row.engine, row.confirmed_by, row.confirmed_at) for row in left} == {("", "", None, None)}
        assert all(row.proposal == [] for row in left)
    columns = {column.name for column in OpinionText.__table__.columns}
    assert columns == {"id", "meeting_id", "survey_id", "subject", "region", "text", "day"}
    assert sorted(opinions.confirmed_texts(office, meeting.id)) == sorted([*WORDS, "最后"])


def test_order_of_the_texts__is_not_that_of_the_sheets(office, meeting, user, written) -> None:
    """Eight texts fall into one order of 40,320: with ten shuffles the chance of none being other is nil."""
    seen = set()
    for _ in range(10):
        with office.db.begin() as session:
            for row in session.scalars(select(OpinionText)):
                session.delete(row)
            for opinion_id, text in zip(written, WORDS, strict=False):
                row = session.get_one(Opinion, opinion_id)
                row.state, row.text = "confirmed", text
        detaching.finish(office, meeting.id)
        with office.db.read() as session:
            added = select(TrailRow.object).where(
                TrailRow.object.startswith("opinion_text:"), TrailRow.action == "added"
            )
            names = list(session.scalars(added.order_by(TrailRow.id.desc()).limit(detaching.LOT)))
            by_id = {f"opinion_text:{row.id}": row.text for row in session.scalars(select(OpinionText))}
        seen.add(tuple(by_id[name] for name in names))
    assert len(seen) > 1


def test_text_of_an_opinion__is_nowhere_in_the_trail(office, meeting, user, written) -> None:
    opinions.confirm(office, written[0], text="食堂太贵", user_id=user.id)
    detaching.finish(office, meeting.id)
    with office.db.read() as session:
        rows = list(session.scalars(select(TrailRow)))
    assert not [row for row in rows if "食堂" in f"{row.facts}{row.why}{row.object}"]
    assert [row.facts for row in rows if row.action == "detached"] == ['{"opinions":1}']


def test_emptied_text__is_not_left_in_the_file(office, meeting, user, written) -> None:
    opinions.confirm(office, written[0], text="食堂师傅手抖得厉害", user_id=user.id)
    detaching.finish(office, meeting.id)
    with office.db.begin() as session:
        for row in session.scalars(select(OpinionText)):
            session.delete(row)
    with office.db.read() as session:
        session.connection().exec_driver_sql("pragma wal_checkpoint(truncate)")
    content = (office.settings.instance / "pingyi.sqlite3").read_bytes()
    assert "食堂师傅手抖得厉害".encode() not in content


def test_detached_opinion__cannot_be_opened_again_nor_looked_at(office, meeting, user, written) -> None:
    opinions.confirm(office, written[0], text="食堂太贵", user_id=user.id)
    detaching.finish(office, meeting.id)
    with pytest.raises(Conflict, match="opinion-detached"):
        opinions.reopen(office, written[0])
    with pytest.raises(NotFound, match="opinion-detached"):
        opinions.region_image(office, written[0])
    assert written[0] not in [entry.opinion.id for entry in opinions.entries(office, meeting.id)]
    assert opinions.progress(office, meeting.id).detached == 1


def test_better_image_of_the_same_sheet__is_not_transcribed_twice(office, meeting, user, written) -> None:
    opinions.confirm(office, written[0], text="食堂太贵", user_id=user.id)
    detaching.finish(office, meeting.id)
    with office.db.begin() as session:
        done = session.get_one(Opinion, written[0])
        old = session.get_one(Page, done.page_id)
        again = Page(
            index=99, state="read", standing="counts", sheet=old.sheet, sheet_page=old.sheet_page,
            print_run_id=old.print_run_id,
        )  # fmt: skip
        session.add(again)
        session.flush()
        session.add(Opinion(page_id=again.id, region=done.region))
    assert len(opinions.entries(office, meeting.id)) == len(written) - 1


def test_opinion_on_a_void_sheet__stays_with_it(office, meeting, user, written) -> None:
    opinions.confirm(office, written[0], text="食堂太贵", user_id=user.id)
    with office.db.read() as session:
        sheet = session.get_one(Page, session.get_one(Opinion, written[0]).page_id).sheet
    sheet_rulings.void(office, sheet=sheet, note="撕破", user_id=user.id)
    assert detaching.finish(office, meeting.id) == 0


def test_summary__counts_detached_texts_with_the_others(office, meeting, user, written) -> None:
    results = tally.results(office, meeting.id)
    subject = results.subjects[0]
    for opinion_id in written[:2]:
        opinions.confirm(office, opinion_id, text="食堂太贵", user_id=user.id)
    detaching.finish(office, meeting.id)
    opinions.confirm(office, written[2], text="食堂太贵", user_id=user.id)
    with office.db.read() as session:
        assert reports.confirmed_opinions(session, results, subject) == {"食堂太贵": 3}


def test_look_at_handwriting__is_told_by_session_and_count(office, meeting, enter) -> None:
    person = enter("钱誊", "transcriber")
    assert person.get(f"/meetings/{meeting.id}/opinions").status_code == 200
    with office.db.read() as session:
        row = session.scalars(select(TrailRow).where(TrailRow.action == "viewed")).one()
        number = session.scalar(select(func.count()).select_from(Opinion))
    assert row.object == f"meeting:{meeting.id}"
    assert row.user_id == person.id
    assert "opinion" not in row.facts
    assert number
