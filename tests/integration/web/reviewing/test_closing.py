"""Closing: what stands in its way, what it fixes, what it refuses afterwards, who sees what before and after."""

from __future__ import annotations

import io
import zipfile

import marked
import pytest
from sqlalchemy import select, text

from webapp.errors import Conflict, InvalidInput
from webapp.models import Campaign, Closing, Page, PrintRun, User
from webapp.papers import pdf
from webapp.papers.paper import Line, Paper
from webapp.services import (
    campaigns,
    closing,
    closing_papers,
    hand_check,
    head_counts,
    intake,
    opinions,
    printing,
    redeciding,
    review,
    sheet_rulings,
    trays,
)
from webapp.services.closed import may_see_results
from webapp.services.review import Verdict

SATISFIED = Verdict("answered", ("satisfied",))


@pytest.fixture
def judge_of_it(office):
    """A scrutineer who decided nothing."""
    with office.db.begin() as session:
        row = User(name="周正一", display_name="周正", password_hash="!")
        session.add(row)
    return row


@pytest.fixture
def ready(office, meeting, pages, user, judge_of_it):
    """All is decided, counted at the meeting, and checked by hand."""
    for item in review.queue(office, meeting.id).items:
        review.decide(
            office, page_id=item.page_id, question=item.question, verdict=SATISFIED, user_id=user.id, seen=None
        )
    numbers = {
        ("expected", "", "staff"): "3", ("expected", "", "student"): "2", ("present", "", "staff"): "3",
        ("present", "", "student"): "2", ("issued", "org", "staff"): "3", ("issued", "org", "student"): "2",
        ("spoiled", "org", ""): "0", ("spare", "org", ""): "0",
    }  # fmt: skip
    head_counts.enter(office, meeting.id, numbers, user_id=user.id)
    check_by_hand(office, meeting.id, judge_of_it.id)
    return meeting


def check_by_hand(office, meeting_id, user_id, seed="六面骰 3 5 1", changed=None):
    """Read every drawn page as it is counted, one answer of ``changed`` (page, question) but otherwise."""
    hand_check.draw(office, meeting_id, user_id=user_id, seed=seed)
    with office.db.read() as session:
        found = hand_check.state(session, meeting_id)
        counted = hand_check._counted(session, [page for pages in found.sheets.values() for page in pages])
    for page_ids in found.sheets.values():
        for page_id in page_ids:
            marks = {
                question: tuple(choice.split(",")) if state == "answered" else ()
                for (page, question), (state, choice) in counted.items()
                if page == page_id
            }
            if changed and changed[0] == page_id:
                marks[changed[1]] = ("dissatisfied",)
            hand_check.enter(office, page_id, marks=marks, user_id=user_id)


def obstacles(office, meeting, who):
    with office.db.read() as session:
        return {each.code for each in closing.obstacles(session, meeting.id, who.id)}


def close(office, meeting, who, why="另有一张票留在票箱"):
    return closing.close(office, meeting.id, user_id=who.id, why=why)


def test_open_matters__are_all_told_and_stop_the_closing(office, meeting, user, judge_of_it):
    told = obstacles(office, meeting, judge_of_it)
    assert {"close-doubts", "close-no-check", "close-books-printed", "close-books-turnout-unknown"} <= told
    with pytest.raises(Conflict, match="close-doubts"):
        close(office, meeting, judge_of_it)


def test_who_decided_a_mark__can_not_close(office, ready, user):
    assert "close-decided-yourself" in obstacles(office, ready, user)
    with pytest.raises(Conflict, match="close-decided-yourself"):
        close(office, ready, user)


def test_all_is_done__the_count_closes_and_its_digest_proves_it(office, ready, judge_of_it):
    row = close(office, ready, judge_of_it)
    with office.db.read() as session:
        assert closing.is_closed(session, ready.id)
        assert closing.check(session, row).holds
        value = closing.value_of(row)
    assert (row.version, len(row.digest)) == (1, 64)
    assert len(value["answers"]) == 5 * 4
    assert value["thresholds"] == {"bar": None}
    assert [number for kind, _, _, number in value["numbers"] if kind == "present"] == [3, 2]


