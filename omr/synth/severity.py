"""How badly a stack is treated: named severities as tables of ranges. Every number is a bound of an even draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from omr.synth import paper, scanner
from omr.synth.arrays import Range

IN_PRINT: dict[str, paper.Damage] = {  # before anybody writes
    "faint-toner": paper.faint_toner,
    "mottled-toner": paper.mottled_toner,
    "fat-toner": paper.fat_toner,
    "copied": paper.copied,
}
ON_PAPER: dict[str, paper.Damage] = {
    "show-through": paper.show_through,
    "creased": paper.creased,
    "fold-through-boxes": paper.fold_through_boxes,
    "double-feed": paper.double_feed,
    "stapled": paper.stapled,
    "punch-holes": paper.punch_holes,
    "folded-corner": paper.folded_corner,
    "torn-corner": paper.torn_corner,
    "covered-mark": paper.covered_mark,
    "half-mark": paper.half_mark,
    "lost-marks": paper.lost_marks,
    "smudged-code": paper.smudged_code,
    "lost-code": paper.lost_code,
}
IN_PLACE = ("print-94", "feed-slip", "upside-down", "quarter-turn", "dark-backing", "cut-edge", "jpeg-30")
IN_IMAGE: dict[str, scanner.Effect] = {
    "edge-shadow": scanner.edge_shadow,
    "hard-shadow": scanner.hard_shadow,
    "glare": scanner.glare,
    "streaks": scanner.streaks,
    "streak-1px": partial(scanner.streak, wide=1),
    "streak-5px": partial(scanner.streak, wide=5),
    "dust": scanner.dust,
}
AT_LAST: dict[str, scanner.Effect] = {
    "sharpened": scanner.sharpened,
    "one-bit": scanner.one_bit,
    "dither": scanner.dithered,
}
TROUBLES = (*IN_PRINT, *ON_PAPER, *IN_PLACE, *IN_IMAGE, *AT_LAST)


@dataclass(frozen=True, slots=True)
class Severity:
    """Bounds of everything that is drawn for a page.

    ``skew_deg``, ``shift_mm`` and ``scale`` (a share) are ± bounds; ``light`` the deepest shading (a share);
    ``dpi`` weighs resolutions; ``troubles`` gives each trouble's share of the pages; ``one_of`` adds exactly one.
    """

    skew_deg: float
    shift_mm: float
    scale: float
    noise: Range
    blur_px: Range
    light: float
    white: Range
    black: Range
    jpeg: tuple[int, int]
    dpi: Mapping[int, float]
    troubles: Mapping[str, float] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    photo: bool = False
    curl_mm: float = 0.0
    lens: float = 0.0
    motion_px: float = 0.0

    def always(self, *troubles: str) -> Severity:
        """Return the same with ``troubles`` on every page. Raises ValueError for an unknown one."""
        if strange := [name for name in troubles if name not in TROUBLES]:
            raise ValueError(f"no such trouble: {', '.join(strange)} (there are {', '.join(TROUBLES)})")
        return replace(self, troubles={**self.troubles, **dict.fromkeys(troubles, 1.0)})


_OFFICE = Severity(
    skew_deg=1.2,
    shift_mm=3.0,
    scale=0.007,
    noise=(4.0, 6.0),
    blur_px=(0.3, 0.7),
    light=0.10,
    white=(240, 253),
    black=(5, 30),
    jpeg=(75, 75),
    dpi={300: 0.7, 200: 0.3},
)
_BAD_TROUBLES = ("streaks", "dark-backing", "edge-shadow", "dust", "show-through", "punch-holes", "folded-corner")

SEVERITIES: dict[str, Severity] = {
    "none": replace(
        _OFFICE,
        skew_deg=0,
        shift_mm=0,
        scale=0,
        noise=(0, 0),
        blur_px=(0, 0),
        light=0,
        white=(255, 255),
        black=(0, 0),
        jpeg=(95, 95),
        dpi={300: 1.0},
    ),
    "office": _OFFICE,
    "bad": replace(
        _OFFICE,
        skew_deg=3.0,
        scale=0.012,
        noise=(7.0, 10.0),
        blur_px=(0.5, 1.3),
        light=0.15,
        white=(220, 230),
        black=(10, 45),
        jpeg=(55, 75),
        dpi={300: 0.5, 200: 0.5},
        troubles=dict.fromkeys(_BAD_TROUBLES, 0.4),
    ),
    "phone": replace(
        _OFFICE,
        noise=(3.0, 7.0),
        blur_px=(0.4, 1.2),
        light=0.40,
        white=(205, 250),
        black=(10, 50),
        jpeg=(70, 92),
        dpi={250: 1.0},
        photo=True,
        curl_mm=2.5,
        lens=0.005,
        motion_px=4.0,
        troubles={"hard-shadow": 0.15, "glare": 0.1, "creased": 0.15},
    ),
    "beyond": replace(
        _OFFICE,
        one_of=(
            "faint-toner",
            "mottled-toner",
            "fat-toner",
            "copied",
            "creased",
            "stapled",
            "torn-corner",
            "print-94",
            "feed-slip",
            "upside-down",
            "quarter-turn",
            "cut-edge",
            "sharpened",
            "one-bit",
            "dither",
        ),
    ),
}
