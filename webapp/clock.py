"""What day it is: the one place that says so. A demonstration or a test sets the day by the setting ``today``."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from webapp.settings import Settings


def today(settings: Settings) -> dt.date:
    """Return the date of the pages: the setting's, else today's in the time zone of the pages."""
    if settings.today:
        return dt.date.fromisoformat(settings.today)
    return dt.datetime.now(ZoneInfo(settings.timezone)).date()
