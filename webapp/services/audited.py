"""Which tables leave a trail, and which of their fields it may show.

``shown`` fields stand in the trail in plain text; ``sealed`` fields only in a keyed digest, so that a change is found
and nothing can be read or guessed. Every model is here or in ``LEFT_OUT``, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp import models as m


@dataclass(frozen=True, slots=True)
class Audited:
    """What of a model the trail keeps.

    ``why`` and ``by`` name the columns with the reason and the author, where the row has its own. ``parts`` are the
    models whose rows belong to one row of this one, with the column that names it: their content is in its digest.
    """

    shown: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    why: str = ""
    by: str = ""
    parts: tuple[tuple[Any, str], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return self.shown + self.sealed


AUDITED: dict[Any, Audited] = {
    m.User: Audited(("name", "display_name", "active"), ("password_hash", "totp_secret")),
    m.RecoveryCode: Audited(("user_id", "used_at"), ("digest",)),
    m.Grant: Audited(("user_id", "role", "unit_id", "granted_by", "revoked_at", "revoked_by"), ("granted_at",)),
    m.SignIn: Audited(("user_id",), ("token",), by="user_id"),
    m.Unit: Audited(("parent_id", "kind", "name", "merged_into")),
    m.UnitExpected: Audited(("unit_id", "rater_class", "number"), ("at",), by="user_id"),
    m.Member: Audited(("unit_id", "name", "number", "cadre", "left_at")),
    m.MemberMove: Audited(("member_id", "from_unit_id", "to_unit_id", "moved_on"), ("at",), why="why", by="user_id"),
    m.Campaign: Audited(
        ("title", "number", "issuer", "issued_on", "finish_by", "report_by", "rules", "addressees", "rounds",
         "reserved", "copied_from"),
        ("directive", "criteria"),
    ),
    m.CampaignVersion: Audited(("campaign_id",), ("content", "at"), why="why", by="user_id"),
    m.BasisDocument: Audited(
        ("campaign_id", "title", "filename", "sha256", "bytes", "removed_at"), ("at",), by="user_id"
    ),
    m.UnitPlan: Audited(("campaign_id", "unit_id", "version", "content"), ("at",), why="why", by="user_id"),
    m.PlanIssue: Audited(("plan_id", "forms"), ("at",), by="user_id"),
    m.PlanReceipt: Audited(("plan_id", "unit_id"), ("at",), by="user_id"),
    m.ChecklistRow: Audited(
        ("campaign_id", "unit_id", "step", "title", "owner", "due_on", "state"), ("at",), why="note", by="user_id"
    ),
    m.Promise: Audited(("campaign_id", "unit_id", "member_id")),
    m.PromiseText: Audited(("promise_id", "text", "made_on", "kept", "how"), ("at",), by="user_id"),
    m.Survey: Audited(("campaign_id", "form", "title", "unit_id"), ("source",)),
    m.Meeting: Audited(("campaign_id", "unit_id", "held_on", "place", "manner", "presider", "supervisor", "round",
         "starts")),
    m.SelfCheck: Audited(("meeting_id", "done_on"), ("achievements", "shortcomings", "measures", "at"), by="user_id"),
    m.GroupMember: Audited(("unit_id", "name", "post", "office", "left_at", "left_by"), ("at",), by="user_id"),
    m.RunStep: Audited(("meeting_id", "step", "state", "who"), ("at",), why="why", by="user_id"),
    m.Rater: Audited(
        ("unit_id", "name", "number", "rater_class", "member_id", "left_at", "left_by"), ("at",), by="user_id"
    ),
    m.Attendance: Audited(("meeting_id", "rater_id", "present"), ("at",), by="user_id"),
    m.CadreRecord: Audited(("meeting_id", "member_id", "took_part", "was_rated", "guided"), ("at",), by="user_id"),
    m.GatheredOpinion: Audited(
        ("meeting_id", "source", "removed_at", "removed_by"), ("day", "text", "at"), by="user_id"
    ),
    m.LiaisonPost: Audited(("unit_id", "liaison", "liaison_id", "leader", "leader_id"), ("at",), by="user_id"),
    m.CommitteePost: Audited(("meeting_id", "name", "person_id", "ended_at", "ended_by"), ("at",), by="user_id"),
    m.MeetingTime: Audited(("meeting_id", "held_on", "starts", "place"), ("at",), by="user_id"),
    m.SupervisorAnswer: Audited(("meeting_id", "time_id", "name", "channel"), ("at",), by="user_id"),
    m.SupervisorPresence: Audited(("meeting_id", "name", "came"), ("at",), by="user_id"),
    m.Countersignature: Audited(("meeting_id", "closing_id"), ("at",), why="remark", by="user_id"),
    m.ReportMade: Audited(("meeting_id", "reported_on", "to", "version"), ("at",), by="user_id"),
    m.ReportRead: Audited(("report_id",), ("at",), by="user_id"),
    m.HeadCount: Audited(
        ("meeting_id", "kind", "form", "rater_class", "number", "session_id"), ("at",), why="note", by="user_id"
    ),
    m.MeetingSession: Audited(("meeting_id", "held_on", "place", "manner"), ("at",), why="why", by="user_id"),
    m.SessionWithdrawal: Audited(("session_id", "meeting_id"), ("at",), why="why", by="user_id"),
    m.TurnoutReason: Audited(("meeting_id",), ("at",), why="text", by="user_id"),
    m.Layout: Audited(("form",), ("source",)),
    m.PrintRun: Audited(("meeting_id", "survey_id", "layout_digest", "subject"), ("values", "back"), by="created_by"),
    m.PrintFile: Audited(("print_run_id", "copies"), by="created_by"),
    m.Batch: Audited(
        ("origin", "meeting_id", "withdrawn_at", "withdrawn_by"), ("created_at",), why="withdrawn_why", by="created_by"
    ),
    m.Scan: Audited(("batch_id", "sha256", "bytes", "duplicate_of")),
    m.Page: Audited(
        ("scan_id", "index", "part", "standing", "removed_at"),
        ("sheet", "sheet_page", "print_run_id", "reading_id", "typed_code"),
    ),
    m.Reading: Audited(
        ("page_id", "reader", "attempt", "status"), ("problem", "layout_digest", "value"),
        parts=((m.Answer, "reading_id"),),
    ),
    m.Decision: Audited(
        ("page_id", "question", "stage", "origin", "undoes"), ("state", "choice", "user_id", "at", "note"), by="user_id"
    ),
    m.Ruling: Audited(("kind", "stage", "page_id"), ("sheet", "user_id", "at"), why="note", by="user_id"),
    m.Procedure: Audited(
        ("campaign_id", "two_persons", "check_percent", "check_sheets"), ("at",), why="why", by="user_id"
    ),
    m.RuleChange: Audited(("meeting_id", "rules", "bar"), ("effect", "at"), why="why", by="user_id"),
    m.Rereading: Audited(("meeting_id", "reader", "pages"), ("at",), by="user_id"),
    m.HandCheck: Audited(("meeting_id", "seed", "population"), ("sheets", "at"), by="user_id"),
    m.HandEntry: Audited(("check_id",), ("page_id", "question", "state", "choice", "at"), by="user_id"),
    m.Closing: Audited(("meeting_id", "version", "digest"), ("at",), why="why", by="user_id"),
    m.Reopening: Audited(("closing_id", "meeting_id"), ("at",), why="why", by="user_id"),
    m.OpinionText: Audited((), ("meeting_id", "survey_id", "subject", "region", "text", "day")),
    m.Remedy: Audited(("meeting_id", "number", "source", "question"), ("origin", "subject", "at"), by="user_id"),
    m.RemedyVersion: Audited(
        ("remedy_id", "person", "due_on"), ("problem", "cause", "measure", "at"), why="why", by="user_id"
    ),
    m.RemedyStep: Audited(("remedy_id", "kind"), ("text", "at"), by="user_id"),
    m.RemedyFile: Audited(
        ("remedy_id", "sha256", "bytes", "withdrawn_at", "withdrawn_by"), ("filename", "at"), by="user_id"
    ),
    m.DeadlineOrder: Audited(("meeting_id", "survey_id", "due_on"), ("subject", "figures", "at"), by="user_id"),
    m.OrderStep: Audited(("order_id", "kind", "due_on", "recheck_id"), ("at",), why="why", by="user_id"),
    m.Exemplar: Audited(
        ("meeting_id", "survey_id", "withdrawn_at"), ("subject", "figures", "deeds", "at"), "withdrawn_why", "user_id"
    ),
    m.Publicity: Audited(("exemplar_id", "medium", "published_on"), ("note", "at"), by="user_id"),
    m.AnnouncementPlan: Audited(("meeting_id", "manner", "reach", "contents"), ("at",), by="user_id"),
    m.AnnouncementRecord: Audited(
        ("meeting_id", "manner", "reach", "place", "made_on", "until", "withdrawn_at"), ("note", "at"),
        "withdrawn_why", "user_id",
    ),
    m.Submission: Audited(("campaign_id", "unit_id", "version", "sha256", "bytes"), ("manifest", "at"), by="user_id"),
    m.Receipt: Audited(
        ("submission_id", "channel", "handed_by", "received_by", "received_on", "withdrawn_at"), ("note", "at"),
        "withdrawn_why", "user_id",
    ),
    m.Retention: Audited(
        ("campaign_id", "unit_id", "member_id", "keeper", "kept_on", "file_number", "withdrawn_at"), ("at",),
        by="user_id",
    ),
    m.Supervision: Audited(
        ("campaign_id", "unit_id", "kind", "doubt", "seen_on", "settles"), ("text", "at"), by="user_id"
    ),
    m.Experience: Audited(("campaign_id", "unit_id", "title", "withdrawn_at"), ("text", "at"), by="user_id"),
    m.Delivery: Audited(
        ("campaign_id", "unit_id", "channel", "delivered_on", "received_by"), ("at",), by="user_id"
    ),
    m.Notice: Audited(
        ("user_id", "code", "topic", "needs_answer", "acknowledged_at"), ("params", "url", "at"), by="sent_by"
    ),
    m.ShelfPaper: Audited(("kind", "campaign_id", "unit_id", "meeting_id", "member_id", "part")),
    m.ShelfText: Audited(("paper_id", "field"), ("text", "at"), by="user_id"),
    m.ShelfStep: Audited(("paper_id", "step"), ("at",), why="why", by="user_id"),
    m.ShelfVersion: Audited(("paper_id", "number", "digest"), ("content", "at"), why="why", by="user_id"),
    m.ShelfAttachment: Audited(
        ("paper_id", "version", "filename", "sha256", "bytes", "removed_at", "removed_by"), ("at",), why="why",
        by="user_id",
    ),
    m.CampaignClosing: Audited(
        ("campaign_id", "reopened_at", "reopened_by"), ("at", "reopened_why"), why="why", by="user_id"
    ),
    m.MemberUser: Audited(("member_id", "user_id", "ended_at", "ended_by"), ("at",), by="given_by"),
    m.MergeDeed: Audited(("meeting_id", "kind", "undone_at", "undone_by"), ("at",), by="user_id"),
    m.MergedOpinion: Audited(("meeting_id",)),
    m.MergedVersion: Audited(
        ("merged_id", "deed_id", "category", "item", "about", "dissolved"), ("text", "subject")
    ),
    m.Merging: Audited(("deed_id", "merged_id", "source", "put"), ("key",)),
    m.Disposal: Audited(("campaign_id", "files", "bytes", "opinions", "due_on", "witness"), ("at",), "why", "user_id"),
}  # fmt: skip

LEFT_OUT: dict[Any, str] = {
    m.TrailRow: "the trail itself",
    m.Answer: "in the digest of its reading",
    m.ProofScan: "a try of printer and scanner; nothing is counted of it",
    m.UnitVersion: "the history of a unit; each change of the unit itself is in the trail",
    m.IssuedSheet: "a row a sheet would keep the order of the codes; the print file is the deed",
    m.RereadPage: "which page is to be read again; its new reading is in the trail",
    m.Lease: "who looks at a mark just now; ends by itself",
    m.StrippedFile: "the change of the scan says the same",
    m.SignInFailure: "counts a burst; services.failed_sign_ins tells the trail of it",
    m.LoginAttempt: "forgotten after minutes; tells what was typed",
    m.ShelfCode: "a random number for a paper; the print is a note of its own",
    m.SetupToken: "the first administrator is the deed",
    m.Opinion: "services.opinions notes who settled one; the proposal and the text stand nowhere in the trail",
}
