"""Review: who decides what, in which order, and what holds afterwards. Real sheets, read by the real reader."""

from __future__ import annotations

import re
from collections import Counter

import cv2
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from sqlalchemy import delete, func, select

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Decision, Page, User
from webapp.services import answers, review, sheet_rulings
from webapp.services.review import Kind, Verdict

SATISFIED = Verdict("answered", ("satisfied",))
FAIRLY = Verdict("answered", ("fairly",))
BLANK = Verdict("blank")


@pytest.fixture
def other(office):
    with office.db.begin() as session:
        row = User(name="王强", display_name="王强", password_hash="!")
        session.add(row)
    return row


def effective(office, page_id, question):
    with office.db.read() as session:
        return answers.effective(session, [page_id])[page_id, question]


def doubts(office, page_id):
    with office.db.read() as session:
        return session.get_one(Page, page_id).doubts


def rows(office):
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(Decision))


def decide(office, page_id, question, verdict, user, seen=None):
    return review.decide(office, page_id=page_id, question=question, verdict=verdict, user_id=user.id, seen=seen)


def undo(office, page_id, question, user, seen):
    return review.undo(office, page_id=page_id, question=question, user_id=user.id, seen=seen)


def test_queue_of_a_read_stack__gravest_first_then_by_page(office, meeting, pages):
    queue = review.queue(office, meeting.id)
    assert [(item.page_id, item.question, item.kind) for item in queue.items] == [
        (pages[1], "q3", Kind.MULTIPLE),
        (pages[4], "q2", Kind.MULTIPLE),
        (pages[2], "q3", Kind.CANCELLED),
        (pages[3], "q3", Kind.BLANK),
    ]
    assert [doubts(office, page_id) for page_id in pages] == [0, 1, 1, 1, 1]
    assert (queue.waiting, queue.decided) == (4, 0)


def test_cancelled_box_and_bare_trace__have_their_places_in_the_order():
    def reading(*states):
        return {"boxes": {str(n): {"state": state} for n, state in enumerate(states)}}

    assert review.kind_from("multiple", "a,b", reading("marked", "cancelled")) == Kind.MULTIPLE
    assert review.kind_from("unsure", "a", reading("unsure", "cancelled")) == Kind.CANCELLED
    assert review.kind_from("unsure", "a", reading("unsure", "empty")) == Kind.UNSURE
    assert review.kind_from("unsure", "", reading("empty", "empty")) == Kind.BLANK


def test_deciding__answers_the_question_and_moves_nothing_in_the_queue(office, meeting, pages, user):
    before = review.queue(office, meeting.id)
    decide(office, pages[1], "q3", SATISFIED, user)
    after = review.queue(office, meeting.id)
    assert [(i.page_id, i.question) for i in after.items] == [(i.page_id, i.question) for i in before.items]
    assert (after.waiting, after.items[0].decided) == (3, True)
    assert effective(office, pages[1], "q3") == answers.Effective("answered", "satisfied", "person")
    assert doubts(office, pages[1]) == 0


def test_next_waiting__wraps_to_what_was_skipped(office, meeting, pages, user):
    for place in (1, 2, 3):
        item = review.queue(office, meeting.id).items[place]
        decide(office, item.page_id, item.question, BLANK, user)
    queue = review.queue(office, meeting.id)
    assert queue.next_waiting(3) == queue.items[0]
    assert queue.beside(3, 1) is None
    decide(office, queue.items[0].page_id, queue.items[0].question, BLANK, user)
    assert review.queue(office, meeting.id).next_waiting(0) is None


def test_sure_reading__can_be_corrected(office, pages, user):
    assert effective(office, pages[0], "q1") == answers.Effective("answered", "satisfied", "machine")
    decide(office, pages[0], "q1", FAIRLY, user)
    assert effective(office, pages[0], "q1") == answers.Effective("answered", "fairly", "person")


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict("answered"),
        Verdict("answered", ("satisfied", "fairly")),
        Verdict("answered", ("gladly",)),
        Verdict("blank", ("fairly",)),
        Verdict("machine"),
        Verdict("blank", (), "x" * 201),
    ],
)
def test_bad_verdict__is_refused_and_nothing_is_added(office, pages, user, verdict):
    with pytest.raises(InvalidInput, match="bad-verdict"):
        decide(office, pages[1], "q3", verdict, user)
    assert rows(office) == 0


def test_unknown_question_or_page__is_not_found(office, pages, user):
    with pytest.raises(NotFound, match="no-such-question"):
        decide(office, pages[1], "q9", BLANK, user)
    with pytest.raises(NotFound, match="no-such-page"):
        decide(office, 999, "q3", BLANK, user)


def test_stale_save__is_told_and_changes_nothing(office, pages, user, other):
    first = decide(office, pages[1], "q3", SATISFIED, user)
    with pytest.raises(Conflict, match="decided-since") as error:
        decide(office, pages[1], "q3", FAIRLY, other)
    assert (error.value.params["newest"], error.value.params["seen"]) == (first, None)
    assert effective(office, pages[1], "q3").choice == "satisfied"
    decide(office, pages[1], "q3", FAIRLY, other, seen=first)
    assert effective(office, pages[1], "q3").choice == "fairly"
    assert rows(office) == 2


