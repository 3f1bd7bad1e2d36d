"""What every office meets: a stack sent twice, a file that is no picture, a page that is not ours."""

from __future__ import annotations

import io

import cv2
import numpy as np
from sqlalchemy import select

from webapp.demo.cast import SEED
from webapp.models import Page, Scan
from webapp.office import Office
from webapp.services import intake


def add_troubles(office: Office, user_id: int) -> None:
    """Take in what every office meets: a stack sent twice, a file that is no picture, a page that is not ours."""
    with office.db.read() as session:
        first = session.scalars(select(Page.scan_id).where(Page.scan_id.is_not(None)).order_by(Page.id)).first()
    if first is None:
        raise RuntimeError("the demonstration read no page")
    with office.db.read() as session:
        scan_row = session.get_one(Scan, first)
    with office.storage.path(scan_row.sha256).open("rb") as stream:
        intake.receive(office, stream, scan_row.filename.replace(".pdf", " (1).pdf"), user_id=user_id, origin="upload")
    intake.receive(office, io.BytesIO(b"not a picture"), "补扫.pdf", user_id=user_id, origin="upload")
    for name, image in (("空白页.png", blank_page()), ("签到表.png", foreign_page())):
        done, data = cv2.imencode(".png", image)
        if not done:
            raise RuntimeError(name)
        intake.receive(office, io.BytesIO(data.tobytes()), name, user_id=user_id, origin="upload")


def blank_page() -> np.ndarray:
    """An empty sheet as a scanner sees it: A4 at 150 dpi, slightly grey."""
    noise = np.random.default_rng(SEED).normal(0, 3, (1754, 1240))
    return np.clip(246 + noise, 0, 255).astype(np.uint8)


def foreign_page() -> np.ndarray:
    """A page that is none of ours: a sign-in list with lines and some writing."""
    page = blank_page()
    for y in range(250, 1600, 60):
        cv2.line(page, (120, y), (1120, y), 60, 2)
        cv2.putText(page, f"{(y - 190) // 60:2d}", (130, y - 15), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 60, 2)
    cv2.putText(page, "Attendance 2011-07-15", (330, 160), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3)
    return page
