"""工作总结: three headings, numbers inserted, people's text in between."""

from __future__ import annotations

from webapp.papers.paper import Heading, Letterhead, Text
from webapp.services import shelf
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import get

HEADINGS = ["一、群众评议工作开展情况", "二、评议过程中发现的问题", "三、党员队伍中存在的突出问题"]


def test_work_report__has_its_three_parts_with_the_numbers_of_the_closed_count(office, writer, closed):
    target = Target(closed.campaign_id, closed.unit_id)
    path = f"/shelf/work-report/campaigns/{closed.campaign_id}/units/{closed.unit_id}"
    assert writer.post(path, {"action": "hand-in"}).status_code == 422  # nobody wrote of the members yet
    facts = {"members": "个别党员联系群众不够。", "problems": "设备陈旧。", "number": "机院党发〔2011〕12号"}
    writer.post(path, {"action": "save", **facts})
    with office.db.read() as session:
        paper = shelf.paper(session, get("work-report"), target)
    assert [block.text for block in paper.blocks if isinstance(block, Heading)] == HEADINGS
    assert [block.number for block in paper.blocks if isinstance(block, Letterhead)] == ["机院党发〔2011〕12号"]
    told = "".join(block.text for block in paper.blocks if isinstance(block, Text))
    for number in ("应到316人", "实到296人", "93.67%", "收回294张", "89.27%", "个别党员联系群众不够"):
        assert number in told
    assert writer.post(path, {"action": "hand-in"}).status_code == 302


def test_work_report_before_closing__has_no_numbers(office, writer, counted):
    with office.db.read() as session:
        paper = shelf.paper(session, get("work-report"), Target(counted.campaign_id, counted.unit_id))
    assert "296" not in str(paper)
