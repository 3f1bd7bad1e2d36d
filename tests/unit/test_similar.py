"""Which short texts say nearly the same."""

from __future__ import annotations

from webapp.services import similar

TEXTS = ["实训设备陈旧，希望更新", "食堂延长晚饭时间", "实训的设备太旧了，请更换", "希望更新实训设备，太陈旧", "谢谢"]


def test_same_in_other_words__is_proposed_and_another_matter_is_not():
    found = [place for place, _score in similar.ranked("实训设备旧，请更新", TEXTS)]
    assert found[0] == 0
    assert 1 not in found
    assert 4 not in found


def test_similar_texts__stand_together_and_none_is_lost():
    groups = similar.groups(TEXTS)
    assert sorted(place for group in groups for place in group) == list(range(len(TEXTS)))
    assert {0, 2} <= set(groups[0])
    assert [1] in groups


def test_no_texts__no_groups():
    assert similar.groups([]) == []


def test_text_of_fillers_alone__is_compared_as_it_is():
    assert similar.essence("请多要！") == "请多要"
    assert similar.essence("……") == "……"
