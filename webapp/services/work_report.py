"""工作总结: how the appraisal went, what came to light, and what stands out among the members; numbers are inserted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Campaign, Meeting, Unit
from webapp.papers.paper import Block, Heading, Letterhead, Paper, Signature, Text
from webapp.rights import Right
from webapp.services import closed, merging, outcomes, rectification, tally
from webapp.services.paper_kind import Field, PaperKind, Target
from webapp.services.tally import Item, Results

KEY = "work-report"
TITLE = "群众评议工作总结"
HEADINGS = {
    "course": "一、群众评议工作开展情况",
    "problems": "二、评议过程中发现的问题",
    "members": "三、党员队伍中存在的突出问题",
}
MOST_SAID = 5  # merged opinions that are inserted


def _fields(session: Session, target: Target) -> list[Field]:
    found = closed_results(session, target)
    return [
        Field("number", "Number of the letter", "", 1),
        Field("to", "Addressee", _addressee(session, target), 1),
        Field("course", "How the appraisal went", "\n".join(_course(session, target, found)), 9, needed=True),
        Field("problems", "Problems that came to light", "\n".join(_problems(session, found)), 9, needed=True),
        Field("members", "What stands out among the members", "\n".join(_members(session, found)), 9, needed=True),
        Field("signed_on", "Date", "", 1),
    ]


def _build(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    unit = session.get_one(Unit, target.unit_id)
    parts: list[Block] = []
    for key, heading in HEADINGS.items():
        parts += [Heading(heading), Text(texts.get(key, ""))]
    return Paper(
        name="工作总结",
        title=(f"{unit.name}{TITLE}",),
        blocks=(
            Letterhead(unit.name, texts.get("number", ""), texts.get("to", "")),
            *parts,
            Signature(unit.name, texts.get("signed_on", "")),
        ),
        foot=unit.name,
    )


def closed_results(session: Session, target: Target) -> list[Results]:
    """Return the results of all forms of the unit's closed counts, oldest meeting first."""
    query = select(Meeting.id).where(Meeting.campaign_id == target.campaign_id, Meeting.unit_id == target.unit_id)
    meetings = session.scalars(query.where(Meeting.id.in_(closed.closed_meetings())).order_by(Meeting.id)).all()
    found = [
        tally.results_in(session, meeting, ref.survey_id)
        for meeting in meetings
        for ref in tally.forms(session, meeting)
    ]
    return [each for each in found if each is not None]


def _addressee(session: Session, target: Target) -> str:
    campaign = session.get_one(Campaign, target.campaign_id)
    return f"{campaign.issuer}：" if campaign.issuer else ""


def _course(session: Session, target: Target, found: list[Results]) -> Iterator[str]:
    campaign = session.get_one(Campaign, target.campaign_id)
    basis = f"（{campaign.number}）" if campaign.number else ""
    yield f"根据{campaign.title}的部署{basis}，我单位认真组织了群众评议。"
    for meeting_id in dict.fromkeys(each.meeting.id for each in found):
        forms = [each for each in found if each.meeting.id == meeting_id]
        yield _meeting_words(forms[0])
        yield from (_form_words(each) for each in forms)


def _meeting_words(results: Results) -> str:
    meeting, total = results.meeting, results.turnout[-1]
    day = f"{meeting.held_on.year}年{meeting.held_on.month}月{meeting.held_on.day}日" if meeting.held_on else ""
    place = f"在{meeting.place}" if meeting.place else ""
    turnout = ""
    if total.present is not None and total.expected and not total.impossible:
        turnout = f"应到{total.expected}人，实到{total.present}人，参加率{total.rate.percent}%。"
    return f"{day}{place}以{results.manner or '大会'}方式进行评议。{turnout}"


def _form_words(results: Results) -> str:
    rule = results.rules.headline
    parts = [f"{results.ref.form.title}：收回{results.count.returned}张，有效{sum(results.count.valid.values())}张"]
    if results.ref.form.about == merging.ORGANISATION:
        rated = [item for item in results.items if item.total.rates[rule].percent is not None]
        parts += [_item_words(item, rule) for item in rated]
    else:
        parts.append(f"测评党员{len(results.subjects)}名")
    return "，".join(parts) + "。"


def _item_words(item: Item, rule: str) -> str:
    text = item.question.text.replace("|", "")
    return f"“{text}”{tally.rate_label(item.question, rule)}{item.total.rates[rule].percent}%"


def _problems(session: Session, found: list[Results]) -> Iterator[str]:
    for meeting_id in dict.fromkeys(each.meeting.id for each in found):
        desk = merging.desk(session, meeting_id)
        said = [each for each in desk.merged if each.about == merging.ORGANISATION and each.number][:MOST_SAID]
        yield from (f"（{n}）{each.text}（提出{each.number}次）。" for n, each in enumerate(said, 1))
        remedies = rectification.rows(session, meeting_id, "")
        if remedies:
            done = sum(row.stage in rectification.DONE for row in remedies)
            yield f"以上问题列入整改{len(remedies)}项，已办结{done}项。"


def _members(session: Session, found: list[Results]) -> Iterator[str]:
    rated = [each for each in found if each.ref.form.about == merging.MEMBER]
    if not rated:
        return
    for meeting_id in dict.fromkeys(each.meeting.id for each in rated):
        low = [each for each in outcomes.of_meeting(session, meeting_id) if each.verdict == "low" and each.subject]
        number = sum(len(each.subjects) for each in rated if each.meeting.id == meeting_id)
        yield f"测评党员{number}名，总体评价满意度低、须限期整改的{len(low)}名。"
        said = [
            each for each in merging.desk(session, meeting_id).merged if each.about == merging.MEMBER and each.number
        ]
        yield from (f"（{n}）{each.text}（提出{each.number}次）。" for n, each in enumerate(said[:MOST_SAID], 1))


KINDS = (
    PaperKind(
        KEY,
        "工作总结",
        "Report on the work",
        "unit",
        Right.WRITE_PAPERS,
        _fields,
        _build,
        examined=True,
        icon="file-text",
    ),
)
