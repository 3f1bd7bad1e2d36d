"""A writer: one hand, one pen, one style a sheet, with small deviations from mark to mark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omr.synth import held, marks, wild
from omr.synth.arrays import between, pick
from omr.synth.pens import Pen, Stroke, choose_pen
from omr.synth.plan import Mix


@dataclass(frozen=True, slots=True)
class Writer:
    """One rater's hand.

    ``size`` of its marks (1 is the box), ``aim_mm`` where they come to lie, ``sloppy_mm`` how far they scatter,
    ``slant`` in radians, ``odd_mark`` the share of marks of another style.
    """

    pen: Pen
    style: str
    size: float
    aim_mm: tuple[float, float]
    sloppy_mm: float
    slant: float
    odd_mark: float
    mix: Mix
    habit: int = 0  # of a wild hand: what draws the one member of a style that it keeps to

    def style_now(self, rng: np.random.Generator) -> str:
        """The hand's own style, now and then another."""
        return pick(rng, self.mix.styles) if rng.random() < self.odd_mark else self.style

    def pen_for(self, style: str, rng: np.random.Generator) -> Pen:
        """The writer's pen; a ``light`` mark is hardly pressed."""
        if style == "light":
            return self.pen.lighter(between(rng, 135, 180), 0.8)
        return self.pen

    def mark(self, style: str, rng: np.random.Generator, shrink: float = 1.0) -> list[Stroke]:
        """Return one deliberate mark about a box's centre, in mm."""
        over = between(rng, 1.45, 2.1) if style == "over" else 1.0
        name = "tick" if style in ("over", "light") else style
        size = self.size * over * between(rng, 0.88, 1.12) * shrink
        strokes = self.shape(name, size, rng)
        steady = (
            0.45 if style in ("fill", "half", "circle", "spot") else 1.0
        )  # these are aimed at the box, not thrown at it
        x, y = (aim * steady + rng.normal(0, self.sloppy_mm * steady) for aim in self.aim_mm)
        return [turned(stroke, self.slant + rng.normal(0, 0.05)).moved(x * shrink, y * shrink) for stroke in strokes]

    def shape(self, name: str, size: float, rng: np.random.Generator) -> list[Stroke]:
        """Return the strokes of a style: drawn anew, or a wild hand's own member of it a little changed."""
        if self.mix.family == "held":
            return held.SHAPES[name](size, self.pen.width_mm, rng)
        if self.mix.family == "usual":
            return marks.SHAPES[name](size, self.pen.width_mm, rng)
        own = wild.SHAPES[name](size, self.pen.width_mm, np.random.default_rng([self.habit, *name.encode()]))
        change = np.eye(2) + rng.normal(0, 0.07, (2, 2))
        press = between(rng, 0.75, 1.15)
        return [Stroke(stroke.points @ change, stroke.pressure * press) for stroke in own]


def choose_writer(mix: Mix, rng: np.random.Generator) -> Writer:
    """Return one rater of a stack."""
    if mix.family != "usual":
        return _any_writer(mix, rng)
    return Writer(
        pen=choose_pen(pick(rng, mix.pens), rng),
        style=pick(rng, mix.styles),
        size=float(np.clip(rng.normal(1.0, 0.16), 0.65, 1.4)),
        aim_mm=(float(rng.normal(0.2, 0.45)), float(rng.normal(-0.2, 0.4))),
        sloppy_mm=between(rng, 0.15, 0.5),
        slant=float(rng.normal(0, 0.08)),
        odd_mark=mix.odd_mark,
        mix=mix,
    )


def _any_writer(mix: Mix, rng: np.random.Generator) -> Writer:
    """Return a rater out of ranges wider than an office's."""
    is_wild = mix.family == "wild"
    return Writer(
        pen=(wild if is_wild else held).any_pen(rng),
        style=pick(rng, mix.styles),
        size=float(np.exp(rng.normal(0, 0.28 if is_wild else 0.18))),
        aim_mm=(float(rng.normal(0.1, 0.6 if is_wild else 0.4)), float(rng.normal(-0.1, 0.6 if is_wild else 0.4))),
        sloppy_mm=between(rng, 0.1, 0.8 if is_wild else 0.6),
        slant=float(rng.normal(0, 0.2 if is_wild else 0.12)),
        odd_mark=mix.odd_mark,
        mix=mix,
        habit=int(rng.integers(2**31)),
    )


def turned(stroke: Stroke, angle: float) -> Stroke:
    """Return the stroke turned about (0, 0)."""
    c, s = np.cos(angle), np.sin(angle)
    return Stroke(stroke.points @ np.array([[c, s], [-s, c]]), stroke.pressure)
