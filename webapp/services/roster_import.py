"""A roster against the tree of units: what would change, what stands against it, and the import: all of it or nothing.

A unit is known by its name; a member by his branch, his name and his number. Importing the same file again changes
nothing; a file that was mended changes what differs. Nobody is taken away by a file that doesn't name him.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput
from webapp.models import HeadCount, Meeting, Member, Unit, UnitExpected
from webapp.office import Office
from webapp.services import units
from webapp.services.roster import CLASSES, KIND_WORDS, MEMBERS, UNITS, Fault, MemberLine, Roster, UnitLine

SMALL_WORK = ("direct", "branch")  # where members are


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. ``faults`` stand against it; ``notes`` should be looked at but don't.

    ``news``: row of the units → "new", "changed" or "same".
    """

    roster: Roster
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    news: dict[int, str]
    new_members: int

    def of_row(self, sheet: str, row: int) -> list[Fault]:
        """Return the faults of a row, in the order of its cells."""
        return [fault for fault in self.faults if fault.sheet == sheet and _row(fault) == row]

    def notes_of(self, sheet: str, row: int) -> list[Fault]:
        """Return the notes of a row."""
        return [note for note in self.notes if note.sheet == sheet and _row(note) == row]

    @property
    def rows_with_faults(self) -> int:
        """How many rows have a fault."""
        return len({(fault.sheet, _row(fault)) for fault in self.faults})