def test_readable_digest__is_its_first_fifty_bits():
    assert closing.readable("0" * 64) == "00000-00000"
    assert closing.readable("f" * 64) == "ZZZZZ-ZZZZZ"
    assert closing.readable("08" + "0" * 62) == "10000-00000"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE answer SET choice = 'x' WHERE question = 'q1' AND reading_id = (SELECT min(id) FROM reading)",
        "UPDATE decision SET choice = 'dissatisfied' WHERE id = (SELECT max(id) FROM decision)",
        "UPDATE head_count SET number = number + 1 WHERE kind = 'present' AND rater_class = 'staff'",
        "UPDATE page SET standing = 'rescan' WHERE id = (SELECT min(id) FROM page)",
        "UPDATE campaign SET rules = '{\"turnout_percent\": 50}'",
        "UPDATE survey SET source = source || '#'",
    ],
)
def test_one_row_changed_past_the_program__is_found_by_the_digest(office, ready, judge_of_it, change):
    row = close(office, ready, judge_of_it)
    with office.db.engine.begin() as connection:
        connection.execute(text(change))
    with office.db.read() as session:
        assert not closing.check(session, row).holds


def test_kept_content_changed__is_found(office, ready, judge_of_it):
    row = close(office, ready, judge_of_it)
    with office.db.engine.begin() as connection:
        connection.execute(text("UPDATE closing SET content = x'00'"))
    with office.db.read() as session:
        assert not closing.check(session, session.get_one(Closing, row.id)).content_fits


def test_closed_count__refuses_every_change_of_what_is_counted(office, ready, pages, user, judge_of_it):
    close(office, ready, judge_of_it)
    with office.db.read() as session:
        page = session.get_one(Page, pages[1])
        sheet, scan, run_id = page.sheet, page.scan, page.print_run_id
        campaign_id, batch_id = session.scalars(select(Campaign.id)).first(), scan.batch_id
    deeds = [
        lambda: review.decide(office, page_id=page.id, question="q1", verdict=SATISFIED, user_id=user.id, seen=None),
        lambda: review.undo(office, page_id=page.id, question="q3", user_id=user.id, seen=1),
        lambda: sheet_rulings.void(office, sheet=sheet, note="撕破", user_id=user.id),
        lambda: printing.more(office, print_run_id=run_id, copies=1, user_id=user.id),
        lambda: head_counts.enter(office, ready.id, {("present", "", "staff"): "2"}, user_id=user.id),
        lambda: trays.use_page(office, page.id, user_id=user.id),
        lambda: intake.withdraw(office, batch_id, user_id=user.id, why="重扫"),
        lambda: hand_check.draw(office, ready.id, user_id=judge_of_it.id),
        lambda: redeciding.apply(office, ready.id, bar=0.99, rules={}, user_id=judge_of_it.id, why="更稳"),
        lambda: campaigns.set_rules(office, campaign_id, {"turnout_percent": 70}),
        lambda: close(office, ready, judge_of_it),
    ]
    for deed in deeds:
        with pytest.raises(Conflict) as caught:
            deed()
        assert caught.value.code in ("closed", "closed-in-campaign"), deed


def test_page_that_comes_late__lies_in_a_tray_and_counts_after_reopening(office, ready, user, judge_of_it):
    with office.db.read() as session:
        run = session.scalars(select(PrintRun).where(PrintRun.meeting_id == ready.id)).one()
        survey_id = run.survey_id
    pdf = marked.print_sheets(office, meeting_id=ready.id, survey_id=survey_id, user_id=user.id, copies=1)
    with office.db.read() as session:
        late_run = session.scalars(select(PrintRun).order_by(PrintRun.id.desc())).first()
        from forms.layout import Layout
        from webapp import models

        layout = Layout.loads(session.get_one(models.Layout, late_run.layout_digest).source)
    row = close(office, ready, judge_of_it)
    late = marked.scan(pdf, layout, (marked.Sheet(marked.clear("staff", "satisfied", "satisfied", "satisfied")),))
    received = intake.receive(office, io.BytesIO(late), "late.tif", user_id=user.id, origin="upload")
    with office.db.read() as session:
        page = session.scalars(select(Page).where(Page.scan_id == received.scan_id)).one()
        assert (page.state, page.tray, page.standing) == ("tray", "after-closing", "none")
        assert closing.check(session, row).holds
    with pytest.raises(Conflict, match="closed"):
        trays.retry(office, page.id)
    closing.reopen(office, ready.id, user_id=judge_of_it.id, why="有一张迟到的票")
    trays.retry(office, page.id)
    with office.db.read() as session:
        assert session.get_one(Page, page.id).standing == "counts"


