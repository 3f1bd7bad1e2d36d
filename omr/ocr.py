"""Text of a written line, proposed by an OCR engine: rapidocr, else tesseract, else none.

A job of its own after the pages are read: it loads an engine of 100 MB. What it says is a proposal, character by
character with its probability; a person confirms it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

import cv2

from omr.image import Grey

UNCERTAIN_BELOW = 0.8  # of 408 measured characters 27 lay below, holding 9 of the 12 errors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """What an engine reads in one line. ``characters`` are the text's characters with their probabilities."""

    text: str
    characters: tuple[tuple[str, float], ...]


class Engine(Protocol):
    """Reads one line of writing."""

    name: str

    def read(self, image: Grey) -> Line: ...


class RapidOcr:
    """PP-OCR through rapidocr, recognition alone: the lines are known, so nothing is searched for."""

    name = "rapidocr"

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
        self._engine = RapidOCR(params={"Global.log_level": "error", **threads})

    def read(self, image: Grey) -> Line:
        """Read one line; ("" where it sees nothing)."""
        # Its flags stick from call to call, so all are given each time.
        found: Any = self._engine(
            cv2.cvtColor(image, cv2.COLOR_GRAY2BGR),
            use_det=False,
            use_cls=False,
            use_rec=True,
            return_word_box=True,
            return_single_char_box=False,
            text_score=0.0,
        )
        if not found.txts or not found.txts[0]:
            return Line("", ())
        return _line(found.txts[0], float(found.scores[0]), getattr(found.word_results[0], "confs", ()))


class Tesseract:
    """Tesseract through pytesseract: good for print, poor for handwriting; better than typing all of it."""

    name = "tesseract"

    def read(self, image: Grey) -> Line:
        """Read one line; a word's confidence stands for each of its characters."""
        import pytesseract

        data: dict[str, list[Any]] = pytesseract.image_to_data(
            image, lang="chi_sim", config="--psm 7", output_type=pytesseract.Output.DICT
        )
        words = [(str(t).strip(), float(c) / 100) for t, c in zip(data["text"], data["conf"], strict=True)]
        characters = tuple((character, p) for word, p in words if word and p >= 0 for character in word)
        return Line("".join(character for character, _ in characters), characters)


def _line(text: str, score: float, each: Sequence[float]) -> Line:
    """Pair characters with probabilities; the line's own stands for all where the engine gives no other."""
    scores = [float(p) for p in each] if len(each) == len(text) else [score] * len(text)
    return Line(text, tuple(zip(text, scores, strict=True)))


def has_rapidocr() -> bool:
    """Tell whether rapidocr and its runtime are installed."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def has_tesseract() -> bool:
    """Tell whether tesseract is installed with simplified Chinese."""
    if find_spec("pytesseract") is None or shutil.which("tesseract") is None:
        return False
    import pytesseract

    return "chi_sim" in pytesseract.get_languages()


ENGINES: dict[str, tuple[Callable[[], bool], Callable[[], Engine]]] = {
    "rapidocr": (has_rapidocr, RapidOcr),
    "tesseract": (has_tesseract, Tesseract),
}


def candidates(setting: str) -> list[str]:
    """Return the installed engines that a setting allows, best first. Raises ValueError for an unknown setting."""
    if setting not in ("auto", "off", *ENGINES):
        raise ValueError(setting)
    wanted = ENGINES if setting == "auto" else [setting]
    return [name for name in wanted if name in ENGINES and ENGINES[name][0]()]


def choose(setting: str) -> str:
    """Return the engine in force for a setting; "off" where the wanted one isn't installed: opinions are typed then."""
    return next(iter(candidates(setting)), "off")


@cache
def load(setting: str) -> Engine | None:
    """Load the engine of a setting, once a process; None where there is none, or none that starts."""
    for name in candidates(setting):
        try:
            return ENGINES[name][1]()
        except ImportError:  # installed, but a system library that it needs is not
            log.exception("%s does not start", name)
    log.warning("no OCR engine (setting %s): opinions are typed by hand", setting)
    return None
