"""The three focuses of the directive (履行职责, 兑现承诺, 发挥作用): the items of a form and their figures by focus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forms.survey import FOCI
from omr.tally import Rate
from webapp.papers.paper import Block, Cell, Heading, Table
from webapp.services import tally
from webapp.services.result_tables import label, or_dash
from webapp.services.tally import Item, Results

WORDS = {"duty": "履行职责", "promise": "兑现承诺", "role": "发挥作用"}


@dataclass(frozen=True, slots=True)
class Group:
    """The items of one focus about one subject, and their rates added up: counts first, one division."""

    focus: str
    items: tuple[Item, ...]
    rates: dict[str, Rate]


def groups(items: Sequence[Item]) -> list[Group]:
    """Return the items by focus, in the directive's order; items without a focus are left out."""
    found = []
    for focus in FOCI:
        own = tuple(item for item in items if item.question.focus == focus)
        if own:
            rates = {
                name: Rate(
                    sum(item.total.rates[name].part for item in own), sum(item.total.rates[name].whole for item in own)
                )
                for name in own[0].total.rates
            }
            found.append(Group(focus, own, rates))
    return found


def blocks(results: Results, items: Sequence[Item]) -> Iterator[Block]:
    """Yield the results by focus as a table; nothing where no item carries one."""
    found = groups(items)
    if not found:
        return
    yield Heading("按重点评议内容", level=2)
    question = items[0].question
    head = ("重点内容", "涉及项目", *(tally.rate_label(question, rate) for rate in found[0].rates))
    rows = tuple(
        (
            label(WORDS[group.focus]),
            Cell("、".join(f"第 {item.number} 项" for item in group.items)),
            *(Cell(f"{rate.part}／{rate.whole}　{or_dash(rate.percent)}") for rate in group.rates.values()),
        )
        for group in found
    )
    yield Table((10, 12, 10, 10, 10), rows, (tuple(label(word) for word in head),))
