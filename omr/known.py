"""The layouts that a stack may hold, with what the reader derives from each once: geometry, blank print, targets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import cached_property

import cv2
import numpy as np

from forms.layout import Layout
from forms.layout import Page as LayoutPage
from omr import blank, measure, regions, view
from omr.geometry import Geometry, geometry_of
from omr.image import Grey

_KEEP = 64  # layouts whose blank print stays drawn: 2 MB a page


class KnownPage:
    """One page of one layout. What is costly is made when first asked for, and kept."""

    def __init__(self, layout: Layout, page: LayoutPage) -> None:
        self.layout, self.page = layout, page
        self.geometry = geometry_of(layout, page)

    @cached_property
    def print(self) -> Grey:
        """Darkness of the blank page at ``measure.SCALE``."""
        return blank.draw(self.layout.page_mm, self.page, measure.SCALE)

    @cached_property
    def near_print(self) -> Grey:
        """The same, widened by 0.75 mm: where print may show, whatever registration leaves."""
        return cv2.dilate(self.print, np.ones((9, 9), np.uint8)).astype(np.uint8, copy=False)

    @cached_property
    def near_ink(self) -> Grey:
        """The same, with the places where people write as dark as print."""
        near = self.near_print.copy()
        for region in self.page.regions:
            left, top, right, bottom = (
                max(0, round(v * measure.SCALE))
                for v in (region.x - 1, region.y - 1, region.x + region.w + 1, region.y + region.h + 1)
            )
            near[top:bottom, left:right] = 255
        return near

    @cached_property
    def target(self) -> measure.Target:
        return measure.target(self.page, self.print)

    @cached_property
    def region_print(self) -> dict[str, regions.Mask]:
        """Where the regions for free writing are printed (``regions.printed``)."""
        return {region.id: regions.printed(self.print, region) for region in self.page.regions}

    @cached_property
    def view_print(self) -> Grey:
        """Darkness of the blank page at ``view.SCALE``."""
        return _scaled(self.print, view.SCALE)

    @cached_property
    def backs(self) -> list[Grey]:
        """What may stand on the other side, as ``view_print``: the pages of the same form."""
        return [
            KnownPage(self.layout, page).view_print if page is not self.page else self.view_print
            for page in self.layout.pages
        ]

    @cached_property
    def view_free(self) -> Grey:
        """1 where nothing is printed nor near, and nobody is asked to write, at ``view.SCALE``."""
        free = (_scaled(self.near_print, view.SCALE) < 30).astype(np.uint8)
        code = self.page.code  # drawn on each copy anew
        for x, y, w, h in ((code.x, code.y, code.w, code.h), *((r.x, r.y, r.w, r.h) for r in self.page.regions)):
            left, top, right, bottom = (round(v * view.SCALE) for v in (x - 1, y - 1, x + w + 1, y + h + 1))
            free[max(0, top) : bottom, max(0, left) : right] = 0
        for text in self.page.texts:
            if "{" in text.string:
                y = round(text.y * view.SCALE)
                free[y - round(text.size * 0.6) : y + 3] = 0
        edge = round(4 * view.SCALE)  # the paper's own edge and its shadow
        free[:edge] = free[-edge:] = 0
        free[:, :edge] = free[:, -edge:] = 0
        return free

    @cached_property
    def most(self) -> dict[str, int]:
        """How many choices each question takes."""
        return {question.id: question.most for question in self.page.questions}


def _scaled(image: Grey, scale: float) -> Grey:
    size = tuple(round(side * scale / measure.SCALE) for side in image.shape[::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


class KnownLayouts:
    """All pages of the layouts given (digest → layout), found by digest and number."""

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        self._layouts = layouts
        self.geometries: list[Geometry] = list(dict.fromkeys(known.geometry for known in self.pages()))

    def pages(self) -> Iterator[KnownPage]:
        """Yield every page of every layout."""
        for digest in self._layouts:
            yield from _pages_of(self._layouts[digest])

    def find(self, digest: str, number: int) -> KnownPage | None:
        """Return the page of a code, or None where its layout was not given."""
        layout = self._layouts.get(digest)
        if layout is None:
            return None
        return next((known for known in _pages_of(layout) if known.page.page == number), None)


_drawn: OrderedDict[int, tuple[Layout, list[KnownPage]]] = OrderedDict()


def _pages_of(layout: Layout) -> list[KnownPage]:
    """Return a layout's pages, the same objects for the same layout: a new reader need not draw its print again.

    Layouts hold a dict and can't be hashed; they are told apart by identity, and held so that none is recycled.
    """
    key = id(layout)
    if key not in _drawn:
        _drawn[key] = (layout, [KnownPage(layout, page) for page in layout.pages])
        if len(_drawn) > _KEEP:
            _drawn.popitem(last=False)
    _drawn.move_to_end(key)
    return _drawn[key][1]
