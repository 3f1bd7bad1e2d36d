"""What comes after the closed counts of the demonstration: merged opinions, reports, rectification, the bundle."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping

import cv2

from webapp.demo import cast
from webapp.demo.cast import Hall
from webapp.demo.shelves import fix
from webapp.demo.troubles import foreign_page
from webapp.models import Meeting, Unit
from webapp.office import Office
from webapp.services import (
    aftermath_papers,
    announcing,
    consequences,
    countersigning,
    handover,
    merging,
    merging_deeds,
    own_summary,
    rectifying,
    report_papers,
    retention,
    shelf,
    submitting,
    tally,
    units,
    work_report,
)
from webapp.services.paper_kind import Target, text_of

ORDERED_UNTIL, DUE = dt.date(2011, 9, 30), dt.date(2011, 8, 31)
HANDED_IN = dt.date(2011, 7, 20)
CATEGORY = {"承诺": "promise", "落实": "promise", "青年": "role", "服务": "role"}  # by a word in the text, else 其他
OWN = ("联系群众不够", "忙于事务", "每周到宿舍一次", "8月31日")  # what a member writes of himself
MEASURE = {"cause": "责任不清，没有专人跟进。", "measure": "明确责任人，每月在党务公开栏公布进展。"}


def follow(office: Office, meeting_id: int, hall: Hall, people: Mapping[str, int]) -> None:
    """Do what follows a closed count: merge its opinions, report on it, and what its unit does next."""
    merge(office, meeting_id, people["李娜"])
    report(office, meeting_id, hall, people)
    if hall.unit in cast.BRANCHES:
        keep(office, meeting_id, hall, people)
    if hall.unit == cast.GENERAL:
        order(office, meeting_id, people["陈静"])
    if hall.unit == cast.COLLEGE:
        rectify(office, meeting_id, people)
        announce(office, meeting_id, people["李娜"])
        hand_in(office, meeting_id, people)


def merge(office: Office, meeting_id: int, user_id: int) -> None:
    """Group the opinions that say the same, as a person does at the desk."""
    with office.db.begin() as session:
        groups: dict[tuple[str, str, str], list[merging.Ref]] = {}
        for raw in merging.desk(session, meeting_id).waiting:
            groups.setdefault((raw.text, raw.about, raw.subject), []).append(raw.ref)
        for (text, about, subject), refs in groups.items():
            category = next((key for word, key in CATEGORY.items() if word in text), "other")
            said = merging_deeds.Said(text, category, about=about, subject=subject)
            merging_deeds.make(session, meeting_id, refs, said, user_id=user_id)


def report(office: Office, meeting_id: int, hall: Hall, people: Mapping[str, int]) -> None:
    """Countersign the closing, write the report of who watched the meeting, and hand it over."""
    by, day = people[hall.supervisor], hall.held_on + dt.timedelta(days=1)
    key = report_papers.COMMITTEE if hall.unit in cast.BRANCHES else report_papers.LIAISON
    countersigning.countersign(office, meeting_id, remark="全程在场，程序完整。", user_id=by)
    with office.db.read() as session:
        target = shelf.target_of(session, meeting_id=meeting_id)
        to = report_papers.addressee(session, session.get_one(Meeting, meeting_id))
    fix(office, key, target, by=by, texts={"day": f"{day.year}年{day.month}月{day.day}日"})
    handover.hand_over(office, meeting_id, reported_on=day, to=to, user_id=by)


def keep(office: Office, meeting_id: int, hall: Hall, people: Mapping[str, int]) -> None:
    """Fix the summary of each member and the list of the branch, and keep the summaries at the college."""
    by = people["李娜"]
    with office.db.read() as session:
        place = shelf.target_of(session, meeting_id=meeting_id)
        branch = session.get_one(Unit, place.unit_id)
        rows = {row.name: row.id for row in units.members(session, branch.id)}
    kind = "学生" if hall.unit == cast.STUDENTS else "教职工"
    for name in hall.members:
        target = Target(place.campaign_id, branch.id, member_id=rows[name])
        fix(office, own_summary.KEY, target, by=by, examiner=by, texts={"own": text_of([OWN]), "kind": kind})
    fix(office, "member-list", place, by=by)
    retention.keep(
        office, place.campaign_id, branch.parent_id or 0, [(branch.id, rows[name]) for name in hall.members],
        keeper="李娜", kept_on=HANDED_IN, user_id=by,
    )  # fmt: skip


def order(office: Office, meeting_id: int, user_id: int) -> None:
    """Order the unit that was rated low to put it right, by letter. Raises NotFound where it was not rated low."""
    with office.db.read() as session:
        (ref,) = tally.forms(session, meeting_id)
        target = shelf.target_of(session, meeting_id=meeting_id)
    made = consequences.order(
        office, meeting_id, survey_id=ref.survey_id, subject="", due_on=ORDERED_UNTIL, user_id=user_id
    )
    letter = Target(target.campaign_id, target.unit_id, meeting_id, part=str(made))
    fix(office, aftermath_papers.ORDER, letter, by=user_id, texts={"day": "2011年7月20日"})


def rectify(office: Office, meeting_id: int, people: Mapping[str, int]) -> None:
    """Enter what was said most often: the first is put right with a picture of it, the others are under way."""
    with office.db.read() as session:
        said = merging.merged_about(merging.desk(session, meeting_id), merging.ORGANISATION, "")[:3]
    by, rows = people["李娜"], []
    for each in said:
        entry = rectifying.Entry(each.text, **MEASURE, person="林涛", due_on=DUE)
        origin = rectifying.Origin("opinion", each.text, opinion_id=each.id)
        rows.append(rectifying.add(office, meeting_id, entry, user_id=by, origin=origin))
    for row in rows:
        rectifying.note(office, row, "已列入院务会议题。", user_id=by)
    _done, data = cv2.imencode(".png", foreign_page())
    rectifying.attach(office, rows[0], io.BytesIO(data.tobytes()), "会议签到.png", user_id=by)
    rectifying.close(office, rows[0], "已办结并公布。", user_id=by)
    rectifying.clear(office, rows[0], "复查属实。", user_id=people["陈静"])


def announce(office: Office, meeting_id: int, user_id: int) -> None:
    """Announce the results within the unit, and write down where."""
    plan = announcing.Plan("board", "本单位全体教职工和学生代表", announcing.CONTENTS)
    announcing.set_plan(office, meeting_id, plan, user_id=user_id)
    with office.db.read() as session:
        target = shelf.target_of(session, meeting_id=meeting_id)
    fix(office, aftermath_papers.ANNOUNCEMENT, target, by=user_id, texts={"day": "2011年7月19日"})
    announcing.record(
        office, meeting_id, manner=plan.manner, reach=plan.reach, place="材料楼一层党务公开栏",
        made_on=dt.date(2011, 7, 19), until=dt.date(2011, 7, 26), user_id=user_id,
    )  # fmt: skip


def hand_in(office: Office, meeting_id: int, people: Mapping[str, int]) -> None:
    """Fix the summary and the report on the work, and hand the bundle in: on paper and to the mailbox."""
    by, examiner = people["李娜"], people["陈静"]
    with office.db.read() as session:
        meeting = shelf.target_of(session, meeting_id=meeting_id)
    unit = Target(meeting.campaign_id, meeting.unit_id)
    fix(office, "summary", meeting, by=by, examiner=examiner, texts={"filler": "李娜"})
    members = "所属三个党支部评议党员40名，结果由本单位留存。"
    fix(office, work_report.KEY, unit, by=by, examiner=examiner, texts={"members": members})
    fix(office, aftermath_papers.COVER, unit, by=by, texts={"handed_by": "李娜", "day": "2011年7月21日"})
    if unit.unit_id is None:
        raise RuntimeError("a meeting without a unit")
    bundle = submitting.make(office, unit.campaign_id, unit.unit_id, user_id=by)
    for channel in ("paper", "mailbox"):
        submitting.receive(
            office, bundle.id, channel=channel, handed_by="李娜", received_by="陈静", received_on=HANDED_IN,
            user_id=examiner,
        )  # fmt: skip
