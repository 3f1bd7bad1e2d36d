"""Every threshold of the reader, with its unit and its reason. Frozen; pass another one to judge otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StackSettings:
    """Limits of a file, and how it is decoded."""

    max_bytes: int = 1_500_000_000  # pikepdf and Pillow read at random; beyond this a copy on disk is likely a mistake
    max_pages: int = 5_000  # an hour of the fastest office scanner
    max_pixels: int = 150_000_000  # A3 at 600 dpi is 70 million; the grey page must fit in memory
    max_side_px: int = 30_000  # A3 at 1,200 dpi has 19,842; a bomb of 40,000 is refused by this alone
    min_long_px: int = 1_650  # Letter at 150 dpi: what a page may be reduced to; 150 dpi reads as well as 300
    render_dpi: float = 300.0  # of a PDF page that is drawn, not scanned


@dataclass(frozen=True, slots=True)
class LocateSettings:
    """Looking for the four solid marks on a small copy of the page."""

    coarse_long_px: int = 440  # about 38 dpi on A4: a 6-mm mark is 9 px; finer costs more and finds no more
    dark_below: float = 0.6  # of the local paper; a solid mark is below half, text of any size is above at 38 dpi
    min_solidity: float = 0.72  # area over bounding box; a square turned by 5° has 0.85
    max_square_ratio: float = 1.45  # longer than that is a bar
    max_bar_ratio: float = 2.9
    keep_per_corner: int = 6  # candidates nearest each corner of the image that are tried
    max_combinations: int = 40  # hypotheses ranked further, so a page full of black squares stays cheap
    max_misfit: float = 0.12  # of the page's diagonal: the perspective of a phone held at about 25°
    max_size_error: float = 0.35  # of a mark's side: its neighbours must agree about the scale


@dataclass(frozen=True, slots=True)
class BendSettings:
    """Following paper that is not flat (``omr.bend``)."""

    flat_mm: float = 0.08  # outlines of a flat page lie nearer to a plane map than this, nine of ten
    bend_mm: float = 0.8  # how far curl takes a page from the plane, and over what length
    bend_length_mm: float = 55.0
    row_mm: float = 0.5  # how far a row may stand off by itself on a slipped feed, and how alike its boxes are
    row_length_mm: tuple[float, float] = (150.0, 3.0)
    noise_mm: float = 0.04  # of an outline that was found
    anchor_noise_mm: float = 0.15  # of a mark's middle, against the outlines
    outlier_mm: float = 0.2  # an outline further from what all others say, and thrice what they don't know, is ink
    rounds: int = 4
    max_spread_mm: float = 0.2  # a box that may lie further from where it is looked for, unseen, goes to review


@dataclass(frozen=True, slots=True)
class RegisterSettings:
    """From marks to the map between page and image."""

    patch_px_per_mm: float = 6.0  # of everything measured: 152 dpi
    corner_size_tolerance: float = 0.08  # a mark of another size is half covered: its centre is wrong by millimetres
    search_mm: float = 1.2  # boxes stand 1.5 from the nearest rule, so a search may go no further
    far_mm: float = 3.6  # first search on curled or half-lost pages: under half a row's pitch (8.25), or rows slip
    far_below: float = 0.5  # share of boxes found near their place below which they are looked for further off
    min_outline: float = 0.45  # share of an outline's contrast that must be seen for the box to help the fit
    max_outline_miss: float = 0.35  # share of the boxes that may be missing in a page that is believed
    max_residual_mm: float = 0.45  # rms of the outlines after the fit; a shifted row would have 8
    row_sigma_mm: tuple[float, float] = (40.0, 5.0)  # neighbours that correct a box: wide along its row, narrow across
    scan_misfit_mm: float = 1.0  # corners of a flat scan fit an affine map to this; more is a photograph
    bend: BendSettings = field(default_factory=BendSettings)


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """When an image is called bad. None of these alone rejects a page."""

    blank_ink: float = 0.0012  # dark share of the page's inner part: dust stays under, one line of text is above
    blurred_edge_mm: float = 0.55  # 10–90 % width of a mark's edge; 300 dpi in focus has 0.15, σ 1.3 px at 200 dpi 0.42
    dark_paper: int = 150  # of 255
    pale_contrast: int = 90  # paper minus print, of 255
    scale_tolerance: float = 0.015  # printers are true to 0.7 %
    low_dpi: float = 140.0
    low_jpeg: int = 40  # the usual scale of JPEG quality; scanners write 60 to 90
    cut_mm: float = 6.0  # of the paper outside the image, at the middle of a side; feeders shift by 3
    slip_mm: float = 0.5  # between the parts of a page above and below a slip of the feed
    dithered: float = 0.003  # share of dark pixels nearly alone in a black-and-white image; plain ones have .001
    streak_contrast: float = 0.03  # of full scale, in at least ``streak_share`` of the bands of a page
    streak_share: float = 0.7


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """What is seen on the page as a whole (``omr.view``)."""

    fold_depth: float = 0.012  # of the contrast, over 15 mm of a line; noise of an office scan stays under .01
    fold_share: float = 0.85  # of the strips of a page that must show a fold
    fold_seen: float = 0.55  # of the strips that must be free of print along it
    fold_spoils: float = 0.12  # darkness of a fold from which the boxes under it go to review
    veil: float = 0.012  # of the contrast, darker than the paper round it
    veil_share: float = 0.01  # of the white paper that such a veil must cover to be looked at
    veil_shift_mm: float = 8.0  # of the print of one side against the other
    veil_likeness: float = 0.2  # correlation of the veil with the mirrored print


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """From evidence to states."""

    sure: float = 0.98  # an empty box with less than this is unsure
    sure_marked: float = 0.985  # a marked one; held against hands that are kept out of all training
    sure_stray: float = 0.99  # a mark that may be a line passing through
    sure_pale: float = 0.994  # a pale mark: a rubbed-out tick among pale ones looks like them
    pale_peak: float = 0.35  # darkest place of such a mark; a ghost has .1 to .3
    stray_length: float = 0.9  # box widths of stroke inside; of ticks 10 % are shorter, of strays 90 %
    stray_through: float = 0.6  # half box widths to the nearer side of the middle; of ticks 20 % have less
    sure_cancelled: float = 0.9  # a struck-out box never stands alone: a clear new mark beside it supports it
    sure_inked: float = 0.99  # "empty" for a box with ink in or round it: a lost answer is the worst error
    sure_question: float = 0.93  # all boxes of a question together
    min_outline: float = 0.45  # a box whose outline isn't seen can't be called empty
    fading_peak: float = 0.2  # darkest place of a sheet's faintest twentieth of marks; pencil has .35 and more
    fading_marks: int = 5  # marks from which that is asked
    eye_marked: float = -2.3  # logarithm: where the eye alone gives a mark .1, "empty" must be as sure as for ink
    trace_ink: float = 0.02  # mean new darkness inside; blank boxes of bad scans stay under .01
    trace_ring: float = 0.012  # share of ink round the box: a small tick beside it has .02; less is the eye's to see
    far_aside: float = -3.0  # logarithm: ink beside the box, as seen from further off, that may be the answer
    tail: float = -5.0  # logarithm: below this the net takes the ink round a box for no answer
    may_be_struck: float = 0.05  # chance that a mark was struck out by one more line, from which a person is asked
    may_be_struck_inked: float = 0.0005  # the same of one that holds more ink than this hand's marks do
    more_ink: float = 1.25  # times the ink of the sheet's marks
    struck_ink: float = 1.3  # the same, from which a struck-out one is believed to be one
    looks_struck: float = -0.7  # logarithm of the net alone, of a mark, from which a person is asked
    looks_trace: float = -2.0  # the same of a trace
    looks_marked: float = -2.5  # the same of a mark, in a question without any
    looks_second: float = -1.5  # the same beside a mark
    ghost_peak: float = 0.4  # darkest place of a mark that may be one rubbed out
    ghost_share: float = 0.4  # of the sheet's pen, under which it is asked about
    trust_answered: tuple[float, float] = (1.458, 0.753)  # offset and slope of log odds: ``omr.training.trust``
    trust_blank: tuple[float, float] = (-2.804, 1.282)  # the same of blanks
    beside: float = 0.7  # of "empty" for a box with such ink, in a question without a mark
    one_bit_peak: float = 0.8  # darkest place of a mark that black and white kept whole; pencil has .6
    one_bit_marks: int = 3  # such marks (and half the questions) from which a blank question on such a scan is believed
    heavy_solid: float = 0.6  # share of the inside that is thick ink: a fill, or a cancelling
    heavy_even: float = 0.35  # darkness of the lightest quarter of the inside
    heavy_blocks: float = 0.9  # share of the box's 25 blocks with ink: what a pale fill has all of
    stroke_blocks: float = 0.75  # of which a tick has .4, a cross .65; a careless fill lies between the two
    heavy_share: float = 0.35  # lightest quarter over darkest place of a pale fill; a tick has hardly any
    fill_looks_struck: float = -0.5  # logarithm of the net alone, of such an answer, from which a person is asked
    sure_fill: float = 0.9995  # on a sheet of fills, of "an answer" against "struck out on top of it"
    habit_fills: int = 2  # answers by filling from which a writer is one who fills, if no fewer than by other marks
    many_fills: int = 4  # the same where there are more other marks: nobody strikes out so many and answers none anew
    strokes_a_fill: float = 4.0  # and so many more, at most


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """All of the above."""

    stack: StackSettings = field(default_factory=StackSettings)
    locate: LocateSettings = field(default_factory=LocateSettings)
    register: RegisterSettings = field(default_factory=RegisterSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