def test_undo_chain__goes_back_step_by_step_to_the_machine(office, pages, user, other):
    one = decide(office, pages[1], "q3", SATISFIED, user)
    two = decide(office, pages[1], "q3", FAIRLY, other, seen=one)
    three = undo(office, pages[1], "q3", user, two)
    assert effective(office, pages[1], "q3").choice == "satisfied"
    four = undo(office, pages[1], "q3", user, three)
    assert effective(office, pages[1], "q3") == answers.Effective("multiple", "satisfied,basically", "machine")
    assert doubts(office, pages[1]) == 1
    with pytest.raises(InvalidInput, match="nothing-to-undo"):
        undo(office, pages[1], "q3", user, four)
    five = decide(office, pages[1], "q3", BLANK, user, seen=four)
    undo(office, pages[1], "q3", user, five)
    assert effective(office, pages[1], "q3").source == "machine"
    assert rows(office) == 6


def test_stale_undo__is_told(office, pages, user, other):
    one = decide(office, pages[1], "q3", SATISFIED, user)
    decide(office, pages[1], "q3", FAIRLY, other, seen=one)
    with pytest.raises(Conflict, match="decided-since"):
        undo(office, pages[1], "q3", user, one)
    assert effective(office, pages[1], "q3").choice == "fairly"


def test_last_decision_of_a_person__is_the_newest_that_still_holds(office, meeting, pages, user, other):
    one = decide(office, pages[1], "q3", SATISFIED, user)
    two = decide(office, pages[4], "q2", FAIRLY, user)
    decide(office, pages[4], "q2", BLANK, other, seen=two)
    assert review.last_of(office, meeting_id=meeting.id, user_id=user.id).id == one
    undo(office, pages[1], "q3", user, one)
    assert review.last_of(office, meeting_id=meeting.id, user_id=user.id) is None


def test_void_sheet__leaves_the_queue_and_comes_back(office, meeting, pages, user):
    with office.db.read() as session:
        sheet = session.get_one(Page, pages[1]).sheet
    with pytest.raises(InvalidInput, match="void-needs-reason"):
        sheet_rulings.void(office, sheet=sheet, note=" ", user_id=user.id)
    sheet_rulings.void(office, sheet=sheet, note="写了姓名", user_id=user.id)
    assert pages[1] not in {item.page_id for item in review.queue(office, meeting.id).items}
    assert doubts(office, pages[1]) == 0
    sheet_rulings.valid(office, sheet=sheet, user_id=user.id)
    assert doubts(office, pages[1]) == 1
    with pytest.raises(NotFound, match="no-such-sheet"):
        sheet_rulings.void(office, sheet="00000000", note="x", user_id=user.id)


def test_page_that_counts_nowhere__takes_no_decision(office, pages, user):
    with office.db.begin() as session:
        session.get_one(Page, pages[1]).standing = "withdrawn"
    with pytest.raises(Conflict, match="page-counts-nowhere"):
        decide(office, pages[1], "q3", BLANK, user)


# --- pages -------------------------------------------------------------------------------------------------------


