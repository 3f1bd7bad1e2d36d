"""Two persons at one mark: the second is blind, agreement holds, disagreement goes to the scrutineer."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from webapp.errors import Conflict, InvalidInput
from webapp.jobs import open_office
from webapp.models import Answer, Campaign, Decision, Page, Procedure, Reading, User
from webapp.services import answers, procedures, review, sheet_rulings
from webapp.services.review import Verdict
from webapp.settings import load

SATISFIED = Verdict("answered", ("satisfied",))
FAIRLY = Verdict("answered", ("fairly",))
INVALID = Verdict("invalid")
WHY = Verdict("answered", ("satisfied",), "两道都看得清，后划的为准")


def switch_on(office):
    with office.db.begin() as session:
        campaign = session.scalars(select(Campaign)).first()
        author = session.scalars(select(User)).first().id
        row = Procedure(campaign_id=campaign.id, two_persons=True, check_percent=5, check_sheets=30, user_id=author)
        session.add(row)


@pytest.fixture
def people(office, user):
    switch_on(office)
    with office.db.begin() as session:
        rows = [User(name=name, display_name=name, password_hash="!") for name in ("王强", "周正", "李宏")]
        session.add_all(rows)
    return [user.id, *(row.id for row in rows)]


def decide(office, page_id, question, verdict, who, seen=None):
    return review.decide(office, page_id=page_id, question=question, verdict=verdict, user_id=who, seen=seen)


def stands(office, page_id, question):
    with office.db.read() as session:
        held = answers.effective(session, [page_id])[page_id, question]
        return held.state, held.choice, held.source, session.get_one(Page, page_id).doubts


def stage(office, decision_id):
    with office.db.read() as session:
        return session.get_one(Decision, decision_id).stage


def test_first_of_two__holds_for_nobody_and_waits_for_another(office, meeting, pages, people):
    newest = decide(office, pages[1], "q3", SATISFIED, people[0])
    assert stage(office, newest) == "first"
    assert stands(office, pages[1], "q3") == ("unsure", "", "machine", 1)
    first, second = (review.queue(office, meeting.id, who) for who in people[:2])
    assert [queue.items[0].for_me for queue in (first, second)] == [False, True]
    assert (first.waiting, first.mine, second.mine) == (4, 3, 4)


def test_second_says_the_same__it_holds(office, pages, people):
    decide(office, pages[1], "q3", SATISFIED, people[0])
    newest = decide(office, pages[1], "q3", SATISFIED, people[1])
    assert stage(office, newest) == "agreed"
    assert stands(office, pages[1], "q3") == ("answered", "satisfied", "person", 0)


def test_second_differs__it_waits_for_the_scrutineer_whose_ruling_holds(office, pages, people):
    decide(office, pages[1], "q3", SATISFIED, people[0])
    newest = decide(office, pages[1], "q3", FAIRLY, people[1])
    assert stage(office, newest) == "differs"
    assert stands(office, pages[1], "q3") == ("unsure", "", "machine", 1)
    for who in people[:3]:
        with pytest.raises(Conflict, match="with-scrutineer"):
            decide(office, pages[1], "q3", FAIRLY, who, newest)
    with pytest.raises(InvalidInput, match="ruling-needs-reason"):
        rule_on(office, pages[1], SATISFIED, people[2], newest)
    with pytest.raises(Conflict, match="rules-own-decision"):
        rule_on(office, pages[1], WHY, people[0], newest)
    rule_on(office, pages[1], WHY, people[2], newest)
    assert stands(office, pages[1], "q3") == ("answered", "satisfied", "person", 0)
    with pytest.raises(Conflict, match="ruled-by-scrutineer"):
        decide(office, pages[1], "q3", FAIRLY, people[1], newest + 1)


def rule_on(office, page_id, verdict, who, seen):
    return review.rule(office, page_id=page_id, question="q3", verdict=verdict, user_id=who, seen=seen)


def test_ruling_where_nobody_differs__is_refused(office, pages, people):
    with pytest.raises(Conflict, match="nothing-to-rule"):
        rule_on(office, pages[1], WHY, people[2], None)


def test_both_opened_before_either_saved__the_later_is_the_blind_second(office, pages, people):
    decide(office, pages[1], "q3", SATISFIED, people[0], None)
    assert stage(office, decide(office, pages[1], "q3", SATISFIED, people[1], None)) == "agreed"


def test_first_changes_his_mind__he_is_still_the_first(office, pages, people):
    one = decide(office, pages[1], "q3", SATISFIED, people[0])
    two = decide(office, pages[1], "q3", FAIRLY, people[0], one)
    assert stage(office, two) == "first"
    assert stage(office, decide(office, pages[1], "q3", FAIRLY, people[1])) == "agreed"


def test_unclear_mark__one_person_suffices_unless_he_says_invalid(office, pages, people):
    one = decide(office, pages[3], "q3", SATISFIED, people[0])
    assert (stage(office, one), stands(office, pages[3], "q3")[0]) == ("", "answered")
    two = decide(office, pages[3], "q3", INVALID, people[0], one)
    assert (stage(office, two), stands(office, pages[3], "q3")) == ("first", ("unsure", "", "machine", 1))


def test_sure_mark_called_invalid__enters_the_queue_for_a_second(office, meeting, pages, people):
    decide(office, pages[0], "q1", INVALID, people[0])
    item = review.queue(office, meeting.id, people[1]).items[-1]
    assert (item.page_id, item.question, item.kind, item.for_me) == (pages[0], "q1", review.Kind.INVALID, True)
    decide(office, pages[0], "q1", INVALID, people[1])
    assert stands(office, pages[0], "q1") == ("invalid", "", "person", 0)


def test_undo_by_the_second__the_first_waits_again_and_nobody_may_undo_it_but_himself(office, pages, people):
    decide(office, pages[1], "q3", SATISFIED, people[0])
    two = decide(office, pages[1], "q3", SATISFIED, people[1])
    back = review.undo(office, page_id=pages[1], question="q3", user_id=people[1], seen=two)
    assert (stage(office, back), stands(office, pages[1], "q3")[3]) == ("first", 1)
    with pytest.raises(Conflict, match="first-of-another"):
        review.undo(office, page_id=pages[1], question="q3", user_id=people[1], seen=back)
    review.undo(office, page_id=pages[1], question="q3", user_id=people[0], seen=back)
    assert stands(office, pages[1], "q3")[:2] == ("multiple", "satisfied,basically")


def test_office_with_one_reviewer__one_person_suffices(office, pages, people):
    with office.db.read() as session:
        campaign_id = session.scalars(select(Campaign.id)).first()
    procedures.change(office, campaign_id, procedures.How(two_persons=False), user_id=people[0], why="只有一人")
    assert stage(office, decide(office, pages[1], "q3", SATISFIED, people[0])) == ""


def test_void_sheet__two_persons_or_the_scrutineer(office, meeting, pages, people):
    with office.db.read() as session:
        sheet = session.get_one(Page, pages[0]).sheet

    def void():
        with office.db.read() as session:
            return answers.is_void(session, sheet)

    sheet_rulings.void(office, sheet=sheet, note="写了姓名", user_id=people[0])
    assert not void()
    assert sheet_rulings.valid(office, sheet=sheet, user_id=people[1]) == "differs"
    with pytest.raises(Conflict, match="with-scrutineer"):
        sheet_rulings.void(office, sheet=sheet, note="写了姓名", user_id=people[3])
    with office.db.read() as session:
        assert [row[1] for row in sheet_rulings.differing(session, meeting.id)] == [sheet]
    sheet_rulings.settle(office, sheet=sheet, kind="void", note="确有签名", user_id=people[2])
    assert void()


def test_void_that_both_say__holds_and_its_taking_back_needs_two_again(office, pages, people):
    with office.db.read() as session:
        sheet = session.get_one(Page, pages[0]).sheet
    sheet_rulings.void(office, sheet=sheet, note="撕破", user_id=people[0])
    assert sheet_rulings.void(office, sheet=sheet, note="撕破", user_id=people[1]) == "agreed"
    assert sheet_rulings.valid(office, sheet=sheet, user_id=people[0]) == "first"
    with office.db.read() as session:
        assert answers.is_void(session, sheet)


def test_second_reviewer__finds_the_first_decision_nowhere(office, meeting, pages, people, enter):
    first, second = enter("甲一", "scanner"), enter("乙二", "scanner")
    noted = Verdict("answered", ("satisfied",), "先划后改")
    decide(office, pages[1], "q3", noted, first.id)
    shown = {}
    for person in (first, second):
        texts = [person.get(path).get_data(as_text=True) for path in (
            f"/review/{pages[1]}/q3", f"/meetings/{meeting.id}/review", f"/pages/{pages[1]}", f"/review/{pages[1]}/q2",
        )]  # fmt: skip
        shown[person.name] = "".join(texts)
    assert "先划后改" in shown["甲一"]
    assert "先划后改" not in shown["乙二"]
    assert 'value="choice:satisfied" data-key="1" checked' in shown["甲一"]
    page = second.get(f"/review/{pages[1]}/q3").get_data(as_text=True)
    assert " checked" not in page
    assert "rv-steps" not in page


def test_mark_that_somebody_has_open__shows_his_name(office, meeting, pages, people, enter):
    first, second = enter("甲一", "scanner"), enter("乙二", "scanner")
    first.get(f"/review/{pages[1]}/q3")
    assert "甲一" in second.get(f"/review/{pages[1]}/q3").get_data(as_text=True)
    assert review.queue(office, meeting.id, second.id).next_waiting(None).page_id != pages[1]
    assert first.post(f"/review/{pages[1]}/lease", {"question": "q3"}).status_code == 204


def test_last_doubt_decided__the_start_page_offers_to_undo_it(office, meeting, pages, people, enter):
    person = enter("甲一", "scanner")
    decide(office, pages[3], "q3", SATISFIED, person.id)
    page = person.get(f"/meetings/{meeting.id}/review").get_data(as_text=True)
    assert f'action="/review/{pages[3]}/undo"' in page


VERDICTS = st.sampled_from([SATISFIED, FAIRLY, Verdict("blank"), INVALID])


class TwoReviewersAndAReader(RuleBasedStateMachine):
    """Any interleaving of two reviewers, a scrutineer and a reader that reads the page again."""

    template: Path

    @initialize()
    def start(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pingyi-two-"))
        self.office = open_office(
            load(shutil.copytree(self.template, self.folder / "instance"), environ={}, inline_jobs=True)
        )
        switch_on(self.office)
        with self.office.db.begin() as session:
            rows = [User(name=name, display_name=name, password_hash="!") for name in ("甲", "乙", "监")]
            session.add_all(rows)
            session.flush()
            self.people = [row.id for row in rows]
            self.page = session.scalars(select(Page.id).order_by(Page.index)).all()[1]
        self.said = []

    def teardown(self):
        if hasattr(self, "office"):
            self.office.db.close()
            shutil.rmtree(self.folder)

    @staticmethod
    def tried(deed):
        """Return what a deed gave, and the code of its refusal."""
        try:
            return deed(), ""
        except (Conflict, InvalidInput) as refusal:
            return None, refusal.code

    def newest(self):
        with self.office.db.read() as session:
            rows = review.history(session, self.page, "q3")
            return rows[-1][0].id if rows else None

    @rule(who=st.sampled_from([0, 1]), verdict=VERDICTS)
    def says(self, who, verdict):
        row, code = self.tried(lambda: decide(self.office, self.page, "q3", verdict, self.people[who], self.newest()))
        if row is None:
            assert code in ("with-scrutineer", "ruled-by-scrutineer")
            return
        self.said.append((row, verdict, self.people[who]))

    @rule(who=st.sampled_from([0, 1]))
    def undoes(self, who):
        seen, who = self.newest(), self.people[who]
        row, code = self.tried(
            lambda: review.undo(self.office, page_id=self.page, question="q3", user_id=who, seen=seen)
        )
        allowed = ("with-scrutineer", "ruled-by-scrutineer", "first-of-another", "nothing-to-undo")
        assert row is not None or code in allowed

    @rule(verdict=VERDICTS)
    def rules(self, verdict):
        said = Verdict(verdict.state, verdict.choice, "看原件")
        row, code = self.tried(lambda: rule_on(self.office, self.page, said, self.people[2], self.newest()))
        if row is None:
            assert code == "nothing-to-rule"
            return
        self.said.append((row, verdict, self.people[2]))

    @rule(state=st.sampled_from(["answered", "multiple", "unsure"]))
    def reads_again(self, state):
        with self.office.db.begin() as session:
            page = session.get_one(Page, self.page)
            old = page.reading
            row = Reading(page_id=page.id, reader=old.reader, attempt=len(session.scalars(
                select(Reading.id).where(Reading.page_id == page.id)).all()) + 1, status="read",
                layout_digest=old.layout_digest, value=old.value)  # fmt: skip
            session.add(row)
            session.flush()
            for answer in session.scalars(select(Answer).where(Answer.reading_id == old.id)).all():
                changed = answer.question == "q3"
                session.add(Answer(
                    reading_id=row.id, question=answer.question, state=state if changed else answer.state,
                    choice="satisfied" if changed else answer.choice, probability=0.99,
                ))  # fmt: skip
            page.reading_id = row.id
            answers.recount(session, page)

    @invariant()
    def nothing_is_lost_and_the_state_is_allowed(self):
        if not hasattr(self, "page"):
            return
        with self.office.db.read() as session:
            rows = [row for row, _ in review.history(session, self.page, "q3")]
            kept = {row.id: (row.state, row.choice, row.user_id) for row in rows}
            last = review.last_standing(session, self.page, "q3")
            held = answers.effective(session, [self.page])[self.page, "q3"]
            doubts = session.get_one(Page, self.page).doubts
        for row, verdict, who in self.said:
            assert kept[row] == (verdict.state, ",".join(verdict.choice), who)
        if last is None:
            assert held.source == "machine"
            return
        assert (rows[-1].stage, rows[-1].state, rows[-1].choice) == (last.stage, last.state, last.choice)
        if last.stage in ("first", "differs"):
            assert (held.state, held.source, doubts) == ("unsure", "machine", 1)
        else:
            assert (held.state, held.choice, held.source, doubts) == (last.state, last.choice, "person", 0)
        if last.stage == "agreed":
            both = [row for row in rows if row.undoes is None and (row.state, row.choice) == (last.state, last.choice)]
            assert len({row.user_id for row in both}) == 2


def test_any_interleaving_of_two_reviewers_and_a_reader__loses_no_decision(read_stack):
    machine = type("Machine", (TwoReviewersAndAReader,), {"template": read_stack})
    hypothesis.stateful.run_state_machine_as_test(
        machine, settings=hypothesis.settings(max_examples=15, stateful_step_count=12, deadline=None)
    )
