"""The tables: one module a group of nouns."""

from webapp.models.aftermath import (
    AnnouncementPlan,
    AnnouncementRecord,
    DeadlineOrder,
    Delivery,
    Exemplar,
    Experience,
    OrderStep,
    Publicity,
    Receipt,
    Remedy,
    RemedyFile,
    RemedyStep,
    RemedyVersion,
    Retention,
    Submission,
    Supervision,
)  # fmt: skip
from webapp.models.base import Base, now
from webapp.models.books import MeetingSession, SessionWithdrawal, TurnoutReason
from webapp.models.campaign import Campaign, HeadCount, Meeting, Survey, Unit
from webapp.models.care import Disposal, OpinionText, StrippedFile
from webapp.models.closing import Closing, HandCheck, HandEntry, Lease, Procedure, Reopening, RuleChange
from webapp.models.gathering import GatheredOpinion
from webapp.models.notices import Notice
from webapp.models.organisation import Member, ProofScan, UnitExpected, UnitVersion
from webapp.models.people import Grant, LoginAttempt, RecoveryCode, SetupToken, SignIn, SignInFailure, User
from webapp.models.plans import BasisDocument, CampaignVersion, ChecklistRow, PlanIssue, PlanReceipt, UnitPlan
from webapp.models.preparing import Attendance, CadreRecord, GroupMember, Rater, RunStep, SelfCheck
from webapp.models.printing import IssuedSheet, Layout, PrintFile, PrintRun
from webapp.models.promises import MemberMove, Promise, PromiseText
from webapp.models.rereading import Rereading, RereadPage
from webapp.models.scanning import Answer, Batch, Decision, Opinion, Page, Reading, Ruling, Scan
from webapp.models.supervising import (
    CommitteePost,
    Countersignature,
    LiaisonPost,
    MeetingTime,
    ReportMade,
    ReportRead,
    SupervisorAnswer,
    SupervisorPresence,
)
from webapp.models.trail import TrailRow
from webapp.models.writing import (
    CampaignClosing,
    MemberUser,
    MergeDeed,
    MergedOpinion,
    MergedVersion,
    Merging,
    ShelfAttachment,
    ShelfCode,
    ShelfPaper,
    ShelfStep,
    ShelfText,
    ShelfVersion,
)

__all__ = [
    "AnnouncementPlan", "AnnouncementRecord", "Answer", "Attendance", "Base", "BasisDocument", "Batch",
    "CadreRecord", "Campaign", "CampaignClosing", "CampaignVersion", "ChecklistRow", "Closing", "CommitteePost",
    "Countersignature", "DeadlineOrder", "Decision", "Delivery", "Disposal", "Exemplar", "Experience",
    "GatheredOpinion", "Grant", "GroupMember", "HandCheck", "HandEntry", "HeadCount", "IssuedSheet", "Layout",
    "Lease", "LiaisonPost", "LoginAttempt", "Meeting", "MeetingSession", "MeetingTime", "Member", "MemberMove",
    "MemberUser", "MergeDeed", "MergedOpinion", "MergedVersion", "Merging", "Notice", "Opinion", "OpinionText",
    "OrderStep", "Page", "PlanIssue", "PlanReceipt", "PrintFile", "PrintRun", "Procedure", "Promise", "PromiseText",
    "ProofScan", "Publicity", "Rater", "Reading", "Receipt", "RecoveryCode", "Remedy", "RemedyFile", "RemedyStep",
    "RemedyVersion", "Reopening", "ReportMade", "ReportRead", "RereadPage", "Rereading", "Retention", "RuleChange",
    "Ruling", "RunStep", "Scan", "SelfCheck", "SessionWithdrawal", "SetupToken", "ShelfAttachment", "ShelfCode",
    "ShelfPaper", "ShelfStep", "ShelfText", "ShelfVersion", "SignIn", "SignInFailure", "StrippedFile", "Submission",
    "Supervision", "SupervisorAnswer", "SupervisorPresence", "Survey", "TrailRow", "TurnoutReason", "Unit",
    "UnitExpected", "UnitPlan", "UnitVersion", "User", "now",
]  # fmt: skip
