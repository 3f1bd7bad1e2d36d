"""Shapes that are drawn, never typed: the tick in a text, the tick and the filled box of the worked example.

A box of the example is already marked and smaller than an answer box, so that nobody fills it in and no reader takes it
for an answer.
"""

from __future__ import annotations

from forms.layout import Shape

Point = tuple[float, float]
_CURVE_STEPS = 5  # straight pieces a curve: 0.01 mm off at most at these sizes

# A path: a start, then curves (two controls and an end) and lines (an end). Unit: 1 em × 0.92, from the cell's centre.
_TEXT_TICK: tuple[tuple[float, ...], ...] = (
    (-0.40, 0.0),
    (-0.30, 0.05, -0.22, 0.16, -0.14, 0.30),
    (0.0, 0.02, 0.20, -0.22, 0.43, -0.40),
    (0.45, -0.37),
    (0.22, -0.14, 0.02, 0.12, -0.115, 0.45),
    (-0.165, 0.45),
    (-0.23, 0.28, -0.32, 0.14, -0.42, 0.065),
)
# Unit: 1/25.5 of the box, from its centre.
_BOX_TICK: tuple[tuple[float, ...], ...] = (
    (-10.5, -0.4),
    (-7.5, 0.6, -5.5, 3.1, -3.5, 6.6),
    (0.5, -1.4, 7.0, -9.4, 15.0, -14.9),
    (15.5, -13.9),
    (7.5, -6.9, 1.0, 2.1, -2.6, 10.6),
    (-4.1, 10.6),
    (-5.75, 6.6, -8.0, 3.6, -11.25, 1.2),
)
# Unit: the box, from its centre. Slightly ragged, as a pen does it.
_BOX_FILL: tuple[tuple[float, ...], ...] = (
    (-0.5, -0.46),
    (-0.1, -0.53, 0.2, -0.5, 0.5, -0.48),
    (0.55, -0.1, 0.5, 0.2, 0.51, 0.5),
    (0.1, 0.56, -0.2, 0.5, -0.5, 0.51),
    (-0.56, 0.05, -0.5, -0.2, -0.5, -0.46),
)


def text_tick(cx: float, cy: float, em: float) -> Shape:
    """Return the √ of a text whose cell has its centre at ``cx, cy``."""
    return _shape(_TEXT_TICK, cx, cy, em * 0.92)


def box_tick(cx: float, cy: float, size: float) -> Shape:
    """Return the tick in a worked-example box."""
    return _shape(_BOX_TICK, cx, cy, size / 25.5)


def box_fill(cx: float, cy: float, size: float) -> Shape:
    """Return the blackened worked-example box."""
    return _shape(_BOX_FILL, cx, cy, size)


def box_outline(cx: float, cy: float, size: float, line: float = 0.25) -> Shape:
    """Return the outline of a worked-example box; ``size`` is measured outside the ink."""
    half = round((size - line) / 2, 4)
    left, right, top, bottom = (round(v, 4) for v in (cx - half, cx + half, cy - half, cy + half))
    return Shape(((left, top), (right, top), (right, bottom), (left, bottom)), fill=False, width=line)


def _shape(path: tuple[tuple[float, ...], ...], cx: float, cy: float, unit: float) -> Shape:
    points: list[Point] = [(path[0][0], path[0][1])]
    for piece in path[1:]:
        if len(piece) == 2:
            points.append((piece[0], piece[1]))
        else:
            points.extend(_curve(points[-1], piece))
    return Shape(tuple((round(cx + x * unit, 4), round(cy + y * unit, 4)) for x, y in points))


def _curve(start: Point, piece: tuple[float, ...]) -> list[Point]:
    (x0, y0), (x1, y1, x2, y2, x3, y3) = start, piece
    points = []
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return points
