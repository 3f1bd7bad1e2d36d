"""Where lines of Chinese break."""

from __future__ import annotations

import pytest

from webapp.papers.wrap import wrap


def em(text: str) -> float:
    """A Chinese character is as wide as 2 Latin letters."""
    return sum(1.0 if ord(each) > 0x2E7F or each in "“”" else 0.5 for each in text)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("一二三四五六", 4, ["一二三四", "五六"]),
        ("一二三四，五六", 4, ["一二三", "四，五六"]),
        ("一二三“四五”", 4, ["一二三", "“四五”"]),
        ("参加率93.67%。", 5, ["参加率", "93.67%。"]),
        ("甲\n乙", 4, ["甲", "乙"]),
        ("ABCDEFGHIJKLMNOP", 4, ["ABCDEFGH", "IJKLMNOP"]),
        ("", 4, [""]),
    ],
)
def test_text__breaks_where_a_reader_expects(text, width, lines):
    assert wrap(text, width, em).split("\n") == lines


def test_first_line__is_shorter_by_its_indent():
    assert wrap("一二三四五六七", 4, em, indent=2).split("\n") == ["一二", "三四五六", "七"]


def test_every_width__keeps_every_character():
    text = "根据《指导意见》（内工大创组办字[2011]4号），应到316人，实到296人，参加率93.67%。"
    for width in range(2, 30):
        assert wrap(text, width, em).replace("\n", "") == text
