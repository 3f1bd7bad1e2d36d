"""Cuts the rows of misread questions out of a stack, for people to look at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pypdfium2

from tests.bench.deck import Deck
from tests.bench.score import Verdict

_AROUND_MM = 7.0


def save_crops(deck: Deck, verdicts: list[Verdict], folder: Path) -> int:
    """Write one PNG a question of a PDF deck, and ``index.txt`` that says what was meant and what was read."""
    folder.mkdir(parents=True, exist_ok=True)
    document = pypdfium2.PdfDocument(deck.path)
    lines = []
    for verdict in verdicts:
        page = verdict.page
        bitmap = document[page.page - 1].render(scale=page.dpi / 72, grayscale=True)
        image = bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width]
        name = f"p{page.page:03d}-{verdict.question}.png"
        cv2.imwrite(str(folder / name), _row_of(image, verdict))
        truth = verdict.part.questions[verdict.question]
        where = f"{truth.hard or truth.style}; {page.pen}; {page.dpi} dpi; {' '.join(page.troubles)}"
        lines.append(f"{name}: meant {truth.state} {' '.join(truth.choice)} [{where}]; read {verdict.said}")
    (folder / "index.txt").write_text("\n".join(lines) + "\n", "utf-8")
    document.close()
    return len(lines)


def _row_of(image: np.ndarray, verdict: Verdict) -> np.ndarray:
    """The question's boxes with some paper around, upright or as the page lies."""
    prefix = verdict.question + "."
    places = np.array([place for key, place in verdict.part.centres_px.items() if key.startswith(prefix)])
    margin = _AROUND_MM * verdict.page.dpi / 25.4
    left, top = np.maximum(places.min(axis=0) - margin, 0).astype(int)
    right, bottom = (places.max(axis=0) + margin).astype(int)
    return image[top:bottom, left:right]
