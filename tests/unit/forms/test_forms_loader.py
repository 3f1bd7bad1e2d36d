import re
from pathlib import Path

import pytest

from forms import errors, loader, values
from forms.errors import FormErrors
from forms.messages import LANGUAGES, catalogue, say
from forms.survey import Design

ORG = (Path(loader.__file__).parent / "presets" / "org.yaml").read_text("utf-8")


def problems(text: str) -> list[tuple[str, str, int]]:
    with pytest.raises(FormErrors) as raised:
        loader.load_text(text, "f.yaml")
    return [(error.code, error.place, error.line) for error in raised.value.errors]


def line_of(text: str, fragment: str) -> int:
    return text[: text.index(fragment)].count("\n") + 1


@pytest.mark.parametrize("name", loader.PRESETS)
def test_preset__is_whole(name):
    survey = loader.preset(name)
    assert survey.form == name
    assert [choice.id for choice in survey.items[0].choices] == ["satisfied", "fairly", "basically", "dissatisfied"]
    assert [choice.label for choice in survey.items[0].choices] == ["满意", "比较满意", "基本满意", "不满意"]
    assert survey.identity[0].id == "rater_class"
    assert [(choice.id, choice.label) for choice in survey.identity[0].choices] == [
        ("staff", "教职工"),
        ("student", "学生代表"),
    ]
    assert all(choice.label_en for choice in survey.items[0].choices)
    assert [item.id for item in survey.items if item.overall] == [survey.items[-1].id]


def test_preset_texts__are_those_of_the_directive():
    org, member, overall, items = (loader.preset(name) for name in loader.PRESETS)
    assert org.title == "内蒙古工业大学基层党组织开展创先争优活动满意度测评表"
    assert {member.title, overall.title, items.title} == {"内蒙古工业大学党员参加创先争优活动满意度测评表"}
    assert [item.text.replace("|", "") for item in org.items] == [
        "推动中心工作和重点任务完成情况",
        "兑现公开承诺及为师生员工办实事、办好事情况",
        "开展创先争优活动的总体情况",
    ]
    expected = ["立足本职岗位，争创佳绩情况", "践行公开承诺及联系和服务群众情况", "参加创先争优活动的总体情况"]
    assert [item.text.replace("|", "") for item in member.items] == expected
    assert [item.text.replace("|", "") for item in items.items] == expected
    assert [item.id for item in overall.items] == ["overall"]
    assert org.instructions == member.instructions
    assert len(org.instructions) == 5
    assert all(text in overall.instructions[1] for text in expected)


def test_unknown_preset__raises_key_error():
    with pytest.raises(KeyError):
        loader.preset("nothing")


def test_unknown_switch__adds_a_last_choice_out_of_the_denominator():
    survey = loader.load_text(ORG.replace("unknown: false", "unknown: true"), "f.yaml")
    last = survey.items[0].choices[-1]
    assert (last.id, last.label, last.in_denominator) == ("unknown", "不了解", False)


def test_switches__leave_parts_away():
    text = re.sub(r"opinion:\n(  .*\n)+", "opinion: false\n", ORG) + "sheet_number: false\n"
    survey = loader.load_text(text, "f.yaml")
    assert survey.opinion is None
    assert survey.options["sheet_number"] == "off"


