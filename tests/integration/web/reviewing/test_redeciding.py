"""Another bar of certainty: judged again from stored evidence, shown first, added as readings; decisions stay."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from omr.judge import judge
from webapp.errors import InvalidInput
from webapp.models import Answer, Page, Reading, RuleChange
from webapp.services import answers, redeciding, review, tally
from webapp.services.review import Verdict


@pytest.fixture
def as_read(office, pages):
    """The machine's answers as the reader gave them: ``marked`` pins doubts, which no judge would say again."""
    with office.db.begin() as session:
        for page_id in pages:
            page = session.get_one(Page, page_id)
            value = page.reading.value
            said = judged(value, None)
            questions = {
                name: {
                    **told,
                    "state": str(said[name].state),
                    "choice": list(said[name].choice),
                    "probability": said[name].probability,
                }
                for name, told in value["questions"].items()
            }
            row = Reading(
                page_id=page_id,
                reader=page.reading.reader,
                attempt=2,
                status="read",
                layout_digest=page.reading.layout_digest,
                value={**value, "questions": questions},
            )
            session.add(row)
            session.flush()
            session.add_all(
                Answer(reading_id=row.id, question=name, state=str(each.state), choice=",".join(each.choice),
                       probability=each.probability) for name, each in said.items()
            )  # fmt: skip
            page.reading_id = row.id
            answers.recount(session, page)
    return pages


def judged(value, bar):
    evidence = {
        question: {box: tuple(each["evidence"]) for box, each in told["boxes"].items()}
        for question, told in value["questions"].items()
    }
    one_bit = any(fault["code"] == "one-bit" for fault in value["faults"])
    return judge(evidence, redeciding.judge_settings(bar), one_bit=one_bit)


def in_force(office, page_id):
    with office.db.read() as session:
        page = session.get_one(Page, page_id)
        rows = session.scalars(select(Answer).where(Answer.reading_id == page.reading_id))
        return {row.question: (row.state, row.choice) for row in rows}


@pytest.mark.parametrize("bar", [0.5, 0.8, 0.95, 0.99, 0.9995])
def test_any_bar__says_what_the_judge_says_of_the_stored_evidence(office, meeting, as_read, user, bar):
    redeciding.apply(office, meeting.id, bar=bar, rules={}, user_id=user.id, why="试线")
    for page_id in as_read:
        with office.db.read() as session:
            own = session.scalars(select(Reading).where(Reading.page_id == page_id, Reading.attempt == 2)).one()
        expected = {name: (str(said.state), ",".join(said.choice)) for name, said in judged(own.value, bar).items()}
        assert {name: told(value) for name, value in in_force(office, page_id).items()} == {
            name: told(value) for name, value in expected.items()
        }


def told(value):
    """What is counted of an answer: the candidates of one that is unsure are only shown."""
    return ("unsure", "") if value[0] == "unsure" else value


def test_effect__is_shown_before_and_is_what_then_happens(office, meeting, as_read, user):
    with office.db.read() as session:
        shown = redeciding.effect(session, meeting.id, bar=0.9999, rules={})
        before = sum(session.get_one(Page, page_id).doubts for page_id in as_read)
    assert shown.doubts_before == before
    assert shown.changes
    done = redeciding.apply(office, meeting.id, bar=0.9999, rules={}, user_id=user.id, why="更稳妥")
    assert done == shown
    with office.db.read() as session:
        assert sum(session.get_one(Page, page_id).doubts for page_id in as_read) == shown.doubts_after
        row = session.scalars(select(RuleChange)).one()
    assert (row.bar, row.why, row.effect["doubts"]) == (0.9999, "更稳妥", [shown.doubts_before, shown.doubts_after])


def test_bar_taken_back__the_readers_own_reading_is_in_force_again_and_none_is_lost(office, meeting, as_read, user):
    before = {page_id: in_force(office, page_id) for page_id in as_read}
    redeciding.apply(office, meeting.id, bar=0.9999, rules={}, user_id=user.id, why="更稳妥")
    with office.db.read() as session:
        kept = session.scalars(select(Reading.id)).all()
    redeciding.apply(office, meeting.id, bar=None, rules={}, user_id=user.id, why="改回")
    assert {page_id: in_force(office, page_id) for page_id in as_read} == before
    with office.db.read() as session:
        assert session.scalars(select(Reading.id)).all() == kept


def test_decision_of_a_person__stays_whatever_the_bar_says(office, meeting, as_read, user):
    verdict = Verdict("answered", ("dissatisfied",))
    review.decide(office, page_id=as_read[0], question="q1", verdict=verdict, user_id=user.id, seen=None)
    found = redeciding.apply(office, meeting.id, bar=0.9999, rules={}, user_id=user.id, why="更稳妥")
    with office.db.read() as session:
        held = answers.effective(session, [as_read[0]])[as_read[0], "q1"]
    assert (held.choice, held.source) == ("dissatisfied", "person")
    assert all(change.decided == ((change.page_id, change.question) == (as_read[0], "q1")) for change in found.changes)


def test_counting_rule_of_one_meeting__shapes_its_results_alone(office, meeting, as_read, user):
    redeciding.apply(
        office, meeting.id, bar=None, rules={"headline": "not_dissatisfied"}, user_id=user.id, why="按上级口径"
    )
    assert tally.results(office, meeting.id).rules.headline == "not_dissatisfied"


@pytest.mark.parametrize(
    ("bar", "why", "code"), [(0.99, " ", "rules-need-reason"), (0.4, "x", "bad-bar"), (1.0, "x", "bad-bar")]
)
def test_change_that_can_not_be__is_refused(office, meeting, user, bar, why, code):
    with pytest.raises(InvalidInput, match=code):
        redeciding.apply(office, meeting.id, bar=bar, rules={}, user_id=user.id, why=why)


def test_page_of_rules__shows_the_effect_and_puts_it_in_force(office, meeting, as_read, enter):
    person = enter("监票", "scrutineer")
    path = f"/meetings/{meeting.id}/thresholds"
    shown = person.get(f"{path}?bar=99.99&headline=fairly&denominator=choices&turnout_percent=80")
    assert 'id="effect"' in shown.get_data(as_text=True)
    data = {"bar": "99.99", "headline": "fairly", "denominator": "choices", "turnout_percent": "80", "why": "更稳妥"}
    assert person.post(path, data).status_code == 302
    with office.db.read() as session:
        assert session.scalars(select(RuleChange)).one().bar == 0.9999
    assert enter("扫描", "scanner").get(path).status_code == 403
