"""What the raters of the demonstration write: their opinions, put by an uneven hand into the writing lines.

The synthesiser's handwriting is strokes without words, on which no engine could show anything. These are words, so
that what the engine proposes of them is its own reading, right or wrong.
"""

from __future__ import annotations

import io
from pathlib import Path

import fpdf
import numpy as np
import pikepdf

from forms.layout import Layout, Region
from forms.typeset.metrics import EM_MM, FONT_FILES

TURN, SKEW = 12.0, 22.0  # degrees: a hasty hand, of which an engine is not sure everywhere
EVERY = 4  # a sheet in so many has something written on it
OPINIONS = (
    "实验室开放时间再长一些。", "希望多听听青年教师的意见。", "办事大厅周三下午也应有人值班。",
    "学生宿舍热水的问题解决得好。", "承诺的停车位还没有落实。", "党务公开栏更新要及时。",
    "座谈会的意见应当逐条答复。", "对困难学生的帮助很实在。", "会议偏多，请再精简一些。",
    "希望公开经费的使用情况。", "老党员带头授课，值得学习。", "食堂价格最近涨得快。",
    "建议每学期开一次家长会。", "报销流程还是太长。", "图书馆座位不够用。", "学风比去年好多了。",
    "请把整改结果告诉大家。",
)  # fmt: skip


def write(printed: Path, layout: Layout, seed: int) -> dict[int, str]:
    """Write opinions onto some sheets of a printed PDF. Returns page of the file (from 0) → text.

    Nothing is written where the form has no lines for it.
    """
    rng = np.random.default_rng(seed)
    regions = {number: page.regions[0] for number, page in enumerate(layout.pages) if page.regions}
    if not regions:
        return {}
    written: dict[int, str] = {}
    with pikepdf.open(printed, allow_overwriting_input=True) as document:
        for number, page in enumerate(document.pages):
            region = regions.get(number % len(layout.pages))
            if region is None or (number // len(layout.pages)) % EVERY:
                continue
            written[number] = text = OPINIONS[len(written) % len(OPINIONS)]
            with pikepdf.open(io.BytesIO(_by_hand(layout.page_mm, region, text, rng))) as ink:
                page.add_overlay(ink.pages[0], None)
        document.save(printed)
    return written


def _by_hand(page_mm: tuple[float, float], region: Region, text: str, rng: np.random.Generator) -> bytes:
    """Return a page with a text on the first lines of a region, each character a little turned, shifted and sized."""
    pdf = fpdf.FPDF(unit="mm", format=page_mm)
    pdf.set_auto_page_break(False)
    pdf.add_font("hand", fname=FONT_FILES["serif"])
    pdf.add_page()
    pdf.set_text_color(40)
    em = rng.uniform(5.0, 6.2)
    lines = iter(region.lines_y)
    x, y = region.x + rng.uniform(2, 14), next(lines)
    for character in text:
        if x + em > region.x + region.w:
            x, y = region.x + rng.uniform(0.5, 3), next(lines)
        size = em * rng.uniform(0.75, 1.1)
        pdf.set_font("hand", size=size / EM_MM)
        pdf.set_stretching(rng.uniform(75, 115))
        base = y - rng.uniform(0.2, 1.8)
        middle = x + size / 2, base - size / 2
        with (
            pdf.rotation(rng.uniform(-TURN, TURN), *middle),
            pdf.skew(rng.uniform(-SKEW, SKEW), rng.uniform(-SKEW, SKEW), *middle),
        ):
            pdf.text(x, base, character)
        x += em * rng.uniform(0.72, 1.0)
    return bytes(pdf.output())
