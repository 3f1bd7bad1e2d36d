"""The school of the demonstration: its units, members, leading groups, liaison, promises, and two flexible plans."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from webapp.demo import cast
from webapp.models import Unit
from webapp.office import Office
from webapp.services import groups, plan_versions, posts, promises, roster_import, units
from webapp.services.roster import MemberLine, Roster


def build(office: Office, campaign_id: int, people: Mapping[str, int]) -> dict[str, int]:
    """Make the units of the school and what they bring into the campaign. Returns unit → id.

    ``people``: name → id of the accounts.
    """
    by = people["陈静"]
    ids = _units(office, by)
    lines = [(unit, name) for unit, names in cast.BRANCHES.items() for name in names]
    members = tuple(
        MemberLine(row, unit, name, "", name in cast.CADRES) for row, (unit, name) in enumerate(lines, start=2)
    )
    roster_import.run(office, Roster(members=members), user_id=by, allowed=None)
    for unit, group in cast.GROUPS.items():
        for name, post, position in group:
            groups.add(office, ids[unit], name=name, post=post, position=position, user_id=by)
        posts.set_liaison(
            office, ids[unit], liaison="", liaison_id=people[cast.LIAISON], leader="", leader_id=people[cast.LEADER],
            user_id=by,
        )  # fmt: skip
    for unit, text in cast.PROMISES.items():
        promises.paste(office, campaign_id, ids[unit], text, user_id=people["李娜"])
    for unit, (manners, reason) in cast.FLEXIBLE.items():
        content = {"flexible": {"manners": list(manners), "reason": reason}}
        version = plan_versions.save(office, campaign_id, ids[unit], content, user_id=people["李娜"])
        plan_versions.issue(office, campaign_id, ids[unit], version, user_id=people["李娜"])
    return ids


def _units(office: Office, user_id: int) -> dict[str, int]:
    for name, kind in cast.UNITS:
        units.add(office, names=name, kind=kind, user_id=user_id)
    college = units.named(office, cast.COLLEGE).id
    units.add(office, names="\n".join(cast.BRANCHES), kind="branch", parent_id=college, user_id=user_id)
    with office.db.read() as session:
        return {name: unit_id for unit_id, name in session.execute(select(Unit.id, Unit.name))}
