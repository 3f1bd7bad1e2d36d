"""The tables: one module a group of nouns."""

from webapp.models.base import Base, now
from webapp.models.books import MeetingSession, TurnoutReason
from webapp.models.campaign import Campaign, HeadCount, Meeting, Survey, Unit
from webapp.models.care import Disposal, OpinionText, StrippedFile
from webapp.models.closing import Closing, HandCheck, HandEntry, Lease, Procedure, Reopening, RuleChange
from webapp.models.notices import Notice
from webapp.models.organisation import Member, ProofScan, UnitExpected, UnitVersion
from webapp.models.people import Grant, LoginAttempt, RecoveryCode, SetupToken, SignIn, User
from webapp.models.printing import IssuedSheet, Layout, PrintFile, PrintRun
from webapp.models.scanning import Answer, Batch, Decision, Opinion, Page, Reading, Ruling, Scan
from webapp.models.trail import TrailRow

__all__ = [
    "Answer", "Base", "Batch", "Campaign", "Closing", "Decision", "Disposal", "Grant", "HandCheck", "HandEntry",
    "HeadCount", "IssuedSheet", "Layout", "Lease", "LoginAttempt", "Meeting", "MeetingSession", "Member", "Notice",
    "Opinion", "OpinionText", "Page", "PrintFile", "PrintRun", "Procedure", "ProofScan", "Reading", "RecoveryCode",
    "Reopening", "RuleChange", "Ruling", "Scan", "SetupToken", "SignIn", "StrippedFile", "Survey", "TrailRow",
    "TurnoutReason", "Unit", "UnitExpected", "UnitVersion", "User", "now",
]  # fmt: skip
