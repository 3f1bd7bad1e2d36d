"""The language of pages: gettext for the pages' own words, ``messages.yaml`` for codes; numbers and times."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, current_app, has_request_context, request, url_for
from flask_babel import Babel, format_date, format_decimal, get_locale
from flask_login import current_user
from markupsafe import Markup

from forms import messages
from omr.tally import Rate
from webapp import clock

COOKIE = "language"
TRANSLATIONS = Path(__file__).with_name("translations")
ROOT = Path(__file__).resolve().parent.parent
# the first mark that fits: Edge says Chrome, and Chrome says Safari
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))
PACKAGES = ("webapp", "omr", "forms")


def install(app: Flask) -> None:
    """Compile the translations, choose the language of each request, give templates their filters."""
    settings = app.extensions["office"].settings
    folder = compiled(TRANSLATIONS, settings.instance / "translations")
    Babel(
        app,
        default_locale="zh",
        default_timezone=settings.timezone,
        default_translation_directories=str(folder),
        locale_selector=language,
    )
    app.jinja_env.filters.update(count=count, rate=rate, when=when, day=day, say=say, browser=browser)
    app.jinja_env.globals.update(say=say, language=language, today=today)


def language() -> str:
    """Return the language of this request: the person's own, else the cookie's, else Chinese."""
    if not has_request_context():
        return "zh"
    chosen = current_user.language if current_user.is_authenticated else request.cookies.get(COOKIE)
    return chosen if chosen in messages.LANGUAGES else "zh"


def say(code: str, **params: Any) -> str:
    """Return the sentence of a code of webapp, omr or forms in the language of the page. Raises KeyError."""
    locale = get_locale()
    return messages.say(catalogue_of(code), code, locale.language if locale else "zh", **params)


@cache
def catalogue_of(code: str) -> Path:
    """Return the ``messages.yaml`` that holds a code. Raises KeyError."""
    for package in PACKAGES:
        path = ROOT / package / "messages.yaml"
        if code in messages.catalogue(path):
            return path
    raise KeyError(code)


def count(number: int | None) -> str:
    """Write a count with groups of thousands: 4,116; – where there is none."""
    return "–" if number is None else str(format_decimal(number))


def rate(part: int, whole: int) -> str:
    """Write ``part / whole`` in per cent with two decimals, half up: ``(258, 289) → "89.27 %"``; – over zero."""
    percent = Rate(part, whole).percent
    return "–" if percent is None else f"{percent} %"


def browser(agent: str) -> str:
    """Write what a browser says of itself in two words: Chrome · Windows."""
    name = next((word for mark, word in BROWSERS if mark in agent), "")
    system = next((word for mark, word in SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, (name, system))) or agent[:40] or "–"


def today() -> dt.date:
    """Return the date in the time zone of the pages."""
    return clock.today(current_app.extensions["office"].settings)


def when(moment: dt.datetime | None, seconds: bool = False) -> str:
    """Write a moment in the time zone of the pages: 7月18日 15:04; with its year when that is another."""
    if moment is None:
        return "–"
    local = moment.astimezone(zone())
    return f"{day(local.date())} {local:{'%H:%M:%S' if seconds else '%H:%M'}}"


def day(date: dt.date | None, long: bool = False) -> str:
    """Write a date: 7月18日; ``long`` or another year: 2011年7月18日."""
    if date is None:
        return "–"
    locale = get_locale()
    chinese = locale is None or locale.language == "zh"
    with_year = long or date.year != today().year
    pattern = ("y年M月d日" if with_year else "M月d日") if chinese else ("d MMMM y" if with_year else "d MMMM")
    return str(format_date(date, pattern))


def zone() -> ZoneInfo:
    """Return the time zone of the pages."""
    return ZoneInfo(current_app.extensions["office"].settings.timezone)


def icon(name: str, size: str = "") -> Markup:
    """Return an icon of ``static/icons.svg``."""
    sprite = url_for("static", filename="icons.svg")
    return Markup('<svg class="ic {}" aria-hidden="true"><use href="{}#i-{}"/></svg>').format(size, sprite, name)


def compiled(source: Path, fallback: Path) -> Path:
    """Compile each ``messages.po`` whose ``messages.mo`` is older. Returns the folder that holds the results.

    Where the program folder can't be written, the results go to ``fallback`` in the instance.
    """
    stale = [po for po in source.glob("*/LC_MESSAGES/messages.po") if is_stale(po, po.with_suffix(".mo"))]
    if not stale:
        return source
    target = source if all(os.access(po.parent, os.W_OK) for po in stale) else fallback
    for po in source.glob("*/LC_MESSAGES/messages.po"):
        mo = target / po.relative_to(source).with_suffix(".mo")
        if is_stale(po, mo):
            compile_po(po, mo)
    return target


def is_stale(po: Path, mo: Path) -> bool:
    """Tell whether a ``.mo`` is missing or older than its ``.po``."""
    return not mo.exists() or mo.stat().st_mtime_ns < po.stat().st_mtime_ns


def compile_po(po: Path, mo: Path) -> None:
    """Write ``mo`` whole or not at all: several processes may start at once."""
    with po.open("rb") as file:
        catalogue = read_po(file, locale=po.parent.parent.name)
    mo.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=mo.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, catalogue)
    stamp = po.stat().st_mtime_ns
    os.utime(name, ns=(stamp, stamp))  # a .po that changes while we compile stays newer
    Path(name).chmod(0o644)
    Path(name).replace(mo)