@dataclass(frozen=True, slots=True)
class _Tree:
    """The units that are there: by name, the names by id, their numbers; the keys of all members."""

    units: dict[str, Unit]
    names: dict[int | None, str]
    expected: dict[int, dict[str, int]]
    members: set[tuple[int, str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, session: Session) -> _Tree:
        rows = list(session.scalars(select(Unit)))
        members = {(unit, name, number) for unit, name, number in session.execute(_MEMBER_KEYS)}
        names: dict[int | None, str] = {None: ""} | {row.id: row.name for row in rows}
        return cls({row.name: row for row in rows}, names, units.expected(session), members)

    def parent(self, name: str) -> str:
        return self.names[self.units[name].parent_id]


_MEMBER_KEYS = select(Member.unit_id, Member.name, Member.number)


def plan(session: Session, roster: Roster, allowed: frozenset[int] | None) -> Plan:
    """Return what importing would do. ``allowed``: the units that the person manages; None: the whole school."""
    tree = _Tree.of(session)
    faults = [*roster.faults, *_unit_faults(roster, tree, allowed), *_member_faults(roster, tree, allowed)]
    news = {line.row: _news(line, tree) for line in roster.units}
    notes = [
        Fault(UNITS, _cell(roster, UNITS, "student", line.row), "roster-zero")
        for line in roster.units
        if line.expected.get("student") == 0
    ]
    fresh = sum(_key(line, tree) not in tree.members for line in roster.members)
    return Plan(roster, tuple(sorted(faults, key=_order)), tuple(notes), news, fresh)


def run(office: Office, roster: Roster, *, user_id: int, allowed: frozenset[int] | None) -> tuple[int, int]:
    """Import: (units, members) that are new or changed. Raises InvalidInput when anything stands against it."""
    with office.db.begin() as session:
        ready = plan(session, roster, allowed)
        if ready.faults:
            raise InvalidInput("roster-faults", rows=ready.rows_with_faults)
        return _write_units(session, roster, user_id), _write_members(session, roster)


def fill_expected(office: Office, meeting_id: int, *, user_id: int) -> int:
    """Enter the numbers that the roster expects of a meeting's unit as its 应到. Returns how many were entered."""
    with office.db.begin() as session:
        meeting = session.get_one(Meeting, meeting_id)
        numbers = units.expected(session).get(meeting.unit_id, {})
        for rater_class, number in numbers.items():
            session.add(
                HeadCount(
                    meeting_id=meeting_id, kind="expected", rater_class=rater_class, number=number, user_id=user_id
                )
            )
        return len(numbers)


def _unit_faults(roster: Roster, tree: _Tree, allowed: frozenset[int] | None) -> list[Fault]:
    found = []
    twice = Counter(line.name for line in roster.units)
    parents = {name: tree.parent(name) for name in tree.units}
    parents |= {line.name: line.parent or parents.get(line.name, "") for line in roster.units}
    for line in roster.units:
        if line.name and twice[line.name] > 1:
            found.append(_fault(roster, UNITS, "name", line.row, "roster-twice", text=line.name))
        if line.parent and line.parent not in parents:
            found.append(_fault(roster, UNITS, "parent", line.row, "roster-no-parent", text=line.parent))
        elif line.parent and _goes_round(line.name, parents):
            found.append(_fault(roster, UNITS, "parent", line.row, "roster-round", text=line.name))
        elif allowed is not None and not _is_ours(line.name, parents, tree, allowed):
            found.append(_fault(roster, UNITS, "name", line.row, "roster-not-yours", text=line.name))
    return found


def _member_faults(roster: Roster, tree: _Tree, allowed: frozenset[int] | None) -> list[Fault]:
    found = []
    kinds = {name: unit.kind for name, unit in tree.units.items()}
    kinds |= {line.name: KIND_WORDS.get(line.kind, "") for line in roster.units}
    in_file = {line.name for line in roster.units}  # whether those are ours is asked of the units
    twice = Counter((line.unit, line.name, line.number) for line in roster.members)
    for line in roster.members:
        if line.unit and line.unit not in kinds:
            found.append(_fault(roster, MEMBERS, "unit", line.row, "roster-no-branch", text=line.unit))
        elif line.unit and kinds[line.unit] not in (*SMALL_WORK, ""):
            found.append(_fault(roster, MEMBERS, "unit", line.row, "roster-not-branch", text=line.unit))
        elif allowed is not None and line.unit and line.unit not in in_file and tree.units[line.unit].id not in allowed:
            found.append(_fault(roster, MEMBERS, "unit", line.row, "roster-not-yours", text=line.unit))
        if line.name and twice[line.unit, line.name, line.number] > 1:
            found.append(_fault(roster, MEMBERS, "name", line.row, "roster-same-name", text=line.name))
    return found


def _is_ours(name: str, parents: dict[str, str], tree: _Tree, allowed: frozenset[int]) -> bool:
    """Tell whether a unit is, and will stand, below what the person manages. What he stands on himself stays put."""
    if name in tree.units:
        if tree.units[name].id not in allowed:
            return False
        if tree.parent(name) == parents[name]:
            return True
        name = parents[name]
    seen = set()
    while name and name not in tree.units and name not in seen:
        seen.add(name)
        name = parents.get(name, "")
    return name in tree.units and tree.units[name].id in allowed


def _goes_round(name: str, parents: dict[str, str]) -> bool:
    seen = {name}
    while name := parents.get(name, ""):
        if name in seen:
            return True
        seen.add(name)
    return False


def _news(line: UnitLine, tree: _Tree) -> str:
    unit = tree.units.get(line.name)
    if unit is None:
        return "new"
    numbers = {key: number for key, number in line.expected.items() if number is not None}
    same = unit.kind == KIND_WORDS.get(line.kind) and line.parent in ("", tree.parent(line.name))
    same = same and numbers.items() <= tree.expected.get(unit.id, {}).items()
    return "same" if same else "changed"


def _key(line: MemberLine, tree: _Tree) -> tuple[int, str, str]:
    return (tree.units[line.unit].id if line.unit in tree.units else 0), line.name, line.number


def _write_units(session: Session, roster: Roster, user_id: int) -> int:
    """Write units, those above first, whatever their order in the file."""
    waiting = {line.name: line for line in roster.units}
    before = units.expected(session)
    touched = 0
    for line in roster.units:
        chain = []
        name = line.name
        while name in waiting:
            chain.append(waiting.pop(name))
            name = chain[-1].parent
        touched += sum(_write_unit(session, each, before, user_id) for each in reversed(chain))
    return touched


def _write_unit(session: Session, line: UnitLine, before: dict[int, dict[str, int]], user_id: int) -> bool:
    unit = session.scalar(select(Unit).where(Unit.name == line.name))
    above = session.scalar(select(Unit.id).where(Unit.name == line.parent)) if line.parent else None
    kind = KIND_WORDS[line.kind]
    if unit is None:
        unit, changed = units.create(session, line.name, kind, above, user_id), True
    else:  # an empty cell leaves a unit where it is
        changed = units.change(session, unit, line.name, kind, above if line.parent else unit.parent_id, user_id)
    for rater_class in CLASSES:
        number = line.expected.get(rater_class)
        if number is not None and before.get(unit.id, {}).get(rater_class) != number:
            session.add(UnitExpected(unit_id=unit.id, rater_class=rater_class, number=number, user_id=user_id))
            changed = True
    session.flush()
    return changed


def _write_members(session: Session, roster: Roster) -> int:
    ids = {name: unit_id for name, unit_id in session.execute(select(Unit.name, Unit.id))}
    query = select(Member).where(Member.unit_id.in_({ids[line.unit] for line in roster.members}))
    known = {(row.unit_id, row.name, row.number): row for row in session.scalars(query)}
    touched = 0
    for line in roster.members:
        key = ids[line.unit], line.name, line.number
        member = known.get(key)
        if member is None:
            session.add(Member(unit_id=key[0], name=line.name, number=line.number, cadre=line.cadre))
            touched += 1
        elif member.cadre != line.cadre:
            member.cadre = line.cadre
            touched += 1
    return touched


def _cell(roster: Roster, sheet: str, key: str, row: int) -> str:
    return f"{roster.columns.get(sheet, {}).get(key, 'A')}{row}"


def _fault(roster: Roster, sheet: str, key: str, row: int, code: str, text: str) -> Fault:
    return Fault(sheet, _cell(roster, sheet, key, row), code, {"text": text[:40]})


def _row(fault: Fault) -> int:
    return int(fault.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _order(fault: Fault) -> tuple[bool, int, str]:
    return fault.sheet != UNITS, _row(fault), fault.cell