def test_reopening__needs_a_reason_keeps_both_versions_and_compares_them(office, ready, pages, user, judge_of_it):
    with pytest.raises(Conflict, match="not-closed"):
        closing.reopen(office, ready.id, user_id=judge_of_it.id, why="改")
    close(office, ready, judge_of_it)
    with pytest.raises(InvalidInput, match="reopen-needs-reason"):
        closing.reopen(office, ready.id, user_id=judge_of_it.id, why=" ")
    closing.reopen(office, ready.id, user_id=judge_of_it.id, why="第 1 张看错")
    review.decide(
        office, page_id=pages[0], question="q1", verdict=Verdict("answered", ("fairly",)), user_id=user.id, seen=None
    )
    close(office, ready, judge_of_it)
    with office.db.read() as session:
        one, two = (row for row, _ in closing.versions(session, ready.id))
        assert (one.version, two.version) == (1, 2)
        assert all(closing.check(session, row).holds for row in (one, two))
        found = closing.compare(closing.value_of(one), closing.value_of(two))
    assert [(each.kind, each.before, each.after) for each in found] == [
        ("answers", "answered satisfied", "answered fairly")
    ]
    assert found[0].place.endswith(" 1 q1")


def test_comparison__names_each_rule_number_and_sheet_by_itself():
    before = {
        "rules": {"headline": "satisfied", "turnout_percent": 80}, "numbers": [["expected", "", "staff", 3]],
        "void": ["AAAAAAAA", "BBBBBBBB"], "answers": [],
    }  # fmt: skip
    after = {
        "rules": {"headline": "fairly", "turnout_percent": 80}, "numbers": [["expected", "", "staff", 4]],
        "void": ["BBBBBBBB", "CCCCCCCC"], "answers": [],
    }  # fmt: skip
    assert [(each.kind, each.place, each.before, each.after) for each in closing.compare(before, after)] == [
        ("rules", "headline", "satisfied", "fairly"),
        ("numbers", "expected staff", "3", "4"),
        ("void", "AAAAAAAA", "AAAAAAAA", ""),
        ("void", "CCCCCCCC", "", "CCCCCCCC"),
    ]


def test_results__are_the_scrutineers_alone_before_closing(office, ready, judge_of_it, enter):
    people = {name: enter(name, role) for name, role in (
        ("监票", "scrutineer"), ("扫描", "scanner"), ("校办", "school_office"), ("单位", "unit_administrator"),
    )}  # fmt: skip
    paths = [
        f"/meetings/{ready.id}/count.csv", f"/meetings/{ready.id}/count.xlsx",
        f"/meetings/{ready.id}/closing/report.pdf", f"/meetings/{ready.id}/answers.csv",
        f"/meetings/{ready.id}/summary.pdf", f"/meetings/{ready.id}/projector",
        f"/meetings/{ready.id}/sheets?item=q1&subject=中共机械学院委员会&outcome=answered&choice=satisfied",
    ]  # fmt: skip

    def status():
        return {name: [person.get(path).status_code for path in paths] for name, person in people.items()}

    before = status()
    assert before["监票"] == [200, 200, 200, 200, 200, 403, 200]
    for name in ("扫描", "校办", "单位"):
        assert before[name] == [403] * 7, name
    close(office, ready, judge_of_it)
    after = status()
    assert after["监票"] == [200] * 7
    assert after["校办"] == [200] * 7
    assert after["单位"] == [200, 200, 200, 403, 200, 200, 403]
    assert after["扫描"] == [200, 200, 200, 403, 403, 200, 403]
    with office.db.read() as session:
        assert may_see_results(session, people["扫描"].id, ready.id)


