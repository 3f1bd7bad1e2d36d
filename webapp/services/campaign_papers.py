"""Papers of a campaign itself: the criteria (说明页), and the page that explains the work to raters and staff.

The text is Chinese, as the paper is; the page that explains the work has an English wording too.
"""

from __future__ import annotations

import datetime as dt

from webapp.models import Campaign
from webapp.papers.paper import Heading, Letterhead, Line, Paper, Text
from webapp.services.plans import Plan


def criteria(campaign: Campaign) -> Paper:
    """Return what is appraised by (评议标准) as a page to be handed out or hung up."""
    return Paper(
        name="评议标准说明",
        title=(campaign.title, "评议标准说明"),
        blocks=(
            *((Line(f"依据文号：{campaign.number}", "right"),) if campaign.number else ()),
            Text(campaign.criteria or "（尚未填写评议标准）"),
            Line("本页不是测评表，请勿投入票箱。"),
        ),
        foot=campaign.issuer,
    )


def directive(campaign: Campaign) -> Paper:
    """Return the directive as a letter."""
    first, _, rest = campaign.directive.partition("\n")
    return Paper(
        name="指导意见",
        title=(first.strip() or campaign.title,),
        blocks=(Letterhead(campaign.issuer, campaign.number, campaign.addressees), Text(rest)),
        foot=campaign.number,
    )


ZH, EN = 0, 1
# What raters and staff are told: (heading, lines) in both languages.
RATERS = (
    (
        "写给参评人员",
        (
            "评议为了什么：促进党组织和党员履行职责、兑现承诺、发挥作用。您的意见会汇总公布，并据此整改。",
            "不记名：表上没有您的姓名，每张表的表号是随机的，谁也不知道发给了谁。意见由专人誊录，被评单位看不到原件和笔迹。",
            "怎样填：用蓝色或黑色笔，在每一项选一个方框划“√”。改的时候把选错的方框整个涂黑，再划“√”。",
            "没有选的项按弃权计；选了两个以上又没有更改的，只有这一项无效。",
            "请勿折叠，勿在四角黑块和条码上书写。填好后投入票箱；没有填的表也请交回。",
        ),
    ),
    (
        "For raters",
        (
            "Why: it asks how organisations and members do their duty, keep their promises and play their part.",
            "Anonymous: no name is on the sheet, its number is random, nobody knows who got which. Opinions are typed "
            "off by one person; the unit that is rated sees neither the sheet nor the handwriting.",
            "How: with a blue or black pen put a tick into one box of each row. To change it, fill the wrong box "
            "completely, then tick the right one.",
            "A row without a mark counts as an abstention; two marks without a correction make that one row invalid.",
            "Don't fold the sheet or write on its corners or its code. Put it into the box; hand in unused ones.",
        ),
    ),
)
STAFF = (
    (
        "写给工作人员",
        (
            "清点人数 → 发票 → 说明填法 → 填写 → 投票箱 → 收票 → 计票 → 宣布。应到、实到、发出、作废、余票都要登记。",
            "印制 = 发出 + 作废 + 余票；收回不多于发出。对不上时先找原因，不要改数字。",
            "参加率 = 实到 ÷ 应到，达到 {percent}% 才有效；不够时补测或写明理由。",
            "监票人、计票人到场；复核的人不能当监票人。计票封存之前，不看、不说任何结果。",
            "评议须在{finish}前完成，材料须在{report}前报送，当日均有效。",
        ),
    ),
    (
        "For staff",
        (
            "Count heads → hand out → explain → fill in → box → collect → count → announce. Enter expected, present, "
            "handed out, spoiled and left over.",
            "Printed = handed out + spoiled + left over; never more back than went out. Where it differs, look for "
            "the cause; don't change the numbers.",
            "Turnout = present ÷ expected; it is valid from {percent} %. Below: another session, or a written reason.",
            "Scrutineer and counter are there; who reviews is not the scrutineer. Until the count is closed nobody "
            "looks at a result or tells one.",
            "The appraisal is finished by {finish}, the papers are handed in by {report}, these days included.",
        ),
    ),
)


def explanation(campaign: Campaign, plan: Plan | None, language: int = ZH) -> Paper:
    """Return one page that explains the work to raters and staff, with the dates and the turnout that hold."""
    finish, report = (plan.finish_by, plan.report_by) if plan else (campaign.finish_by, campaign.report_by)
    percent = (plan.rules if plan else campaign.rules).get("turnout_percent", 80)
    words = {"percent": percent, "finish": _day(finish, language), "report": _day(report, language)}
    parts = (RATERS[language], STAFF[language])
    blocks: list[Heading | Text] = []
    for heading, lines in parts:
        blocks.append(Heading(heading))
        blocks.append(Text("\n".join(f"{number}. {line.format(**words)}" for number, line in enumerate(lines, 1))))
    name = ("群众评议工作说明", "The appraisal in one page")[language]
    return Paper(name=name, title=(campaign.title, name), blocks=tuple(blocks), foot=campaign.number)


def _day(date: dt.date | None, language: int) -> str:
    if date is None:
        return ("（日期未定）", "(no date yet)")[language]
    return f"{date.year}年{date.month}月{date.day}日" if language == ZH else date.isoformat()
