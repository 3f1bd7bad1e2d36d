"""Something written by hand in a text region: not words, but strokes that look like a line of Chinese characters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from forms.layout import Region
from omr.synth.arrays import between
from omr.synth.marks import curve
from omr.synth.pens import Stroke


def write_lines(region: Region, rng: np.random.Generator) -> Iterator[list[Stroke]]:
    """Yield the characters of one to three lines, each as strokes in mm of the page."""
    lines = list(region.lines_y) or [region.y + region.h / 2]
    for line_y in lines[: int(rng.integers(1, 4))]:
        em = between(rng, 4.2, 6.0)
        x, end = region.x + between(rng, 0.5, 12), region.x + region.w * between(rng, 0.35, 0.95)
        while x + em < min(end, region.x + region.w):
            y = line_y - em * between(rng, 0.55, 0.65)
            yield [stroke.moved(x + em / 2, y) for stroke in _character(em, rng)]
            x += em * between(rng, 0.9, 1.15)


def _character(em: float, rng: np.random.Generator) -> list[Stroke]:
    strokes = []
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(-0.35, 0.35, 2) * em
        kind = int(rng.integers(4))
        length = between(rng, 0.25, 0.8) * em
        if kind == 0:  # 横
            ends = [(-length / 2, 0.05 * em), (length / 2, -0.05 * em)]
        elif kind == 1:  # 竖
            ends = [(0.0, -length / 2), (0.02 * em, length / 2)]
        elif kind == 2:  # 撇
            ends = [(length / 3, -length / 2), (0.0, 0.0), (-length / 2, length / 3)]
        else:  # 点、捺
            ends = [(-length / 4, -length / 5), (length / 4, length / 5)]
        points = [(float(np.clip(x + dx, -em / 2, em / 2)), float(np.clip(y + dy, -em / 2, em / 2))) for dx, dy in ends]
        strokes.append(curve(points, rng, 0.06, 0.5))
    return strokes
