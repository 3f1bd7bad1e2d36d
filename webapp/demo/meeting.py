"""A meeting of the demonstration from its self-check to the sheets that were handed out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select

from webapp.demo import cast
from webapp.demo.cast import Hall
from webapp.demo.shelves import fix
from webapp.models import Meeting, Survey
from webapp.office import Office
from webapp.services import (
    cadres,
    gathering,
    head_counts,
    meeting_times,
    meetings,
    posts,
    printing,
    run_sheet,
    self_check,
    sessions,
    tree,
    units,
)
from webapp.services.paper_kind import Target
from webapp.services.printing import Order

SELF_CHECK = {
    "achievements": "完成本科教学质量工程两项；公开承诺的三个公共实验室已开放两个。",
    "shortcomings": "深入学生宿舍不够；会议偏多。",
    "measures": "建立联系宿舍制度；每月第一周不开会。",
}
GATHERED = (("visit", "实验室晚上也应开放。"), ("box", "希望多听听青年教师的意见。"), ("talk", "食堂价格最近涨得快。"))
BRIEF = {"done": "组织学习六次，人人公开承诺。", "lacking": "活动形式单一。", "next": "与学生班级结对。"}
COUNTED_LATER = ("tally", "announce")  # steps of the run sheet that the machine's count takes the place of


def meet(office: Office, campaign_id: int, hall: Hall, people: Mapping[str, int]) -> int:
    """Hold a meeting: its facts, its self-check, its sheets, its numbers, its steps. Returns its id."""
    by = people["李娜"]
    unit = units.named(office, hall.unit)
    facts = meetings.Facts(
        unit.id, hall.held_on, hall.place, "" if hall.at_doors else "评议大会", hall.presider, hall.supervisor,
        starts="14:30",
    )  # fmt: skip
    meeting_id = meetings.create(office, campaign_id, facts)
    prepare(office, Target(campaign_id, unit.id), meeting_id, hall, by)
    if tree.is_branch(unit):
        posts.send_member(office, meeting_id, name="", person_id=people[hall.supervisor], user_id=by)
    meeting_times.answer(office, meeting_id, name=hall.supervisor, channel="phone", user_id=by)
    with office.db.read() as session:
        surveys = select(Survey.id).where(Survey.campaign_id == campaign_id, Survey.form == hall.form)
        survey_id = session.scalars(surveys).one()
    day = f"{hall.held_on.year}年{hall.held_on.month}月{hall.held_on.day}日"
    order = Order(unit=hall.unit, date=day, copies=hall.copies, subjects=hall.subjects, members=hall.roster)
    printing.create_runs(office, meeting_id=meeting_id, survey_id=survey_id, order=order, user_id=by)
    hold(office, meeting_id, hall, by)
    return meeting_id


def prepare(office: Office, target: Target, meeting_id: int, hall: Hall, user_id: int) -> None:
    """Do what comes before the meeting: the self-check, the opinions gathered, the statement or the branch's brief."""
    before = hall.held_on - dt.timedelta(days=1)
    self_check.save(office, meeting_id, **SELF_CHECK, user_id=user_id, done_on=before)
    if hall.unit == cast.COLLEGE:
        for source, text in GATHERED:
            gathering.add(office, meeting_id, source=source, text=text, day=before, user_id=user_id)
    if hall.unit in cast.BRANCHES:
        fix(office, "branch_brief", target, by=user_id, texts=BRIEF)
    else:
        fix(office, "statement", target, by=user_id)


def hold(office: Office, meeting_id: int, hall: Hall, user_id: int) -> None:
    """Go through the run sheet, with the numbers of the hall and what the cadres did."""
    for step in run_sheet.STEPS:
        later = step in COUNTED_LATER
        run_sheet.tick(office, meeting_id, step, user_id=user_id, skip=later, why="机读后公布" if later else "")
    head_counts.enter(office, meeting_id, dict(hall.numbers()), user_id=user_id)
    if hall.at_doors:
        next_day, why = hall.held_on + dt.timedelta(days=1), "值班人员不能到会"
        door = sessions.add(
            office, meeting_id, held_on=next_day, place="各处室", why=why, user_id=user_id, manner="door"
        )
        head_counts.enter(office, meeting_id, dict(hall.numbers_at_doors()), user_id=user_id, session_id=door)
    meeting_times.tick_presence(office, meeting_id, name=hall.supervisor, came=True, user_id=user_id)
    with office.db.read() as session:
        there = cadres.of(session, session.get_one(Meeting, meeting_id))
    marks = {each.member.id: (True, True, each.branch) for each in there}
    cadres.record(office, meeting_id, marks, user_id=user_id)
