"""Where things stand on paper. The expected numbers are the reference geometry of the printed sheets, in mm."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import loader
from forms.errors import FormErrors
from forms.layout import Layout
from forms.survey import Choice, Question, Survey, Values
from forms.typeset import typeset
from forms.typeset.metrics import EM_MM
from forms.typeset.setting import TICK, Style, break_lines, name_lines, width

U = 8.25
NAMES = tuple(f"张{first}{second}" for first, second in itertools.product("一二三四五六七八", "春夏秋冬东南西北"))
PARTY = Question("party", "政治面貌：", (Choice("member", "党员"), Choice("masses", "群众")))


def with_choices(survey: Survey, *labels: str, unknown: bool = False) -> Survey:
    choices = tuple(Choice(f"c{number}", label) for number, label in enumerate(labels))
    if unknown:
        choices = (*choices, loader.UNKNOWN)
    return replace(survey, items=tuple(replace(item, choices=choices) for item in survey.items))


def with_unknown(survey: Survey) -> Survey:
    choices = (*survey.items[0].choices, loader.UNKNOWN)
    return replace(survey, items=tuple(replace(item, choices=choices) for item in survey.items))


def box_xs(layout: Layout, question: str) -> list[float]:
    return [box.x for box in layout.question(question)[1].boxes]


def texts(layout: Layout, page: int = 1) -> str:
    return "".join(text.string for text in layout.page(page).texts)


# --- the four presets against the reference

RATING_XS = [115.75, 136.25, 156.75, 177.25]
A4_MARKS = [("tl", 10, 25, 6, 6), ("tr", 194, 25, 6, 6), ("bl", 10, 275, 6, 12), ("br", 194, 281, 6, 6)]
M3_MARKS = [("tl", 10, 25, 6, 6), ("tr", 281, 25, 6, 6), ("bl", 10, 188, 6, 12), ("br", 281, 194, 6, 6)]


def marks(layout: Layout, page: int = 1) -> list[tuple]:
    return [(mark.id, mark.x, mark.y, mark.w, mark.h) for mark in layout.page(page).fiducials]


@pytest.mark.parametrize("name", ["org", "member"])
def test_sheet__stands_as_in_the_reference(name):
    layout = typeset(loader.preset(name))
    page = layout.page(1)
    assert layout.page_mm == (210, 297)
    assert marks(layout) == A4_MARKS
    assert (page.code.x, page.code.y, page.code.w, page.code.h) == (175, 271, 15, 15)
    assert [question.id for question in page.questions] == ["rater_class", "q1", "q2", "q3"]
    assert box_xs(layout, "rater_class") == [73.5, 109.5]
    assert {box.y for box in page.questions[0].boxes} == {63.3}
    for question, y in zip(page.questions[1:], (137.75, 154.25, 170.75), strict=True):
        assert [box.x for box in question.boxes] == RATING_XS
        assert {(box.y, box.w, box.h, box.line) for box in question.boxes} == {(y, 5, 5, 0.3)}
    (region,) = page.regions
    assert (region.id, region.kind, region.x, region.y, region.w, region.h) == (
        "opinion",
        "text",
        20,
        193.875,
        170,
        67.5,
    )
    assert region.lines_y == tuple(202.125 + U * line for line in range(8))


def test_roster_overall__stands_as_in_the_reference():
    layout = typeset(loader.preset("roster-overall"), Values(members=NAMES[:25]))
    page = layout.page(1)
    assert marks(layout) == A4_MARKS
    assert box_xs(layout, "rater_class") == [128.5, 154.5]
    for row in range(25):
        question = layout.question(f"m{row + 1:02d}.overall")[1]
        assert [box.x for box in question.boxes] == RATING_XS
        assert {box.y for box in question.boxes} == {59.375 + U * row}
    (region,) = page.regions
    assert (region.x, region.y, region.w, region.h, region.lines_y) == (20, 264, 145, 18, (272.25, 280.5))


def test_roster_items__stands_as_in_the_reference():
    layout = typeset(loader.preset("roster-items"), Values(members=NAMES[:16]))
    page = layout.page(1)
    assert layout.page_mm == (297, 210)
    assert marks(layout) == M3_MARKS
    assert (page.code.x, page.code.y) == (262, 185)
    assert box_xs(layout, "rater_class") == [41.5, 69.5]
    for row, (item, left) in itertools.product(range(16), (("q1", 77), ("q2", 126.5), ("q3", 176))):
        question = layout.question(f"m{row + 1:02d}.{item}")[1]
        assert [box.x for box in question.boxes] == [left + offset for offset in (3, 14, 25, 36)]
        assert {box.y for box in question.boxes} == {57.125 + U * row}
    (region,) = page.regions
    assert (region.x, region.y, region.w, region.h) == (227, 55.5, 50, 125.25)
    assert region.lines_y == tuple(63.75 + U * line for line in range(15))


def test_texts__stand_as_in_the_reference():
    layout = typeset(loader.preset("org"), Values(unit="材料科学与工程学院党委", date="2011年7月15日"))
    placed = {text.string: (text.x, text.y, text.size) for text in layout.page(1).texts}
    expected = {
        "内蒙古工业大学": (75.646, 19.346, 16),
        "基层党组织开展创先争优活动满意度测评表": (31.27, 30.949, 22),
        "材料科学与工程学院党委": (40.903, 46.743, 13),
        "2011年7月15日": (144.142, 56.743, 13),
        "比较满意": (130.637, 129.417, 11.5),
        "办实事、办好事情况": (28.695, 161.927, 14),
        "您对该党组织的意见和建议": (20, 190.879, 11.5),
    }
    for string, (x, y, size) in expected.items():
        found = placed[string]
        assert abs(found[0] - x) <= 0.02
        assert abs(found[1] - y) <= 0.02
        assert found[2] == size


def test_same_survey_and_values__give_the_same_digest():
    first, again = (typeset(loader.preset("org"), Values(unit="机关")) for _ in range(2))
    assert first == again
    assert typeset(loader.preset("org"), Values(unit="后勤")).digest != first.digest


# --- variants


@pytest.mark.parametrize(
    ("labels", "centres"),
    [
        (("好", "差"), [128.5, 169.5]),
        (("好", "中", "差"), [108 + 82 / 6 * odd for odd in (1, 3, 5)]),
        (("优", "良", "中", "差", "劣"), [116.2, 132.6, 149, 165.4, 181.8]),
        (tuple("甲乙丙丁戊己"), [108 + 82 / 12 * odd for odd in (1, 3, 5, 7, 9, 11)]),
    ],
)
@pytest.mark.parametrize("name", ["org", "roster-overall"])
def test_n_options__share_the_field(name, labels, centres):
    layout = typeset(with_choices(loader.preset(name), *labels), Values(members=NAMES[:3]))
    question = layout.page(1).questions[-1]
    assert [box.cx for box in question.boxes] == pytest.approx(centres, abs=1e-3)


def test_unknown__stands_three_further_right_in_serif():
    layout = typeset(with_unknown(loader.preset("org")))
    pitch = 79 / 5
    centres = [108 + pitch * (n + 0.5) for n in range(4)] + [108 + pitch * 4.5 + 3]
    assert [box.cx for box in layout.question("q1")[1].boxes] == pytest.approx(centres, abs=1e-3)
    head = next(text for text in layout.page(1).texts if text.string == "不了解")
    assert head.face == "serif"


def test_five_options_on_roster_items__move_off_the_fold():
    layout = typeset(with_unknown(loader.preset("roster-items")), Values(members=NAMES[:2]))
    for item, fold in (("q1", 99), ("q2", 148.5), ("q3", 198)):
        boxes = layout.question(f"m01.{item}")[1].boxes
        centres = [box.cx for box in boxes]
        assert [b - a for a, b in itertools.pairwise(centres)] == pytest.approx([9, 9, 9, 9])
        assert fold == pytest.approx((centres[1] + centres[2]) / 2)
    heads = [text.string for text in layout.page(1).texts]
    assert heads.count("了解") == 3


def test_heads_on_two_lines__cost_the_roster_one_name():
    survey = with_choices(loader.preset("roster-overall"), "优秀", "良好", "比较满意", "合格", "基本合格", "不合格")
    layout = typeset(survey, Values(members=NAMES[:25]))
    assert len(layout.pages) == 2
    assert layout.question("m01.overall")[1].boxes[0].y == 59.375 + U
    assert len(typeset(survey, Values(members=NAMES[:24])).pages) == 1


def test_second_identity_question__stands_in_the_same_row_of_a_sheet():
    survey = loader.preset("org")
    layout = typeset(replace(survey, identity=(*survey.identity, PARTY)))
    assert box_xs(layout, "rater_class") == [73.5, 109.5]
    assert box_xs(layout, "party") == [145.5, 168.5]
    assert layout.question("party")[1].boxes[0].y == 63.3


def test_second_identity_question__costs_the_roster_one_name():
    survey = loader.preset("roster-overall")
    both = replace(survey, identity=(*survey.identity, PARTY))
    layout = typeset(both, Values(members=NAMES[:24]))
    assert len(layout.pages) == 1
    assert layout.question("m24.overall")[1].boxes[0].y == 257.375
    assert len(typeset(both, Values(members=NAMES[:25])).pages) == 2


def test_three_rater_classes__fit_a_sheet():
    survey = loader.preset("org")
    choices = (*survey.identity[0].choices, Choice("retired", "离退休人员"))
    layout = typeset(replace(survey, identity=(replace(survey.identity[0], choices=choices),)))
    assert box_xs(layout, "rater_class") == [73.5, 109.5, 145.5]


@pytest.mark.parametrize(
    ("name", "count", "pages"),
    [("roster-overall", 27, [14, 13]), ("roster-overall", 25, [25]), ("roster-items", 17, [9, 8])],
)
def test_pages__are_filled_evenly(name, count, pages):
    layout = typeset(loader.preset(name), Values(members=NAMES[:count]))
    rows = [len({q.id.split(".")[0] for q in page.questions if "." in q.id}) for page in layout.pages]
    assert rows == pages
    assert list(layout.rows.values()) == list(NAMES[:count])
    assert list(layout.rows)[-1] == f"m{count:02d}"
    assert layout.page(1).questions[0].id == "rater_class"
    assert all("rater_class" not in question.id for page in layout.pages[1:] for question in page.questions)


def test_even_page__has_its_marks_nearer_the_middle():
    layout = typeset(loader.preset("roster-overall"), Values(members=NAMES[:30]))
    assert marks(layout, 1) == A4_MARKS
    assert marks(layout, 2) == [
        ("tl", 10, 39, 6, 6),
        ("tr", 194, 39, 6, 6),
        ("bl", 10, 261, 6, 12),
        ("br", 194, 267, 6, 6),
    ]
    assert "填表说明" in texts(layout, 1)
    assert "填表说明" not in texts(layout, 2)
    assert "意见和建议" in texts(layout, 2)


def test_lines_beside_the_code__end_before_it():
    layout = typeset(loader.preset("roster-overall"), Values(members=NAMES[:20]))
    upper, lower = layout.page(1).regions
    assert (upper.id, upper.w, upper.lines_y[0]) == ("opinion", 170, 29 * U)
    assert (lower.id, lower.w, lower.lines_y) == ("opinion_2", 145, (33 * U, 34 * U))
    assert upper.y + upper.h <= lower.y


def test_roster_without_names__is_a_page_of_empty_rows():
    layout = typeset(loader.preset("roster-items"))
    assert len(layout.rows) == 16
    assert set(layout.rows.values()) == {""}


def test_form_without_opinions__has_no_region():
    layout = typeset(replace(loader.preset("org"), opinion=None))
    assert layout.page(1).regions == ()


def test_no_sheet_number__leaves_form_page_and_version():
    survey = loader.preset("org")
    layout = typeset(replace(survey, options={**survey.options, "sheet_number": "off"}))
    assert "{sheet}" not in texts(layout)
    assert "表号" not in texts(layout)
    assert "A-{page}/{pages}" in texts(layout)


@pytest.mark.parametrize(
    ("name", "field"),
    [("org", "unit"), ("org", "subject"), ("org", "date"), ("roster-overall", "unit"), ("roster-items", "unit")],
)
def test_value_too_long_for_two_lines__is_reported(name, field):
    with pytest.raises(FormErrors) as raised:
        typeset(loader.preset(name), Values(**{field: "长" * 120}))
    assert [(error.code, error.place) for error in raised.value.errors] == [("too-long", field)]


def test_names_too_long__are_all_reported():
    with pytest.raises(FormErrors) as raised:
        typeset(loader.preset("roster-items"), Values(members=("王芳", "长" * 40, "李明", "短" * 41)))
    assert [error.place for error in raised.value.errors] == ["members[2]", "members[4]"]


def test_character_in_no_font__is_reported_not_printed_as_a_box():
    with pytest.raises(FormErrors) as raised:
        typeset(loader.preset("org"), Values(subject="王\U0003fffd"))
    assert [(error.code, error.place) for error in raised.value.errors] == [("unprintable", "subject")]


def test_more_than_a_design_holds__is_refused_not_dropped():
    survey = loader.preset("roster-items")
    crowded = with_choices(replace(survey, identity=(*survey.identity, PARTY)), *"甲乙丙丁戊己")
    with pytest.raises(FormErrors) as raised:
        typeset(crowded)
    assert [(error.code, error.place) for error in raised.value.errors] == [
        ("wrong-count", "identity"),
        ("wrong-count", "scale"),
    ]


def test_more_names_than_pages__are_refused():
    with pytest.raises(FormErrors) as raised:
        typeset(loader.preset("roster-items"), Values(members=("王",) * (16 * 99 + 1)))
    assert raised.value.errors[0].code == "too-many-members"


# --- nothing lies on anything else


def ink(layout: Layout) -> list[tuple[str, int, float, float, float, float]]:
    """Boxes round all texts (ideograph height), answer boxes, marks and codes: (what, page, x1, y1, x2, y2)."""
    found = []
    for page in layout.pages:
        for text in page.texts:
            em = text.size * EM_MM
            string = text.string.replace("{sheet}", "MMMM-MMMM").replace("{digest}", "MMMM")
            string = string.replace("{pages}", str(len(layout.pages))).replace("{page}", str(page.page))
            wide = width(string, Style(text.face, text.size, 0, text.spacing * EM_MM))
            last_half = 0.42 * em if string[-1] in "，。；：、）”" else 0
            first_half = 0.42 * em if string[0] in "（“" else 0
            middle = text.y - 0.38 * em
            edges = (text.x + first_half, middle - 0.42 * em, text.x + wide - last_half, middle + 0.42 * em)
            found.append((text.string, page.page, *edges))
        for question in page.questions:
            for box in question.boxes:
                found.append((f"{question.id}.{box.id}", page.page, box.x, box.y, box.x + box.w, box.y + box.h))
        for thing in (*page.fiducials, page.code):
            found.append((type(thing).__name__, page.page, thing.x, thing.y, thing.x + thing.w, thing.y + thing.h))
    return found


def overlaps(layout: Layout) -> list[tuple[str, str]]:
    by_page: dict[int, list] = {}
    for item in ink(layout):
        by_page.setdefault(item[1], []).append(item)
    slack = 0.02
    return [
        (a[0], b[0])
        for items in by_page.values()
        for a, b in itertools.combinations(items, 2)
        if a[2] < b[4] - slack and b[2] < a[4] - slack and a[3] < b[5] - slack and b[3] < a[5] - slack
    ]


LONG_UNIT = "内蒙古工业大学材料科学与工程学院金属材料工程系教工与研究生联合第一党支部委员会"
LONG_NAMES = (
    "阿卜杜热合曼·买买提艾力·阿卜杜热西提江",
    "买买提·阿不都热合曼",
    "额尔敦巴雅尔其其格",
    "王芳（女）",
    "䶮喆祎",
    "𬭊𫖯",
)


@pytest.mark.parametrize("name", loader.PRESETS)
@pytest.mark.parametrize("change", [lambda survey: survey, with_unknown], ids=["four", "unknown"])
def test_long_values__overlap_nothing_and_stay_on_the_paper(name, change):
    values = Values(LONG_UNIT, LONG_NAMES[0], "2011年12月25日", LONG_NAMES + NAMES[:28])
    layout = typeset(change(loader.preset(name)), values)
    assert overlaps(layout) == []
    width_mm, height_mm = layout.page_mm
    for _, _, x1, y1, x2, y2 in ink(layout):
        assert x1 >= 9
        assert y1 >= 9
        assert x2 <= width_mm - 9
        assert y2 <= height_mm - 9
        assert not (x1 < 19 and y1 < 19)  # the staple


HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x9F00)
NAME = st.lists(st.text(HANZI, min_size=1, max_size=6), min_size=1, max_size=3).map("·".join)


@settings(max_examples=25)
@given(st.lists(NAME, min_size=1, max_size=30, unique=True), st.text(HANZI, max_size=38), st.text(HANZI, max_size=20))
def test_any_names_and_units__overlap_nothing(members, unit, subject):
    values = Values(unit=unit, subject=subject, date="2011年7月15日", members=tuple(members))
    for name in ("roster-overall", "roster-items"):
        layout = typeset(loader.preset(name), values)
        assert overlaps(layout) == []
        assert Layout.loads(layout.dumps()) == layout
        assert [row for row in layout.rows.values()] == members


@pytest.mark.parametrize("name", loader.PRESETS)
def test_white_round_boxes__is_kept(name):
    layout = typeset(with_unknown(loader.preset(name)), Values(members=NAMES[:25]))
    for page in layout.pages:
        boxes = [box for question in page.questions for box in question.boxes]
        for a, b in itertools.combinations(boxes, 2):
            gap = max(abs(a.cx - b.cx), abs(a.cy - b.cy)) - 5
            assert gap >= 3
        areas = [item for item in ink(layout) if item[1] == page.page and "{" not in item[0]]
        words = [item for item in areas if item[0] in {text.string for text in page.texts}]
        for box, (_, _, x1, y1, x2, y2) in itertools.product(boxes, words):
            dx = max(x1 - (box.x + 5), box.x - x2)
            dy = max(y1 - (box.y + 5), box.y - y2)
            assert dx >= 2.99 or dy >= 0.9  # beside a box 3; above it, heads stand clear of the row


# --- setting

SERIF = Style("serif", 9)


@given(st.text(st.sampled_from("一二三四五，。；：、）（“”《》12.(ab"), min_size=1, max_size=120), st.integers(30, 170))
def test_broken_lines__keep_every_character_and_the_rules_of_lines(text, room):
    lines = break_lines(text, [float(room)], SERIF)
    assert "".join(lines) == text
    assert all(width(line, SERIF) <= room + 1e-6 or len(line) == 1 for line in lines)


def test_line__never_begins_with_a_closing_mark():
    lines = break_lines("评议结果，（总体情况）；“评议”、《测评》。" * 20, [60.0], SERIF)
    assert len(lines) > 10
    assert not any(line[0] in "，。；：、）”·》" for line in lines)
    assert not any(line[-1] in "（“《" for line in lines)


def test_last_line__is_not_a_stump():
    text = "每行只选一个更改时将选错的，方框整个涂黑再划"
    lines = break_lines(text, [width("中" * 20, SERIF)], SERIF)
    assert lines == ["每行只选一个更改时将选错的，", "方框整个涂黑再划"]


def test_two_marks_in_a_row__move_together():
    assert width("”，", SERIF) == pytest.approx((2 - 0.42) * SERIF.em)
    assert width("，一", SERIF) == pytest.approx(2 * SERIF.em)
    assert width(f"“{TICK}”）：", SERIF) == pytest.approx((5 - 0.84) * SERIF.em)


def test_tick__is_a_shape_never_a_glyph():
    layout = typeset(loader.preset("org"))
    assert TICK not in texts(layout)
    assert len(layout.page(1).shapes) == 3 + 3 + 3  # in the texts; outlines of the example; its marks


@pytest.mark.parametrize(
    ("name", "size", "lines"),
    [
        ("王芳", 13, ["王　芳"]),
        ("买买提·阿不都热合曼", 12.5, ["买买提·阿不都热合曼"]),
        ("阿卜杜热合曼·买买提艾力·阿卜杜热西提江", 9, ["阿卜杜热合曼·", "买买提艾力·阿卜杜热西提江"]),
    ],
)
def test_name__shrinks_then_breaks_at_the_dot(name, size, lines):
    style, broken = name_lines(name, 42.0, Style("serif", 13), 9)
    assert broken == lines
    assert style.size == size