# (replaced, by, expected code, place); the line is that of the replacement's marker @ if it has one
CASES = [
    ("form: org", "from: org", "unknown-key", "from"),
    ("letter: A\n", "letter: A\nletter: B\n", "duplicate-key", "letter"),
    ("letter: A", "letter: toolong", "bad-letter", "letter"),
    ("form: org", "form: Org!", "bad-form-name", "form"),
    ("design: sheet", "design: poster", "not-allowed", "design"),
    ("about: organisation", "about: dog", "not-allowed", "about"),
    ("title: 内蒙古工业大学基层", "titel: 内蒙古工业大学基层", "unknown-key", "titel"),
    ("{id: staff, text: 教职工, text_en: Staff}", "{id: Staff, text: 教职工}", "bad-id", "identity[1].choices[1].id"),
    ("{id: staff, text: 教职工, text_en: Staff}", "教职工", "not-a-mapping", "identity[1].choices[1]"),
    ("id: rater_class", "id: who", "first-identity", "identity[1].id"),
    ("id: fairly,", "id: satisfied,", "duplicate-id", "scale[2].id"),
    ("text: 比较满意", "text: 满意", "duplicate-text", "scale[2].text"),
    (", counts: satisfied", "", "nothing-satisfied", "scale"),
    (", counts: satisfied", ", counts: beside", "beside-not-last", "scale[1]"),
    ("counts: rather-satisfied", "counts: often", "not-allowed", "scale[2].counts"),
    ("unknown: false", "unknown: maybe", "not-a-switch", "unknown"),
    ("  - id: q1\n", "  - id: q2\n", "duplicate-id", "items[2].id"),
    ("overall: true", "overall: 5", "not-a-switch", "items[3].overall"),
    ("overall: true", "most: 9", "not-a-number", "items[3].most"),
    ("text: 开展创先争优活动的总体情况", "text:", "empty-text", "items[3].text"),
    ("text: 开展创先争优活动的总体情况", "text: no", "not-a-text", "items[3].text"),
    ("text: 开展创先争优活动的总体情况", "text: [a]", "not-a-text", "items[3].text"),
    ("text: 开展创先争优活动的总体情况", "text: 总" + "体" * 130, "text-too-long", "items[3].text"),
    ("text: 开展创先争优活动的总体情况", "text: 总体" + "情" * 50, "too-long", "items[3].text"),
    ("text: 开展创先争优活动的总体情况", "text: 总体\U0001f600", "unprintable", "items[3].text"),
    ("text: 开展创先争优活动的总体情况", "text: '{sheet}'", "unprintable", "items[3].text"),
    ("title: 内", "title: " + "长" * 60 + "内", "too-long", "title"),
    ("  - 请勿折叠，", "  - " + "请勿折叠，" * 40, "instructions-too-long", "instructions"),
    ("  heading: 您", "  heading: " + "您" * 26, "too-long", "opinion"),
    ("thanks: 感", "thanks: " + "谢" * 60 + "感", "too-long", "thanks"),
]


@pytest.mark.parametrize(("old", "new", "code", "place"), CASES, ids=[f"{case[2]}-{case[3]}" for case in CASES])
def test_one_mistake__is_reported_with_place_and_line(old, new, code, place):
    text = ORG.replace(old, new, 1)
    assert text != ORG
    found = {(error_code, error_place): line for error_code, error_place, line in problems(text)}
    assert (code, place) in found
    change = next(n for n, (a, b) in enumerate(zip(ORG.split("\n"), text.split("\n"), strict=False), 1) if a != b)
    section = change if not place.endswith(("scale", "items[2].id", "identity[1].id", "instructions")) else None
    if section is not None:
        assert abs(found[code, place] - change) <= 1


def test_missing_key__is_reported_at_its_parent():
    text = ORG.replace("    text_en: You are\n", "").replace("    text: 您的身份（请划“√”）：\n", "")
    assert ("missing", "identity[1].text", line_of(text, "id: rater_class")) in problems(text)


TEN = """\
form: My Form
letter: A
letter: B
desing: sheet
title:
identity:
  - id: rater_class
    text: 您的身份
    choices: [{id: staff, text: 教职工}]
scale:
  - {id: good, text: 好, counts: satisfied}
  - {id: good, text: 差, counts: never}
items:
  - {id: q1, text: 总体情况, overall: perhaps}
  - {id: Q2, text: no}
"""


def test_ten_mistakes__are_reported_at_once():
    found = problems(TEN)
    assert found == sorted(found, key=lambda problem: problem[2])
    assert set(found) >= {
        ("bad-form-name", "form", 1),
        ("duplicate-key", "letter", 3),
        ("unknown-key", "desing", 4),
        ("missing", "design", 1),
        ("empty-text", "title", 5),
        ("wrong-count", "identity[1].choices", 9),
        ("duplicate-id", "scale[2].id", 12),
        ("not-allowed", "scale[2].counts", 12),
        ("not-a-switch", "items[1].overall", 14),
        ("bad-id", "items[2].id", 15),
        ("not-a-text", "items[2].text", 15),
    }
    with pytest.raises(FormErrors) as raised:
        loader.load_text(TEN, "ten.yaml")
    lines = raised.value.report("en").split("\n")
    assert len(lines) == len(found)
    assert all(re.match(r"ten\.yaml:\d+: \S.* – .+ – .+", line) for line in lines)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty-file", 1),
        ("# nothing\n", "empty-file", 1),
        ("- a\n- b\n", "no-keys", 1),
        ("form: [a\ntitle: b\n", "not-yaml", 2),
        ("form: a\n\ttitle: b\n", "not-yaml", 2),
        ('form: a\nissuer: "b\ntitle: c\n', "not-yaml", 2),
        ("form: a\ntitle: b\nitems: [c\n", "not-yaml", 3),
        ("form: a\ntitle: \x07\n", "strange-character", 2),
        ("form: a\n---\nform: b\n", "second-document", 2),
        ("form: &a [1]\nscale: *a\n", "anchor", 1),
        ("form: " + "[" * 40 + "]" * 40, "too-deep", 1),
        ("form: " + "x" * 300_000, "too-large", 1),
    ],
)
def test_unreadable_text__is_one_problem_of_the_file(text, code, line):
    assert problems(text) == [(code, "file", line)]