def test_every_page_of_a_meeting__shows_a_scanner_no_count_before_closing(app, office, ready, judge_of_it, enter):
    """A choice's words beside its number is what a result looks like; before closing they stand nowhere together."""
    scanner, scrutineer = enter("扫描", "scanner"), enter("监票", "scrutineer")
    with office.db.read() as session:
        page_id = session.scalars(select(Page.id).order_by(Page.id)).first()
    values = {"meeting_id": ready.id, "page_id": page_id, "question": "q1", "name": "report", "kind": "csv"}
    shown = {"扫描": 0, "监票": 0}
    rule_of = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and "meeting_id" in rule.arguments]
    for rule in rule_of:
        if not rule.arguments <= values.keys():
            continue
        with app.test_request_context():
            path = app.url_map.bind("").build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for person in (scanner, scrutineer):
            answer = person.get(path)
            if answer.status_code == 200 and "text/" in answer.mimetype:
                text = answer.get_data(as_text=True)
                shown[person.name] += "outcome=answered&amp;choice=" in text or "满意,3" in text or 'class="v"' in text
    assert shown["扫描"] == 0
    assert shown["监票"] > 0


def test_report__carries_the_code_the_reason_and_the_signatures(office, ready, judge_of_it, enter):
    row = close(office, ready, judge_of_it, "票箱里多出一张空白表")
    scrutineer = enter("监票", "scrutineer")
    answer = scrutineer.get(f"/meetings/{ready.id}/closing/report.docx")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        told = file.read("word/document.xml").decode()
    for words in (
        "测评票清点报告单",
        closing.readable(row.digest),
        "监票人",
        "计票人",
        "联络员/委员",
        "票箱里多出一张空白表",
    ):
        assert words in told
    for name in ("report", "comparison", "decisions", "draw"):
        assert scrutineer.get(f"/meetings/{ready.id}/closing/{name}.pdf").data.startswith(b"%PDF")


@pytest.mark.parametrize("ok", [True, False, None])
def test_signs_of_the_report__are_in_the_fonts(ok, caplog):
    pdf.write(Paper("清点", ("清点",), (Line(closing_papers._holds(ok)),)))
    assert "missing the following glyphs" not in caplog.text  # what a font lacks would be an empty box on paper


def test_draw__can_be_made_again_from_its_seed():
    sheets = [f"{number:08d}" for number in range(100)]
    assert hand_check.drawn("骰子 4", sheets, 30) == hand_check.drawn("骰子 4", reversed(sheets), 30)
    assert hand_check.drawn("骰子 4", sheets, 30) != hand_check.drawn("骰子 5", sheets, 30)


@pytest.mark.parametrize(("valid", "number"), [(0, 0), (12, 12), (294, 30), (600, 30), (601, 31), (10_000, 500)])
def test_sheets_to_check__are_five_in_a_hundred_and_at_least_thirty(valid, number):
    from webapp.services.procedures import DEFAULT

    assert hand_check.needed(valid, DEFAULT) == number


def test_place_read_otherwise_by_hand__is_told_with_the_bound(office, ready, pages, judge_of_it, enter):
    check_by_hand(office, ready.id, judge_of_it.id, changed=(pages[0], "q2"))
    with office.db.read() as session:
        found = hand_check.state(session, ready.id)
    assert [(place.page_id, place.question) for place in found.differing] == [(pages[0], "q2")]
    assert (found.agreeing, len(found.places)) == (19, 20)
    assert found.bound == pytest.approx(0.2161, abs=1e-4)  # Clopper–Pearson, one-sided 95 %
    page = f"/meetings/{ready.id}/hand-check"
    assert "不满意" in enter("监票", "scrutineer").get(page).get_data(as_text=True)
    assert "不满意" not in enter("扫描", "scanner").get(page).get_data(as_text=True)


def test_page_read_by_hand__tells_nothing_of_the_machines_reading(office, ready, pages, enter):
    text = enter("扫描", "scanner").get(f"/hand-check/{pages[1]}").get_data(as_text=True)
    assert text.count('type="checkbox"') == 14
    assert " checked" not in text
    for word in ("存疑", "multiple", "unsure", "cancelled"):
        assert word not in text


def test_sheet_that_was_not_drawn__can_not_be_entered(office, meeting, pages, judge_of_it):
    from webapp.errors import NotFound

    with pytest.raises(NotFound, match="not-drawn"):
        hand_check.enter(office, pages[0], marks={}, user_id=judge_of_it.id)


def test_closing__sends_the_last_opinions_off_their_sheets(office, ready, judge_of_it, user):
    opinion = opinions.entries(office, ready.id)[0].opinion
    opinions.confirm(office, opinion.id, text="食堂太贵", user_id=user.id)
    close(office, ready, judge_of_it)
    assert opinions.progress(office, ready.id).detached == 1
    assert opinions.confirmed_texts(office, ready.id) == ["食堂太贵"]
