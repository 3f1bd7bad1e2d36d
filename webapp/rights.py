"""Who may do what: rights, the roles that hold them, and nothing else. ``docs/roles.md`` shows the same as a table.

A role is held on a unit, and so on all units below it, or on the whole school; see ``webapp.services.rights``.
"""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """Something a person may do. Views ask for one of these."""

    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_SYSTEM = "manage_system"
    MANAGE_UNITS = "manage_units"
    MANAGE_CAMPAIGN = "manage_campaign"
    MANAGE_MEETING = "manage_meeting"
    PRINT_SHEETS = "print_sheets"
    COUNT_HEADS = "count_heads"
    SCAN = "scan"
    REVIEW = "review"
    TRANSCRIBE = "transcribe"
    RULE = "rule"  # on disagreements and voids, and the counting rules
    CLOSE = "close"
    SEE_BOOKS = "see_books"
    SEE_SHEETS = "see_sheets"  # from a figure to its sheets
    SEE_RESULTS = "see_results"
    READ_PAPERS = "read_papers"
    SEE_TRAIL = "see_trail"
    READ_OWN_SUMMARY = "read_own_summary"
    READ_REPORTS = "read_reports"
    PREPARE = "prepare"  # self-check, statements, promises, opinions gathered before the meeting
    WRITE_PAPERS = "write_papers"
    EXAMINE_PAPERS = "examine_papers"  # 审核
    WRITE_REPORTS = "write_reports"  # 联络员汇报, 委员汇报
    RECTIFY = "rectify"
    SUPERVISE = "supervise"  # the log of supervision, doubts
    OVERSEE = "oversee"  # all units side by side


class Role(StrEnum):
    """What a person is in an appraisal."""

    ADMINISTRATOR = "administrator"
    SCHOOL_OFFICE = "school_office"
    ORGANIZATION_DEPARTMENT = "organization_department"
    UNIT_ADMINISTRATOR = "unit_administrator"
    BRANCH = "branch"
    LIAISON = "liaison"
    COMMITTEE_MEMBER = "committee_member"
    SCRUTINEER = "scrutineer"
    SCANNER = "scanner"
    TRANSCRIBER = "transcriber"
    MEMBER = "member"
    SCHOOL_LEADER = "school_leader"


_ORGANISES = {
    Right.MANAGE_MEETING, Right.PRINT_SHEETS, Right.COUNT_HEADS, Right.SEE_BOOKS, Right.SEE_RESULTS, Right.READ_PAPERS,
    Right.PREPARE, Right.WRITE_PAPERS, Right.RECTIFY,
}  # fmt: skip
_SUPERVISES = {Right.SEE_BOOKS, Right.SEE_RESULTS, Right.READ_PAPERS, Right.READ_REPORTS, Right.SUPERVISE}

RIGHTS: dict[Role, frozenset[Right]] = {
    role: frozenset(rights)
    for role, rights in {
        Role.ADMINISTRATOR: {Right.MANAGE_ACCOUNTS, Right.MANAGE_SYSTEM, Right.MANAGE_UNITS, Right.SEE_TRAIL},
        Role.SCHOOL_OFFICE: {
            Right.MANAGE_UNITS, Right.MANAGE_CAMPAIGN, Right.MANAGE_MEETING, Right.SEE_SHEETS, Right.SEE_TRAIL,
            Right.EXAMINE_PAPERS, Right.OVERSEE, *_SUPERVISES,
        },
        Role.ORGANIZATION_DEPARTMENT: {Right.OVERSEE, *_SUPERVISES},
        Role.UNIT_ADMINISTRATOR: {Right.MANAGE_UNITS, Right.EXAMINE_PAPERS, *_ORGANISES},
        Role.BRANCH: _ORGANISES,
        Role.LIAISON: {Right.WRITE_REPORTS, *_SUPERVISES},
        Role.COMMITTEE_MEMBER: {Right.WRITE_REPORTS, *_SUPERVISES},
        Role.SCRUTINEER: {
            Right.RULE, Right.CLOSE, Right.SEE_BOOKS, Right.SEE_SHEETS, Right.SEE_RESULTS, Right.READ_PAPERS,
            Right.SEE_TRAIL,
        },
        Role.SCANNER: {Right.COUNT_HEADS, Right.SCAN, Right.REVIEW, Right.SEE_BOOKS, Right.SEE_RESULTS},
        Role.TRANSCRIBER: {Right.TRANSCRIBE, Right.SEE_BOOKS},
        Role.MEMBER: {Right.READ_OWN_SUMMARY},
        Role.SCHOOL_LEADER: {Right.READ_REPORTS},
    }.items()
}  # fmt: skip

# Who scrutinises a unit does not review there: nobody rules on what he decided himself.
EXCLUDED: dict[Role, frozenset[Right]] = {Role.SCRUTINEER: frozenset({Right.REVIEW})}

# Roles of the school: what stays with the units (留存) is not read by who holds no other.
SCHOOL_ROLES = frozenset({Role.SCHOOL_OFFICE, Role.ORGANIZATION_DEPARTMENT, Role.SCHOOL_LEADER})

# What the first administrator gets besides who also runs the appraisal. Never the scrutineer: that is somebody else.
RUNS_ALONE = (Role.SCHOOL_OFFICE, Role.UNIT_ADMINISTRATOR, Role.SCANNER)
