"""The results as tables of a paper and as plain lists: counts before rates, all raters and then each class.

The text is Chinese, for these tables stand on official papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from omr.disclosure import members
from omr.tally import RATES, UNSTATED, Figures
from webapp.papers.paper import WIDTH_UNITS, Block, Cell, Data, Heading, Line, Row, Table, Value
from webapp.services import tally
from webapp.services.tally import Item, Results

UNSTATED_WORD = "身份未填"
DASH = "—"
NARROW = 3  # units; a column in which 100.00 needs smaller figures


def tables(results: Results, items: tuple[Item, ...]) -> Iterator[Block]:
    """Yield the results of one subject: all raters, then each class, every table under its own heading."""
    if not items:
        yield Line("尚无收回的测评表。")
        return
    pending = any(item.total.pending for item in items)
    missing = any(item.total.missing for item in items)
    widths, head = _outcome_head(results, items[0], pending, missing)
    groups = [("全部参评人员", sum(results.count.valid.values()), [item.total for item in items])]
    for place, who in enumerate(results.class_ids):
        figures = [item.classes[place] for item in items]
        groups.append((class_word(results, who), results.valid_of(who), figures))
    for name, valid, group in groups:
        yield Heading(f"{name}（有效票 {valid} 张）", level=2)
        rows = [
            row
            for item, figures in zip(items, group, strict=True)
            for row in _item_rows(item, figures, pending, missing)
        ]
        yield Table(widths, tuple(rows), head, size_pt=9.5 if widths[2] > NARROW else 8.5)


def _outcome_head(
    results: Results, item: Item, pending: bool, missing: bool
) -> tuple[tuple[int, ...], tuple[Row, ...]]:
    choices = item.question.choices
    aside = ["弃权", "无效", *(["待复核"] if pending else []), *(["缺页"] if missing else [])]
    # the widest columns that leave the item room to be read; a long scale makes the columns narrower
    for choice, rates in ((4, (4, 5, 4)), (3, (4, 5, 4)), (3, (3, 4, 3)), (2, (3, 4, 3))):
        beside = [2, *([choice] * len(choices)), *([3] * len(aside)), 4, *rates]
        if WIDTH_UNITS - sum(beside) >= 8:
            break
    widths = (WIDTH_UNITS - sum(beside), *beside)
    labels = [
        label(_fold(tally.rate_label(item.question, rate)), strong=rate == results.rules.headline) for rate in RATES
    ]
    return widths, (
        (
            label("测评项目", rows=2, columns=2),
            label("各档票数、占比", columns=len(choices)),
            *(label(word, rows=2) for word in aside),
            label("分母", rows=2),
            label("满意率（%）", columns=3),
        ),
        (*(label(_fold(choice.label)) for choice in choices), *labels),
    )


def _item_rows(item: Item, figures: Figures, pending: bool, missing: bool) -> list[Row]:
    aside = [figures.blank, figures.invalid, *([figures.pending] if pending else [])]
    aside += [figures.missing] if missing else []
    shares = [or_dash(choice.rate.percent) if choice.rate else DASH for choice in figures.choices]
    return [
        (
            Cell(item_text(item), rows=2, align="left"),
            Cell("票"),
            *(Cell(choice.number) for choice in figures.choices),
            *(Cell(number, rows=2) for number in (*aside, figures.denominator)),
            *(Cell(or_dash(figures.rates[rate].percent), rows=2) for rate in RATES),
        ),
        (Cell("%"), *(Cell(share) for share in shares)),
    ]


def subject_name(results: Results, subject: str) -> str:
    """Return whom the paper is about: the name on the sheets, else the unit's."""
    return subject or results.meeting.unit.name


def class_word(results: Results, rater_class: str | None) -> str:
    """Return the printed name of a row of rater classes; 合计 for all."""
    if rater_class is None:
        return "合计"
    words = {choice.id: choice.label for choice in results.ref.classes} | {UNSTATED: UNSTATED_WORD}
    return "、".join(words.get(who, who) for who in members(rater_class))


def item_text(item: Item) -> str:
    """Return an item as printed on the sheet, with its number."""
    text = item.question.text.replace("|", "")
    return f"{item.number}、{text}" if item.number else text


def plain_list(results: Results, items: Iterable[Item]) -> Data:
    """The same numbers as a plain list, one row an item and class, for further reckoning."""
    return Data("票数", data_head(results), tuple(data_rows(results, items)))


def data_head(results: Results) -> tuple[str, ...]:
    """Return the heads of ``data_rows``."""
    first = results.ref.form.items[0]
    choices = [word for choice in first.choices for word in (choice.label, f"{choice.label}%")]
    rates = [f"满意率（{tally.rate_label(first, rate)}）%" for rate in RATES]
    return (
        "测评对象", "测评项目", "身份", "有效票", *choices, "弃权", "无效", "待复核", "缺页", "分母", *rates,
    )  # fmt: skip


def data_rows(results: Results, items: Iterable[Item]) -> Iterator[tuple[Value, ...]]:
    """Yield one row an item and class, all raters first."""
    for item in items:
        for figures in (item.total, *item.classes):
            choices = [v for c in figures.choices for v in (c.number, c.rate.percent if c.rate else None)]
            yield (
                subject_name(results, item.subject),
                item_text(item),
                class_word(results, figures.rater_class),
                figures.asked,
                *choices,
                figures.blank,
                figures.invalid,
                figures.pending,
                figures.missing,
                figures.denominator,
                *(figures.rates[rate].percent for rate in RATES),
            )


def label(text: str, *, columns: int = 1, rows: int = 1, strong: bool = False) -> Cell:
    """Return a cell of a head."""
    return Cell(text, columns, rows, strong=strong)


def _fold(word: str) -> str:
    """Break a word for a narrow head where a reader would: 比较/满意, 满意+/比较满意."""
    if "+" in word:
        return word.replace("+", "+\n")
    middle = {4: 2, 5: 3}.get(len(word))
    return f"{word[:middle]}\n{word[middle:]}" if middle else word


def or_dash(value: Value) -> Value:
    """A rate of nothing is a dash, never zero."""
    return DASH if value is None else value
