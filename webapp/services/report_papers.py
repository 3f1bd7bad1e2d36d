"""联络员汇报 and 委员汇报: drafted from what the program knows of a meeting and its results, edited by who reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlalchemy.orm import Session

from webapp.models import Meeting
from webapp.papers.paper import Block, Heading, Line, Paper, Signature, Text
from webapp.rights import Right
from webapp.services import cadres, closed, gathering, groups, meetings, run_sheet, supervisors, tally, tree
from webapp.services.meeting_papers import place_words
from webapp.services.paper_kind import Field, PaperKind, Target
from webapp.services.preparing_papers import basis, meeting_at
from webapp.services.tally import Results

LIAISON, COMMITTEE = "liaison_report", "committee_report"
PARTS = (("situation", "会议情况"), ("results", "评议结果"), ("problems", "发现的问题"), ("advice", "意见和建议"))


def key_of(meeting: Meeting) -> str:
    """Return which report a meeting has: the committee member's at a branch, else the liaison's."""
    return COMMITTEE if tree.is_branch(meeting.unit) else LIAISON


def addressee(session: Session, meeting: Meeting) -> str:
    """Return whom the report goes to: the unit above a branch, else the school leader of the unit."""
    if tree.is_branch(meeting.unit):
        return meeting.unit.parent.name if meeting.unit.parent else ""
    post = supervisors.liaison_of(session, meeting.unit_id)
    return post.leader if post else ""


def situation(session: Session, meeting: Meeting) -> str:
    """Return how the meeting went, in sentences."""
    total = meetings.turnout(session, meeting.id)[-1]
    run = run_sheet.of(session, meeting.id)
    who = next((step.who for step in run.passed if step.key == "statement"), "")
    lines = [f"{place_words(meeting)}，{meeting.unit.name}召开群众评议大会，由{groups.organiser(meeting.unit)}组织。"]
    if total.expected is not None and total.present is not None:
        percent = f"，参加率 {total.rate.percent}%" if total.expected else ""
        lines.append(f"应到 {total.expected} 人，实到 {total.present} 人{percent}。")
    if who:
        lines.append(f"{who}同志作公开述职。")
    passed = [step for step in run.passed if step.state == "skipped"]
    lines += [f"“{run_sheet.STEP_WORDS[step.key]}”未在会上进行：{step.why}。" for step in passed]
    said = len(gathering.listed(session, meeting.id, (gathering.AT_MEETING,)))
    if said:
        lines.append(f"会上发言提出意见 {said} 条。")
    if sentence := cadres.summary(session, meeting).sentence:
        lines.append(sentence)
    return "".join(lines)


def results(session: Session, meeting: Meeting) -> str:
    """Return the results in sentences, nothing before the count is closed."""
    if not closed.is_closed(session, meeting.id):
        return ""
    refs = tally.forms(session, meeting.id)
    found = [tally.results_in(session, meeting.id, ref.survey_id) for ref in refs]
    return "\n".join(line for each in found if each is not None for line in _lines(each))


def _lines(found: Results) -> Iterator[str]:
    count = found.count
    valid = sum(count.valid.values())
    yield f"《{found.ref.form.title}》收回 {count.returned} 张，有效 {valid} 张，废票 {count.void} 张。"
    headline = found.rules.headline
    if found.ref.form.about == "organisation":
        for item in found.items:
            rate = item.total.rates[headline]
            word = tally.rate_label(item.question, headline)
            yield f"{item.question.text}：{word} {rate.part} 票，占 {rate.whole} 票的 {_percent(rate.percent)}。"
        return
    overall = [item for item in found.items if item.question.overall] or list(found.items)
    rates = [item.total.rates[headline].percent for item in overall]
    known = [rate for rate in rates if rate is not None]
    if known:
        word = tally.rate_label(overall[0].question, headline)
        yield f"共评议党员 {len(found.subjects)} 名，总体评价中“{word}”最高 {max(known)}%，最低 {min(known)}%。"


def _percent(value: object) -> str:
    return "—" if value is None else f"{value}%"


def _fields(session: Session, target: Target) -> list[Field]:
    meeting = meeting_at(session, target)
    to = addressee(session, meeting)
    return [
        Field("to", "To", f"{to}：" if to else "", 1),
        Field("situation", "How the meeting went", situation(session, meeting), 6, needed=True),
        Field("results", "Results", results(session, meeting), 8, needed=True),
        Field("problems", "Problems found", "", 5),
        Field("advice", "Advice", "", 4),
        Field("day", "Date", "", 1, needed=True),
    ]


def _build(title: str, signer: str) -> Callable[[Session, Target, Mapping[str, str]], Paper]:
    def build(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
        meeting = meeting_at(session, target)
        blocks: list[Block] = [*basis(session, target)]
        if to := texts.get("to"):
            blocks.append(Text(to, plain=True))
        written = [(key, word) for key, word in PARTS if texts.get(key)]
        for number, (key, word) in zip("一二三四", written, strict=False):
            blocks += [Heading(f"{number}、{word}"), Text(texts[key])]
        blocks += [
            Signature("", texts.get("day", ""), (f"{signer}（签字）：{meeting.supervisor}",), seal=False),
            Line("结果以封存的计票为准。"),
        ]
        return Paper(
            title, (f"关于{meeting.unit.name}", f"群众评议大会的{title}"), tuple(blocks), foot=meeting.unit.name
        )

    return build


KINDS = tuple(
    PaperKind(
        key, title, label, "meeting", Right.WRITE_REPORTS, _fields, _build(title, signer),
        readers=(Right.READ_REPORTS,), needs_closing=True, icon="report",
    )
    for key, title, label, signer in (
        (LIAISON, "联络员汇报", "Report of the liaison", "联络员"),
        (COMMITTEE, "委员汇报", "Report of the committee member", "委员"),
    )
)  # fmt: skip