def test_alias_bomb__is_refused_before_it_unfolds():
    bomb = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))
    assert problems(bomb) == [("anchor", "file", 1)]


def test_other_encoding__is_reported_with_its_line(tmp_path):
    path = tmp_path / "gbk.yaml"
    path.write_bytes("form: org\ntitle: 测评表\n".encode("gbk"))
    with pytest.raises(FormErrors) as raised:
        loader.load_file(path)
    assert [(error.code, error.line) for error in raised.value.errors] == [("not-utf8", 2)]


def test_byte_order_mark__is_accepted(tmp_path):
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + ORG.encode())
    assert loader.load_file(path) == loader.preset("org")


@pytest.mark.parametrize(
    ("design", "entries", "most"), [("sheet", 6, 5), ("roster-overall", 2, 1), ("roster-items", 4, 3)]
)
def test_too_many_items__name_what_the_design_holds(design, entries, most):
    items = "".join(f"  - {{id: q{n}, text: 第{n}项}}\n" for n in range(entries))
    text = re.sub(r"items:\n(?:  .*\n)+", f"items:\n{items}", ORG).replace("design: sheet", f"design: {design}")
    with pytest.raises(FormErrors) as raised:
        loader.load_text(text, "f.yaml")
    error = next(error for error in raised.value.errors if error.place == "items")
    assert (error.code, error.params["count"], error.params["most"]) == ("wrong-count", entries, most)


def test_values__are_read_and_an_iso_date_is_written_out():
    text = "unit: 第一党支部\ndate: 2011-07-15\nmembers:\n  - 王芳\n  - 李 建国\n"
    read, lines = values.load_text(text, "v.yaml")
    assert (read.unit, read.subject, read.date, read.members) == (
        "第一党支部",
        "",
        "2011年7月15日",
        ("王芳", "李建国"),
    )
    assert lines["members[2]"] == 5


def test_same_name_twice__names_both_places():
    with pytest.raises(FormErrors) as raised:
        values.load_text("members:\n- 王芳\n- 李明\n- 王芳\n- 王芳（女）\n", "v.yaml")
    (error,) = raised.value.errors
    assert (error.code, error.place, error.line) == ("duplicate-name", "members[3]", 4)
    assert error.params["first"] == "members[1]"
    assert error.params["first_line"] == 2
    assert "王芳" in error.report("v.yaml")


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("members: 王芳\n", "not-a-list", "members"),
        ("members: [王芳, [李明]]\n", "not-a-text", "members[2]"),
        ("members: [王芳, ~]\n", "empty-text", "members[2]"),
        ("member: [王芳]\n", "unknown-key", "member"),
        ("unit: 第一\U0001f600支部\n", "unprintable", "unit"),
    ],
)
def test_mistake_in_values__is_reported(text, code, place):
    with pytest.raises(FormErrors) as raised:
        values.load_text(text, "v.yaml")
    assert (code, place) in [(error.code, error.place) for error in raised.value.errors]


def test_every_code__has_both_languages_with_the_same_parameters():
    for code, sentences in catalogue(errors.MESSAGES).items():
        assert set(sentences) == set(LANGUAGES), code
        names = [set(re.findall(r"{(\w+)}", sentences[language])) for language in LANGUAGES]
        assert names[0] == names[1], code
        assert all(" – " in sentence for sentence in sentences.values()), code


def test_every_code_in_the_source__has_a_sentence():
    folder = Path(loader.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    called = r'(?:complain|_single|FormError|_say|_cannot|once)\(\s*(?:parsed, |\[.*?\], )?"([a-z][a-z0-9-]+)"'
    used = set(re.findall(called, source)) | set(
        re.findall(r'"((?:bad|duplicate|cannot|no|not|too)-[a-z0-9-]+)"', source)
    )
    assert used <= set(catalogue(errors.MESSAGES)), used - set(catalogue(errors.MESSAGES))
    assert len(used) > 25


def test_designs__are_all_reached_by_presets():
    assert {loader.preset(name).design for name in loader.PRESETS} == set(Design)
    assert say(errors.MESSAGES, "missing", "en", key="title").startswith('"title"')
