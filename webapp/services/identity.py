"""What in a text may tell who wrote it: names, posts, numbers, small groups. A person strikes each out or keeps it.

What is struck out leaves a visible mark. The program proposes; the transcriber decides, and writes why he keeps one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.errors import InvalidInput
from webapp.services import gathering

MARK = "〔略〕"
STRIKE, KEEP = "strike", "keep"
PATTERNS = {
    "number": re.compile(r"\d{6,}[\dXx]?"),  # a telephone, a number on a card
    "self": re.compile(r"(?:本人|我)(?:是|叫|在)[^，。；！？,.\s]{1,12}"),
    "post": re.compile(
        r"[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严金魏陶姜谢邹章苏潘葛范彭鲁马方任袁柳史唐薛雷贺罗毕郝安常傅齐康余顾孟黄"
        r"萧尹姚邵汪毛戴宋庞熊舒屈董梁杜阮蓝贾江郭林钟徐邱高夏田胡霍万丁邓石崔侯曾白龙叶刘][\u4e00-\u9fff]?"
        r"(?:老师|教授|院长|书记|主任|处长|科长|同学|师傅|班长)"
    ),
    "group": re.compile(
        r"(?:[\u4e00-\u9fff]{2,4}(?:教研室|课题组|科室)|[\u4e00-\u9fff]{0,4}\d{2,4}(?:级[\u4e00-\u9fff\d]{0,4})?班)"
    ),
}
_LEADING = re.compile(r"^(?:我们|希望|请|建议|咱们|本)+")


@dataclass(frozen=True, slots=True)
class Trace:
    """Words that may tell the writer. ``why``: name, number, self, post, group (a code of the page)."""

    words: str
    why: str


def traces(session: Session, unit_id: int, text: str) -> list[Trace]:
    """Return what in a text may tell its writer, each once; a part of another is left out."""
    found = dict(_traces(session, unit_id, text))
    return [
        Trace(words, why)
        for words, why in found.items()
        if not any(words != other and words in other for other in found)
    ]


def settle(
    session: Session, unit_id: int, text: str, choices: Mapping[str, str], whys: Mapping[str, str]
) -> tuple[str, list[str]]:
    """Return the text with what is to be struck out replaced by the mark, and the reasons for what is kept.

    ``choices``: words → STRIKE or KEEP. Raises InvalidInput while something is undecided, or kept without a reason.
    """
    reasons, undecided = [], []
    for trace in traces(session, unit_id, text):
        choice, why = choices.get(trace.words, ""), whys.get(trace.words, "").strip()
        if choice == STRIKE:
            text = text.replace(trace.words, MARK)
        elif choice == KEEP and why:
            reasons.append(why[:200])
        else:
            undecided.append(trace.words)
    if undecided:
        raise InvalidInput("strike-undecided", words="、".join(undecided))
    return text, reasons


def _traces(session: Session, unit_id: int, text: str) -> Iterator[tuple[str, str]]:
    for name in gathering.names_in(session, unit_id, text):
        yield name, "name"
    for why, pattern in PATTERNS.items():
        for hit in pattern.finditer(text):
            words = _LEADING.sub("", hit[0]) if why == "group" else hit[0]
            if words:
                yield words, why