def station(person, page_id, question):
    answer = person.get(f"/review/{page_id}/{question}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def save(person, page_id, question, verdict, seen="", note=""):
    data = {"question": question, "verdict": verdict, "seen": seen, "note": note}
    return person.post(f"/review/{page_id}/decide", data)


def test_start_page__says_what_waits_and_where_to_begin(operator, meeting, pages):
    text = operator.get(f"/meetings/{meeting.id}/review").get_data(as_text=True)
    assert "还有 4 处待裁定" in text
    assert f'id="begin" class="btn btn-primary ml-a" href="/review/{pages[1]}/q3"' in text


def test_start_page_before_any_scan__says_what_to_do(operator, empty_meeting):
    assert "还没有识读" in operator.get(f"/meetings/{empty_meeting.id}/review").get_data(as_text=True)


def test_all_decided__leads_to_the_count(operator, office, meeting, pages):
    for item in review.queue(office, meeting.id).items:
        answer = save(operator, item.page_id, item.question, "blank")
        assert answer.status_code == 302
    assert answer.location == f"/meetings/{meeting.id}/review"
    assert "4 处存疑都裁定了" in operator.get(answer.location).get_data(as_text=True)


def test_station__shows_the_machines_reading_and_no_verdict_for_a_doubt(operator, pages):
    text = station(operator, pages[1], "q3")
    assert "开展创先争优活动的总体情况" in text
    assert "满意 + 基本满意" in text
    assert " checked" not in text
    assert "第 1 处，共 4 处" in text


def test_station_of_a_sure_question__has_the_machines_choice_pressed(operator, pages):
    text = station(operator, pages[0], "q2")
    assert re.findall(r'value="([^"]+)" data-key="\d" checked', text) == ["choice:fairly"]
    assert "不在存疑之列" in text


def test_saving__goes_to_the_next_that_waits_and_keeps_both_readings(operator, pages):
    answer = save(operator, pages[1], "q3", "choice:basically", note="后划的为准")
    assert answer.location == f"/review/{pages[4]}/q2"
    text = station(operator, pages[1], "q3")
    assert "满意 + 基本满意" in text
    assert "后划的为准" in text
    assert 'value="choice:basically" data-key="3" checked' in text


def test_saving_the_same_again__adds_no_row(operator, office, pages):
    save(operator, pages[1], "q3", "blank")
    seen = re.search(r'name="seen" value="(\d+)"', station(operator, pages[1], "q3"))[1]
    assert save(operator, pages[1], "q3", "blank", seen).status_code == 302
    assert rows(office) == 1


def test_two_people_at_one_item__the_second_sees_both_and_chooses(enter, office, pages):
    first, second = enter("刘婷", "scanner"), enter("王强", "scanner")
    assert save(first, pages[1], "q3", "choice:satisfied").status_code == 302
    answer = save(second, pages[1], "q3", "choice:basically", note="笔迹更重")
    text = answer.get_data(as_text=True)
    clash = text[text.index('id="clash"') :]
    assert answer.status_code == 409
    assert "刘婷" in clash
    assert 'name="verdict" value="choice:basically"' in clash
    assert rows(office) == 1
    seen = re.search(r'name="seen" value="(\d+)"', clash)[1]
    assert save(second, pages[1], "q3", "choice:basically", seen, "笔迹更重").status_code == 302
    assert effective(office, pages[1], "q3").choice == "basically"


def test_undo_by_the_page__restores_and_stays(operator, office, pages):
    save(operator, pages[1], "q3", "blank")
    seen = re.search(r'name="seen" value="(\d+)"', station(operator, pages[1], "q3"))[1]
    answer = operator.post(f"/review/{pages[1]}/undo", {"question": "q3", "seen": seen})
    assert answer.location == f"/review/{pages[1]}/q3"
    assert effective(office, pages[1], "q3").source == "machine"


def test_page_image__is_upright_and_shows_no_handwriting(operator, office, pages):
    answer = operator.get(f"/pages/{pages[3]}/image.jpg")
    image = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image.shape == (297 * 8, 210 * 8)
    with office.db.read() as session:
        page = session.get_one(Page, pages[3])
        layout = review.layout_of(session, page).page(1)
    (region,) = layout.regions
    top, bottom = int((region.y + 1) * 8), int((region.y + region.h - 1) * 8)
    opinion = image[top:bottom, int((region.x + 1) * 8) : int((region.x + region.w - 1) * 8)]
    assert opinion.min() > 180  # the writing has 40
    outline = layout.questions[1].boxes[0]
    left = image[int(outline.cy * 8), int(outline.x * 8) : int((outline.x + outline.line) * 8) + 1]
    assert left.min() < 140


def test_image_of_a_visitor__is_refused(client, pages):
    assert client.get(f"/pages/{pages[3]}/image.jpg").status_code == 302
    assert client.get(f"/review/{pages[3]}/q3").status_code == 302


def test_kinds_of_the_stack__are_counted_by_the_start_page(operator, office, meeting, pages):
    kinds = Counter(item.kind for item in review.queue(office, meeting.id).items)
    text = operator.get(f"/meetings/{meeting.id}/review").get_data(as_text=True)
    assert kinds[Kind.MULTIPLE] == 2
    assert re.search(r"多处划记</td><td class=\"r num\">2</td><td class=\"r num\">0</td><td class=\"r num\">2", text)


# --- any order of things -----------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from(["satisfied", "basically", "blank", "invalid", "undo"]), st.booleans()
    ),
    max_size=12,
)


@hypothesis.settings(max_examples=25, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(STEPS)
def test_any_interleaving_of_two_people__ends_as_the_simple_model_says(office, pages, user, other, steps):
    """The model: a pile of verdicts; a step of somebody who has not seen the newest row is refused."""
    page_id, people = pages[1], (user, other)
    with office.db.engine.begin() as connection:  # past the trail, which no test looks at here
        connection.execute(delete(Decision.__table__))
    with office.db.begin() as session:
        review.recount(session, session.get_one(Page, page_id))
    pile, newest, count, seen = [], None, 0, [None, None]
    for who, what, looks in steps:
        if looks:
            seen[who] = newest
        try:
            if what == "undo":
                row = undo(office, page_id, "q3", people[who], seen[who])
            else:
                verdict = Verdict(what) if what in ("blank", "invalid") else Verdict("answered", (what,))
                row = decide(office, page_id, "q3", verdict, people[who], seen[who])
        except Conflict:
            assert seen[who] != newest
            continue
        except InvalidInput:
            assert (seen[who], what, pile) == (newest, "undo", [])
            continue
        assert seen[who] == newest
        newest, count, seen[who] = row, count + 1, row
        pile = pile[:-1] if what == "undo" else [*pile, what]
    held = effective(office, page_id, "q3")
    said = held.choice if held.state == "answered" else held.state
    assert (held.source, said) == (("person", pile[-1]) if pile else ("machine", "multiple"))
    assert rows(office) == count
    assert doubts(office, page_id) == (0 if pile else 1)
