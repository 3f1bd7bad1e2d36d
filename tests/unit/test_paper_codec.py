"""A paper as JSON and back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from webapp.papers import codec
from webapp.papers.paper import Cell, Data, Heading, Letterhead, Line, Paper, Picture, Signature, Table, Text

PAPER = Paper(
    "总结",
    ("题目", "第二行"),
    (
        Letterhead("党委", "1号", "各支部："),
        Heading("一、", 2),
        Line("注", "right"),
        Text("段一\n段二"),
        Table(
            (26, 26),
            ((Cell(Decimal("92.50"), strong=True), Cell(picture=Picture(b"\xff\xd8", 2.0, 1.0))),),
            ((Cell("a"), Cell(3)),),
            high=((0, 12.0),),
        ),
        Signature("党委", "2011年7月20日", ("组长：",), seal=False),
    ),
    data=(Data("票数", ("甲",), ((1,), (Decimal("0.10"),))),),
)


def test_paper__comes_back_from_json_as_it_was():
    told = json.loads(json.dumps(codec.encode(PAPER)))
    assert codec.decode(told) == PAPER
    assert codec.digest(codec.decode(told)) == codec.digest(PAPER)


def test_other_number__is_another_digest():
    other = Paper(PAPER.name, PAPER.title, (Text("段一"),))
    assert codec.digest(other) != codec.digest(PAPER)


def test_empty_cell_and_cell_without_a_number__are_told_apart():
    paper = Paper("x", (), (Table((52,), ((Cell(""),), (Cell(None),))),))
    assert codec.decode(codec.encode(paper)) == paper


@pytest.mark.parametrize("value", [{}, {"format": "pingyi.paper/2", "paper": {}}])
def test_other_format__is_refused(value):
    with pytest.raises(ValueError, match="pingyi"):
        codec.decode(value)
