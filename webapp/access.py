"""Who may call which route. Every route carries a rule; one without, or whose unit can't be found, stops the start.

``@access(Right.SCAN)`` asks for the right over the unit of the route's object (``/meetings/<meeting_id>/…``). A route
without an object asks for it over the whole school. With ``anywhere=True`` it is enough to hold the right somewhere:
such a view shows and takes only the units of ``standing().units(right)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, g, request
from flask_login import current_user
from sqlalchemy import Select, case, func, null, select

from webapp import login
from webapp import models as m
from webapp.errors import NotFound
from webapp.models import (
    Batch,
    Campaign,
    Grant,
    Meeting,
    Member,
    Opinion,
    Page,
    PrintFile,
    PrintRun,
    Scan,
    ShelfAttachment,
    ShelfPaper,
    ShelfVersion,
    Survey,
    Unit,
    User,
)
from webapp.rights import RIGHTS, Right, Role
from webapp.services import rights
from webapp.services.rights import Standing

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC_BODY = 1 << 20  # bytes


class Access(Enum):
    """Rules that ask for no right."""

    PUBLIC = 0
    SIGNED_IN = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks for. ``rights``: one of them is enough; empty with a rule of ``Access``."""

    level: Access
    rights: tuple[Right, ...] = ()
    anywhere: bool = False

    @property
    def is_public(self) -> bool:
        """Tell whether the route is open to everybody."""
        return self.level is Access.PUBLIC


def access(*asked: Access | Right, anywhere: bool = False) -> Callable[[View], View]:
    """Give a view its rule: ``Access.PUBLIC``, ``Access.SIGNED_IN``, or rights of which one is needed."""
    needed = tuple(right for right in asked if isinstance(right, Right))
    levels = [level for level in asked if isinstance(level, Access)]
    if len(levels) + bool(needed) != 1:
        raise ValueError("a rule is either PUBLIC, SIGNED_IN, or one or more rights")
    rule = Rule(levels[0] if levels else Access.SIGNED_IN, needed, anywhere)

    def mark(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined]  # functions take attributes; the check below reads it
        return view

    return mark


_PAGE = (
    select(Meeting.unit_id)
    .select_from(Page)
    .outerjoin(PrintRun, PrintRun.id == Page.print_run_id)
    .outerjoin(Scan, Scan.id == Page.scan_id)
    .outerjoin(Batch, Batch.id == Scan.batch_id)
    # a known page belongs to its meeting, wherever it was scanned; a strange one to where it came in
    .outerjoin(Meeting, Meeting.id == func.coalesce(PrintRun.meeting_id, Batch.meeting_id))
)
_BATCH = select(Meeting.unit_id).select_from(Batch).outerjoin(Meeting, Meeting.id == Batch.meeting_id)
_WHOLE_SCHOOL = select(null())

# Parameter of an address → the unit of its object (one row, one column). NULL: of the whole school.
UNIT_OF: dict[str, Callable[[Any], Select[Any]]] = {
    "unit_id": lambda key: select(Unit.id).where(Unit.id == key),
    "meeting_id": lambda key: select(Meeting.unit_id).where(Meeting.id == key),
    "print_run_id": lambda key: select(Meeting.unit_id).join(PrintRun).where(PrintRun.id == key),
    "print_file_id": lambda key: select(Meeting.unit_id).join(PrintRun).join(PrintFile).where(PrintFile.id == key),
    "page_id": lambda key: _PAGE.where(Page.id == key),
    "opinion_id": lambda key: _PAGE.join(Opinion, Opinion.page_id == Page.id).where(Opinion.id == key),
    "member_id": lambda key: select(Member.unit_id).where(Member.id == key),
    "version_id": lambda key: select(ShelfPaper.unit_id).join(ShelfVersion).where(ShelfVersion.id == key),
    "attachment_id": lambda key: select(ShelfPaper.unit_id).join(ShelfAttachment).where(ShelfAttachment.id == key),
    "batch_id": lambda key: _BATCH.where(Batch.id == key),
    "scan_id": lambda key: _BATCH.join(Scan, Scan.batch_id == Batch.id).where(Scan.id == key),
    "campaign_id": lambda key: _WHOLE_SCHOOL.select_from(Campaign).where(Campaign.id == key),
    "survey_id": lambda key: _WHOLE_SCHOOL.select_from(Survey).where(Survey.id == key),
    "grant_id": lambda key: _WHOLE_SCHOOL.select_from(Grant).where(Grant.id == key),
    "user_id": lambda key: _WHOLE_SCHOOL.select_from(User).where(User.id == key),
}

