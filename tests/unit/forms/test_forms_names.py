"""Lists of names as people paste them."""

import pytest

from forms.names import Listed, listed, tidy

PASTED = (
    """王芳| 王芳 |王 芳|王　芳|1. 王芳|1、王芳|（12）王芳|3 王芳|1．王芳|王芳\t2019001|7\t王芳\t|7\t 王 芳\t12.5"""
)


@pytest.mark.parametrize("line", PASTED.split("|"))
def test_numbers_and_spread_names__leave_the_name(line):
    assert listed(line) == (Listed(1, "王芳"),)


@pytest.mark.parametrize("name", ["买买提·阿不都热合曼", "Maria Schmidt", "王芳（女）", "王芳2", "𬭊 祎x", "3M公司"])
def test_other_names__stay_as_they_are(name):
    assert listed(name) == (Listed(1, name if "祎" not in name else "𬭊祎x"),)


def test_empty_lines_and_windows_ends__names_keep_the_lines_where_they_stand():
    assert listed("王芳\r\n\r\n  \r\n李明\r\n") == (Listed(1, "王芳"), Listed(4, "李明"))


def test_two_columns_of_text__stay_apart():
    assert listed("教工支部\t王芳") == (Listed(1, "教工支部\t王芳"),)


def test_line_of_numbers__is_no_name():
    assert listed("1\n2\t3\n") == ()


def test_spread_name__is_the_same_as_the_close_one():
    assert tidy("王　芳") == tidy("王 芳") == "王芳"
