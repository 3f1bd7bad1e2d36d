"""The Layout: where everything stands on paper, in millimetres. The one contract between printing and reading.

Coordinates are mm from the top-left corner of the page, y down; ``x, y`` of a box is its top-left corner, measured on
the outside of its ink. ``forms.render`` draws nothing but what a Layout holds, and the reader's blank print is drawn
from the same values. The JSON form is ``pingyi.layout/1`` (docs/formats.md).
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

T = TypeVar("T")
SCHEMA = "pingyi.layout/1"


@dataclass(frozen=True, slots=True)
class Box:
    """One answer box. ``id`` is the choice's id."""

    id: str
    x: float
    y: float
    w: float
    h: float
    shape: str = "rect"
    line: float = 0.3  # outline thickness, inside x, y, w, h

    @property
    def cx(self) -> float:
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        return self.y + self.h / 2


@dataclass(frozen=True, slots=True)
class Question:
    """The boxes of one question. On a roster ``id`` is ``<row>.<item>``: ``m03.q2``."""

    id: str
    type: str
    boxes: tuple[Box, ...]
    most: int = 1


@dataclass(frozen=True, slots=True)
class Fiducial:
    """A solid black locating mark. ``bl`` is the odd one, twice as high."""

    id: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class CodeArea:
    """Where the QR code stands, without its quiet zone."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Region:
    """A place for free writing. ``lines_y`` are the ruled lines."""

    id: str
    kind: str
    x: float
    y: float
    w: float
    h: float
    lines_y: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """One run of text. ``x`` is its left edge, ``y`` the *baseline*, ``size`` in pt, ``spacing`` extra pt a character.

    ``stroke`` is the outline width in mm that stands for bold. ``string`` may hold the placeholders ``{sheet}``,
    ``{page}``, ``{pages}`` and ``{digest}``, which are filled for each copy: so the body is the same for all.
    """

    x: float
    y: float
    size: float
    face: str  # "serif" or "sans"
    string: str
    stroke: float = 0.0
    spacing: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line; ``width`` is its thickness."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn shape as one path: ``points`` in mm; filled if ``fill``, else stroked ``width`` wide."""

    points: tuple[tuple[float, float], ...]
    fill: bool = True
    closed: bool = True
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """One side of paper."""

    page: int
    fiducials: tuple[Fiducial, ...]
    code: CodeArea
    questions: tuple[Question, ...]
    regions: tuple[Region, ...] = ()
    texts: tuple[Text, ...] = ()
    rules: tuple[Rule, ...] = ()
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """All pages of one sheet. ``digest`` (8 characters of the code alphabet) covers all but the sheet codes."""

    form: str
    page_mm: tuple[float, float]
    pages: tuple[Page, ...]
    digest: str = ""
    letter: str = ""
    rows: dict[str, str] = field(default_factory=dict)  # roster row id -> printed name, for people; empty otherwise

    def page(self, number: int) -> Page:
        """Return the page ``number`` (from 1). Raises KeyError."""
        for page in self.pages:
            if page.page == number:
                return page
        raise KeyError(number)

    def question(self, question_id: str) -> tuple[Page, Question]:
        """Return a question with its page. Raises KeyError."""
        for page in self.pages:
            for question in page.questions:
                if question.id == question_id:
                    return page, question
        raise KeyError(question_id)

    def sealed(self) -> Layout:
        """Return the same layout with its digest filled in."""
        return replace(self, digest=digest(self))

    def to_json(self) -> dict[str, Any]:
        """Return the ``pingyi.layout/1`` value (plain dicts and lists)."""
        return {"schema": SCHEMA, **_plain(asdict(self))}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Layout:
        """Build from ``to_json``'s value; unknown keys are ignored, missing optional ones get their defaults.

        Raises ValueError where the schema is another one or the value does not fit.
        """
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ValueError(f"schema is not {SCHEMA}")
        try:
            return cls(
                form=str(value["form"]),
                page_mm=(_checked("float", value["page_mm"][0]), _checked("float", value["page_mm"][1])),
                pages=tuple(_page(p) for p in value["pages"]),
                digest=str(value.get("digest", "")),
                letter=str(value.get("letter", "")),
                rows={str(k): str(v) for k, v in value.get("rows", {}).items()},
            )
        except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
            raise ValueError(f"layout is incomplete: {error!r}") from error

    def dumps(self) -> str:
        """Return the layout file's text: stable, one value for one layout."""
        return json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Layout:
        """Read a layout file's text. Raises ValueError."""
        try:
            return cls.from_json(json.loads(text))
        except RecursionError as error:
            raise ValueError("layout is nested too deep") from error


def digest(layout: Layout) -> str:
    """Return eight code characters (40 bits of SHA-256) over everything that is drawn and measured."""
    from forms.code import encode_bits  # the alphabet lives with the code; imported late to keep this module a leaf

    value = replace(layout, digest="").dumps().encode()
    return encode_bits(int.from_bytes(hashlib.sha256(value).digest()[:5], "big"), 8)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return int(value) if value == int(value) else round(value, 4)
    return value


def _page(value: dict[str, Any]) -> Page:
    return Page(
        page=int(value["page"]),
        fiducials=tuple(_make(Fiducial, f) for f in value["fiducials"]),
        code=_make(CodeArea, value["code"]),
        questions=tuple(
            Question(str(q["id"]), str(q["type"]), tuple(_make(Box, b) for b in q["boxes"]), int(q.get("most", 1)))
            for q in value["questions"]
        ),
        regions=tuple(_make(Region, {**r, "lines_y": tuple(r.get("lines_y", ()))}) for r in value.get("regions", [])),
        texts=tuple(_make(Text, t) for t in value.get("texts", [])),
        rules=tuple(_make(Rule, r) for r in value.get("rules", [])),
        shapes=tuple(
            _make(Shape, {**s, "points": tuple((x, y) for x, y in s["points"])}) for s in value.get("shapes", [])
        ),
    )


def _make(kind: type[T], value: dict[str, Any]) -> T:
    known = fields(kind)  # type: ignore[arg-type]  # every caller passes a dataclass
    return kind(**{f.name: _checked(str(f.type), value[f.name]) for f in known if f.name in value})


def _checked(kind: str, value: Any) -> Any:
    """Return a field's value as its type asks. Raises TypeError, so that no text or infinity passes for a length."""
    if kind == "float":
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise TypeError(f"{value!r} is no length")
        return float(value)
    if kind in ("str", "bool") and type(value).__name__ != kind:
        raise TypeError(f"{value!r} is no {kind}")
    if kind.startswith("tuple[float"):
        return tuple(_checked("float", item) for item in value)
    if kind.startswith("tuple[tuple[float"):
        return tuple(_checked("tuple[float", item) for item in value)
    return value
