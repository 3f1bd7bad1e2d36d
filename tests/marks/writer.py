"""People: one pen, one hand, one style a sheet, and how steadily they keep to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.marks.curve import Floats, Path
from tests.marks.pens import PENS, SHARES, Pen
from tests.marks.shapes import SIDE, STYLES, TICKS, Rng, turned

_STYLES = {
    "tick": 0.6,
    "cross": 0.09,
    "ring": 0.06,
    "fill": 0.07,
    "half": 0.04,
    "slash": 0.06,
    "dash": 0.04,
    "short": 0.04,
}


@dataclass(frozen=True, slots=True)
class Writer:
    """``aim`` (mm): where marks lie from a box's middle on the whole; ``scatter`` (mm): how far each strays from it."""

    pen: Pen
    style: str
    form: str  # which √, or "looped" for the second way of drawing another shape
    hand: str
    size: float
    slant: float
    mirrored: bool
    aim: tuple[float, float]
    scatter: float
    tremor: float
    touch: float  # factor of pressure on the paper, thus of ink
    pitch: float  # pen widths between the lines of a filled box

    def mark(self, middle: Floats, rng: Rng, style: str = "", form: str = "") -> list[Path]:
        """Return one mark of this hand for the box with this middle (mm)."""
        style = style or self.style
        shape = STYLES[style](form or self.form_of(style, rng), rng, self.pitch * self.pen.width + 0.06)
        closed = style in ("fill", "half")
        aim = np.zeros(2) if closed else np.array(self.aim)
        scatter = min(self.scatter, 0.35) if closed or style == "short" else self.scatter
        size = 1.0 if closed else self.size * rng.uniform(0.9, 1.12)
        matrix = turned(self.slant * (not closed) + rng.normal(0, 0.06), size, self.mirrored and style == "tick")
        by = middle + aim + np.clip(rng.normal(0, scatter, 2), -2 * scatter, 2 * scatter)
        return [line.moved(matrix, by) for line in shape]

    def form_of(self, style: str, rng: Rng) -> str:
        """Return the form this hand gives a style: its own √ nearly always, one of two ways for the rest."""
        if style != "tick":
            return "looped" if self.form in TICKS[::2] else "plain"
        return self.form if rng.random() < 0.93 else TICKS[int(rng.integers(len(TICKS)))]

    def lightly(self, rng: Rng) -> Writer:
        """Return the same hand that hardly presses: faint, yet nothing a person would overlook."""
        touch = max(rng.uniform(0.3, 0.5), 0.3 / self.pen.density)
        return replace(self, touch=min(1.0, touch))


def writer(rng: Rng) -> Writer:
    """Draw a person."""
    pen = PENS[str(rng.choice(list(SHARES), p=list(SHARES.values())))]
    left = rng.random() < 0.11
    style = str(rng.choice(list(_STYLES), p=list(_STYLES.values())))
    if pen.skips and style == "short":
        style = "tick"  # a short stroke of a pen that skips would leave nothing to see
    return Writer(
        pen=replace(pen, width=pen.width * rng.uniform(0.8, 1.3), density=pen.density * rng.uniform(0.85, 1.15)),
        style=style,
        form=TICKS[int(rng.integers(len(TICKS)))],
        hand="left" if left else "right",
        size=float(np.clip(rng.lognormal(0, 0.22), 0.65, 1.6)),
        slant=float(rng.normal(0.12 if left else -0.05, 0.12)),
        mirrored=bool(left and rng.random() < 0.35),
        aim=(float(rng.normal(0, 0.07 * SIDE)), float(rng.normal(-0.02 * SIDE, 0.07 * SIDE))),
        scatter=float(rng.uniform(0.15, 0.7)),
        tremor=float(rng.uniform(0.015, 0.06) if rng.random() < 0.9 else rng.uniform(0.08, 0.14)),
        touch=float(rng.uniform(0.85, 1.1)),
        pitch=float(rng.uniform(0.6, 1.25)),
    )