# what comes after the meeting
UNIT_OF |= {
    "remedy_id": lambda key: select(Meeting.unit_id).join(m.Remedy).where(m.Remedy.id == key),
    "remedy_file_id": lambda key: (
        select(Meeting.unit_id).join(m.Remedy).join(m.RemedyFile).where(m.RemedyFile.id == key)
    ),
    "order_id": lambda key: (
        select(Meeting.unit_id).join(m.DeadlineOrder, m.DeadlineOrder.meeting_id == Meeting.id)
        .where(m.DeadlineOrder.id == key)
    ),
    "exemplar_id": lambda key: select(Meeting.unit_id).join(m.Exemplar).where(m.Exemplar.id == key),
    "announcement_id": lambda key: (
        select(Meeting.unit_id).join(m.AnnouncementRecord).where(m.AnnouncementRecord.id == key)
    ),
    "submission_id": lambda key: select(m.Submission.unit_id).where(m.Submission.id == key),
    "receipt_id": lambda key: select(m.Submission.unit_id).join(m.Receipt).where(m.Receipt.id == key),
    "retention_id": lambda key: (  # a branch's is its level 2's; a 直属党支部 is level 2 itself
        select(case((Unit.kind == "branch", Unit.parent_id), else_=Unit.id)).join(m.Retention)
        .where(m.Retention.id == key)
    ),
    "experience_id": lambda key: select(m.Experience.unit_id).where(m.Experience.id == key),
}  # fmt: skip


# An address that names a unit beside its campaign asks for the right over the unit alone.
FRAMES = frozenset({"campaign_id"})


def standing() -> Standing:
    """Return what the person who is signed in may do where; read once a request. Nothing for a stranger."""
    if "standing" not in g:
        g.standing = Standing((), {})
        if current_user.is_authenticated:
            with current_app.extensions["office"].db.read() as session:
                g.standing = rights.standing(session, current_user.id)
    return cast(Standing, g.standing)


def may(right: Right | str, unit_id: int | None = None) -> bool:
    """Tell whether the person of this request holds a right: over a unit, else over the unit of this page.

    On a page of no unit in particular: anywhere. For templates too: a button is shown to who may press it.
    """
    asked = Right(right)
    if unit_id is not None:
        return standing().may(asked, unit_id)
    if "unit_id" in g:
        return standing().may(asked, g.unit_id)
    return standing().anywhere(asked)


def sees_handwriting() -> bool:
    """Tell whether the person of this request has paper or handwriting in hand: who scans, and who types it off."""
    return may(Right.SCAN) or may(Right.TRANSCRIBE)


def may_open(endpoint: str, unit_id: int | None = None) -> bool:
    """Tell whether the person of this request may open a route, for the unit of this page where none is given."""
    rule = rule_of(current_app, endpoint)
    if rule is None or not rule.rights:
        return rule is not None and (rule.is_public or current_user.is_authenticated)
    if rule.anywhere:
        return any(standing().anywhere(right) for right in rule.rights)
    return any(may(right, unit_id) for right in rule.rights)


def doers(endpoint: str) -> list[Role]:
    """Return the roles that may open a route: who is told to those who may not."""
    rule = rule_of(current_app, endpoint)
    rights_of_rule = set(rule.rights) if rule else set()
    return [role for role, held in RIGHTS.items() if held & rights_of_rule]


def install(app: Flask) -> None:
    """Check the rules of all routes, enforce them before each request, give templates ``may``. Raises RuntimeError."""
    access(Access.PUBLIC)(app.view_functions["static"])
    _check(app)

    def enforce() -> Any:
        if request.endpoint is None:
            return None  # a 404: the error page shows nothing
        rule = rule_of(app, request.endpoint)
        if rule is None or rule.is_public:
            request.max_content_length = PUBLIC_BODY
            return None
        if not current_user.is_authenticated:
            return login.unauthorised()
        if not _holds(rule, request.view_args or {}):
            abort(403)
        return None

    # First of all: the check of forms reads the body, and nobody sends us gigabytes who hasn't signed in.
    app.before_request_funcs.setdefault(None, []).insert(0, enforce)
    app.jinja_env.globals.update(may=may, may_open=may_open, doers=doers, standing=standing)


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """Return the rule of an endpoint, None where it has none."""
    return getattr(app.view_functions[endpoint], "access", None)


def _check(app: Flask) -> None:
    missing = sorted({rule.endpoint for rule in app.url_map.iter_rules() if rule_of(app, rule.endpoint) is None})
    if missing:
        raise RuntimeError(f"routes without an access rule: {', '.join(missing)}; add @access(...) to each view")
    for route in app.url_map.iter_rules():
        rule = rule_of(app, route.endpoint)
        if rule and rule.rights and not rule.anywhere and route.arguments and not route.arguments & UNIT_OF.keys():
            raise RuntimeError(f"no unit can be found for {route.endpoint}: add its object to access.UNIT_OF")


def _holds(rule: Rule, arguments: dict[str, Any]) -> bool:
    """Tell whether the person of this request may call a route. Raises NotFound for an object that is not there."""
    if not rule.rights:
        return True
    if not any(standing().anywhere(right) for right in rule.rights):
        return False  # before anything is looked up: who may never come here learns nothing
    if rule.anywhere:
        return True
    units = _units(arguments)
    g.unit_id = next(iter(units))
    return any(all(standing().may(right, unit) for unit in units) for right in rule.rights)


def _units(arguments: dict[str, Any]) -> list[int | None]:
    """Return the units of all objects in an address; [None] for an address without one: the whole school."""
    found: list[int | None] = []
    names = arguments.keys() & UNIT_OF.keys()
    with current_app.extensions["office"].db.read() as session:
        for name in names:
            row = session.execute(UNIT_OF[name](arguments[name])).first()
            if row is None:
                raise NotFound("no-such-row", kind=name.removesuffix("_id"))
            if name not in FRAMES or names <= FRAMES:
                found.append(row[0])
    return found or [None]
