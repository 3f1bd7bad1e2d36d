"""What a rater means to do on each question: the wish, before any ink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from forms.layout import Question
from omr.synth.arrays import pick
from omr.synth.truth import ANSWERED, BLANK, CANCELLED, CORRECTED, MULTIPLE

STYLES = {"tick": 60, "over": 12, "cross": 7, "circle": 4, "fill": 7, "half": 2, "slash": 3, "dash": 2, "light": 3}
PENS = {"ball": 40, "gel": 42, "felt": 4, "pencil": 14}
HARD = {
    "double": 12,
    "corrected-black": 16,
    "corrected-scribble": 8,
    "corrected-strikes": 6,
    "corrected-cross": 4,
    "cancelled": 4,
    "dot": 12,
    "stray": 10,
    "stray-answered": 6,
    "erased": 8,
    "erased-answered": 6,
    "beside": 8,
}
MORE_STYLES = {"twice": 1, "hook": 2}
MORE_PENS = {"fine": 8, "pale": 8, "dry": 6, "marker": 3}
MORE_HARD = {
    "corrected-line": 6,
    "cancelled-black": 4,
    "slip": 10,
    "slip-answered": 6,
    "touches": 8,
    "touches-answered": 6,
    "scrawl": 4,
    "scrawl-answered": 4,
    "shadow": 10,
    "shadow-answered": 10,
    "near": 8,
}
WILD_HARD = {  # ``any`` is drawn by the family's own hand: ``wild`` or ``held``
    "double": 10,
    "corrected-any": 20,
    "cancelled-any": 12,
    "corrected-once": 8,
    "cancelled-once": 12,
    "dot": 6,
    "touches": 6,
    "touches-answered": 5,
    "through": 12,
    "through-answered": 8,
    "letters": 8,
    "letters-answered": 6,
    "ghost": 10,
    "ghost-answered": 8,
    "smear": 4,
    "smear-answered": 3,
    "shadow": 6,
    "shadow-answered": 5,
    "slip": 6,
    "slip-answered": 5,
    "beside": 4,
    "near": 10,
    "word": 8,
    "tail": 16,
    "tiny": 8,
}
HELD_HARD = {key: 1.0 for key in WILD_HARD if not key.startswith(("shadow", "slip", "touches"))}
WILD_STYLES = {
    "tick": 50, "cross": 12, "circle": 7, "fill": 10, "half": 3, "slash": 7, "dash": 5, "line": 4, "spot": 2,
    "sign": 2, "light": 6,
}  # fmt: skip
_NEEDS_TWO = {
    "corrected-any",
    "corrected-once",
    "through-answered",
    "letters-answered",
    "ghost-answered",
    "smear-answered",
    "double",
    "corrected-line",
    "slip-answered",
    "touches-answered",
    "scrawl-answered",
    "shadow-answered",
    "corrected-black",
    "corrected-scribble",
    "corrected-strikes",
    "corrected-cross",
    "erased-answered",
}


@dataclass(frozen=True, slots=True)
class Mix:
    """How a stack's raters behave. All weights are relative; ``blank`` and ``hard`` are shares of the questions.

    ``choices`` weighs a question's choices by their order; a missing place weighs as the last one.
    """

    blank: float = 0.05
    hard: float = 0.03
    writing: float = 0.25  # share of sheets with something written in the opinion region
    odd_mark: float = 0.04  # share of a writer's marks that are not of the hand's own style
    choices: tuple[float, ...] = (55, 28, 12, 5)
    styles: Mapping[str, float] = field(default_factory=lambda: dict(STYLES))
    pens: Mapping[str, float] = field(default_factory=lambda: dict(PENS))
    hards: Mapping[str, float] = field(default_factory=lambda: dict(HARD))
    family: str = "usual"  # of hands: ``usual`` (marks), ``wild`` or ``held``


MIXES = {
    "clean": Mix(hard=0.0),
    "usual": Mix(),
    "hard": Mix(hard=0.34, odd_mark=0.3, styles=dict.fromkeys(STYLES, 1.0), pens=dict.fromkeys(PENS, 1.0)),
    "varied": Mix(  # more than any stack holds: what a judge learns from
        hard=0.3,
        odd_mark=0.1,
        styles=STYLES | MORE_STYLES | {"slash": 8, "dash": 8, "light": 8, "cross": 10},
        pens=PENS | MORE_PENS,
        hards=HARD | MORE_HARD,
    ),
    "wild": Mix(  # no office at all: everything drawn from wide ranges, to learn from
        blank=0.12,
        hard=0.3,
        odd_mark=0.08,
        choices=(1, 1, 1, 1),
        styles=WILD_STYLES,
        hards=WILD_HARD,
        family="wild",
    ),
    "held": Mix(  # a third hand: never learned from, for choosing thresholds and for calibration
        blank=0.1,
        hard=0.2,
        odd_mark=0.06,
        choices=(1, 1, 1, 1),
        styles={key: STYLES[key] for key in ("tick", "cross", "circle", "fill", "half", "slash", "dash", "light")},
        hards=HELD_HARD,
        family="held",
    ),
    "empty": Mix(blank=1.0, hard=0.0, writing=0.0),
    "ticked": Mix(blank=0.0, hard=0.0),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """``state`` and ``choice`` as in QuestionTruth; ``hard`` a key of HARD or empty; ``other`` a second box."""

    state: str
    choice: tuple[str, ...] = ()
    hard: str = ""
    other: str = ""


def mix_of(text: str) -> Mix:
    """Read ``NAME[,blank=0.1,hard=0.2,...]`` as on the command line. Raises ValueError."""
    name, *changes = text.split(",")
    if name not in MIXES:
        raise ValueError(f"no such mix: {name} (there are {', '.join(MIXES)})")
    values: dict[str, float] = {}
    for change in changes:
        key, _, number = change.partition("=")
        if key not in ("blank", "hard", "writing", "odd_mark"):
            raise ValueError(f"no such share in a mix: {key}")
        values[key] = float(number)
    return replace(MIXES[name], **values)  # type: ignore[arg-type]  # the four keys are floats


def wish_at_random(question: Question, mix: Mix, rng: np.random.Generator) -> Wish:
    """Draw what a rater means by ``question``."""
    ids = [box.id for box in question.boxes]
    if rng.random() < mix.hard:
        return _hard(question, pick(rng, mix.hards), ids, mix, rng)
    if rng.random() < mix.blank:
        return Wish(BLANK)
    count = 1 if question.type == "single" else int(rng.integers(1, question.most + 1))
    return Wish(ANSWERED, _choose(ids, count, mix, rng))


def wish_for(question: Question, answer: Sequence[str]) -> Wish:
    """Return the wish for a given answer. Raises ValueError for a choice that the question does not have."""
    known = [box.id for box in question.boxes]
    if strange := [choice for choice in answer if choice not in known]:
        raise ValueError(f"{question.id} has no choice {', '.join(strange)}")
    if not answer:
        return Wish(BLANK)
    choice = tuple(box for box in known if box in answer)
    if len(choice) > question.most:
        return Wish(MULTIPLE, choice, "double")
    return Wish(ANSWERED, choice)


def _hard(question: Question, kind: str, ids: list[str], mix: Mix, rng: np.random.Generator) -> Wish:
    if kind in _NEEDS_TWO and len(ids) < 2:
        return Wish(ANSWERED, _choose(ids, 1, mix, rng))
    if kind == "double":
        return Wish(MULTIPLE, _choose(ids, min(question.most + 1, len(ids)), mix, rng), kind)
    choice = _choose(ids, 1, mix, rng)
    if kind.startswith("corrected"):
        return Wish(CORRECTED, choice, kind, _another(ids, choice, rng))
    if kind.endswith("-answered") and kind != "stray-answered":
        return Wish(ANSWERED, choice, kind, _another(ids, choice, rng))
    if kind in ("beside", "near", "word", "tail", "tiny", "stray-answered"):
        return Wish(ANSWERED, choice, kind, _another(ids, choice, rng) if len(ids) > 1 else "")
    state = CANCELLED if kind.startswith("cancelled") else BLANK
    return Wish(state, (), kind, choice[0])  # the dot, stray line, ghost or struck-out mark lies at ``other``


def _choose(ids: list[str], count: int, mix: Mix, rng: np.random.Generator) -> tuple[str, ...]:
    weights = np.array([mix.choices[min(place, len(mix.choices) - 1)] for place in range(len(ids))], float)
    places = rng.choice(len(ids), size=min(count, len(ids)), replace=False, p=weights / weights.sum())
    return tuple(ids[place] for place in sorted(places))


def _another(ids: list[str], choice: tuple[str, ...], rng: np.random.Generator) -> str:
    rest = [box for box in ids if box not in choice]
    return rest[int(rng.integers(len(rest)))]
