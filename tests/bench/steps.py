"""Where a page's CPU goes, step by step: ``python -m tests.bench.cost --steps``.

Each step's function is wrapped with a clock of the process's CPU time; nothing else of the reader is changed. What the
wrapping costs (some µs a call) is in the figures.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

from forms.layout import Layout
from omr.reader import Reader
from omr.settings import StackSettings
from omr.stack import open_stack

STEPS = {  # what the report calls it -> where the reader looks it up
    "find marks": "omr.find.locate.find_blobs",
    "choose marks": "omr.find.locate.hypotheses",
    "read the code": "omr.find.identify.read_code",
    "measure marks": "omr.reader.locate.refine",
    "lay by the outlines": "omr.reader.register.place",
    "believe the place": "omr.reader.verify.trouble_of",
    "cut out the boxes": "omr.measure.see",
    "shapes": "omr.measure.shapes",
    "net": "omr.eye.look_at",
    "judge": "omr.reader.judge",
    "regions": "omr.reader.regions.has_ink",
    "faults": "omr.reader.faults.of_page",
}


def spent(files: list[Path], layouts: list[Layout]) -> dict[str, float]:
    """Return CPU ms a page of each step, of what is between them, and of the whole; each file has one page."""
    reader = Reader({layout.digest: layout for layout in layouts})
    clock: dict[str, float] = defaultdict(float)
    with ExitStack() as wrapped:
        for name, place in STEPS.items():
            wrapped.enter_context(patch(place, _clocked(clock, name, resolve_name(place))))
        for number, path in enumerate([files[0], *files]):
            if number == 1:
                clock.clear()  # the first page also draws the blank print and loads the models
            begin = time.process_time()
            stack = open_stack(path, StackSettings())
            page = stack.page(1, reduce=True)
            stack.close()
            opened = time.process_time()
            readings = reader.read(page, path.name)
            read = time.process_time()
            for reading in readings:
                reading.dumps()
            end = time.process_time()
            for name, seconds in (("open and decode", opened - begin), ("write", end - read), ("all", end - begin)):
                clock[name] += seconds
    clock["between"] = 2 * clock["all"] - sum(clock.values())
    order = ["open and decode", *STEPS, "between", "write", "all"]
    return {name: 1000 * clock[name] / len(files) for name in order}


def _clocked(clock: dict[str, float], name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        begin = time.process_time()
        try:
            return call(*arguments, **named)
        finally:
            clock[name] += time.process_time() - begin

    return timed
