"""The form library (样表): blank sheets to look at, and both summary tables without numbers.

Nothing of it can be read by the machine: a blank sheet has no code, and its word-processor copy says so on every page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from forms import body
from forms.survey import Design, Values
from forms.survey import Survey as Form
from forms.typeset import typeset
from omr.tally import Count, Rules
from webapp.models import Campaign, Meeting, Unit
from webapp.papers.paper import WIDTH_UNITS, Block, Cell, Heading, Line, Paper, Row, Table
from webapp.services import own_summary, printing, reports, tally
from webapp.services.own_results import OwnResults
from webapp.services.result_tables import DASH, label
from webapp.services.stacks import Stack

NOT_READABLE = "样表，不可机读"
BLANK_ROWS = {Design.SHEET: 0, Design.ROSTER_OVERALL: 15, Design.ROSTER_ITEMS: 10}


def blank_pdf(source: str, form: str) -> bytes:
    """Return a blank sheet as PDF: all that is printed but its code and number. Raises FormErrors."""
    layout = typeset(printing.parse(source, form), Values())
    buffer = io.BytesIO()
    bodies = body.draw(layout)
    for key in ("/Info", "/ID"):  # made of the time
        if key in bodies.pdf.trailer:
            del bodies.pdf.trailer[key]
    bodies.pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def blank_paper(source: str, form: str) -> Paper:
    """Return a blank sheet as a paper that can be edited; it says on every page that no machine reads it."""
    survey = printing.parse(source, form)
    blocks: list[Block] = [Line("测评单位：＿＿＿＿＿＿＿＿　测评对象：＿＿＿＿＿＿＿＿　日期：　　年　　月　　日")]
    if survey.identity:
        choices = "　".join(f"□ {choice.label}" for choice in survey.identity[0].choices)
        blocks.append(Line(f"{survey.identity[0].text}{choices}"))
    blocks += [Line(f"{number}.{text}") for number, text in enumerate(survey.instructions, 1)]
    blocks.append(_grid(survey))
    if survey.opinion:
        blocks.append(Line(f"{survey.opinion.heading}{survey.opinion.hint}"))
        blocks.append(Table((WIDTH_UNITS,), ((Cell(""),),), row_mm=32))
    blocks.append(Line(NOT_READABLE, "right"))
    return Paper(f"{NOT_READABLE}-{survey.form}", (survey.title,), tuple(blocks), stamp=NOT_READABLE)


def organisation_table(campaign: Campaign, forms: Sequence[Form]) -> Paper:
    """Return the summary table of an organisation (S-A) without numbers. ``forms``: the campaign's, not empty."""
    form = next((each for each in forms if each.about == "organisation"), forms[0])
    return emptied(reports.summary_of(_no_results(campaign, form), "", [], {}))


def member_table(campaign: Campaign, forms: Sequence[Form]) -> Paper:
    """Return the summary table of a member (S-M) without numbers. ``forms``: the campaign's, not empty."""
    about = [each for each in forms if each.about == "member"]
    form = next((each for each in about if len(each.items) > 1), about[0] if about else forms[0])
    results = _no_results(campaign, form)
    head = own_summary.head(results, {}, "", "是/否", "", "")
    return emptied(own_summary.paper_of(campaign.number, head, OwnResults(results, ""), [], {}))


def emptied(paper: Paper) -> Paper:
    """Return a paper whose tables hold no number: they are left to the pen."""
    return replace(paper, blocks=tuple(_emptied(block) for block in paper.blocks), stamp="", data=())


def _emptied(block: Block) -> Block:
    if isinstance(block, Heading):
        return replace(block, text=block.text.replace("有效票 0 张", "有效票　　张"))
    if not isinstance(block, Table):
        return block
    rows = tuple(tuple(_cell(cell) for cell in row) for row in block.rows)
    return replace(block, rows=rows)


def _cell(cell: Cell) -> Cell:
    said = isinstance(cell.value, str) and cell.value != DASH and not cell.value.startswith("0／0")
    return cell if said else replace(cell, value=None)


def _grid(survey: Form) -> Table:
    roster = BLANK_ROWS[survey.design]
    choices = survey.items[0].choices
    if not roster:
        room = WIDTH_UNITS - 6 * len(choices)
        rows = tuple(
            (Cell(f"{number}、{item.text.replace('|', '')}", align="left"), *(Cell("□") for _ in choices))
            for number, item in enumerate(survey.items, 1)
        )
        head = (label("测评项目"), *(label(choice.label) for choice in choices))
        return Table((room, *(6 for _ in choices)), rows, (head,), row_mm=11)
    boxes = len(choices) * len(survey.items)
    width = 32 // boxes
    widths = (4, WIDTH_UNITS - 4 - width * boxes, *(width for _ in range(boxes)))
    heads: list[Row] = []
    if len(survey.items) > 1:
        texts = (f"{number}、{item.text.replace('|', '')}" for number, item in enumerate(survey.items, 1))
        items = (label(text, columns=len(choices)) for text in texts)
        heads.append((label("序号", rows=2), label("党员姓名", rows=2), *items))
        heads.append(tuple(label("\n".join(choice.label)) for _ in survey.items for choice in choices))
    else:
        heads.append((label("序号"), label("党员姓名"), *(label(choice.label) for choice in choices)))
    rows = tuple((Cell(str(n)), Cell(""), *(Cell("□") for _ in range(boxes))) for n in range(1, roster + 1))
    return Table(widths, rows, tuple(heads), row_mm=8)


def _no_results(campaign: Campaign, form: Form) -> tally.Results:
    unit = Unit(name="", kind="")
    of = Campaign(title=campaign.title, number=campaign.number, issuer=campaign.issuer)
    meeting = Meeting(campaign=of, unit=unit, place="", manner="", presider="", supervisor="")
    ref = tally.FormRef(0, form, ("",))
    asked = {("", item.id, choice.id): 0 for item in form.items for choice in ref.classes} or {
        ("", item.id, ""): 0 for item in form.items
    }
    count, rules = Count(asked=asked), Rules()
    disclosure = tally.disclosure_of(ref, count, rules.disclosure_floor)
    return tally.Results(meeting, ref, rules, count, {}, 0, Stack(), disclosure, manner="　")
