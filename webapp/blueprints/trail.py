"""The trail: who did what, when and why."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import acting
from webapp.access import access, standing
from webapp.blueprints.count import CSV, download
from webapp.errors import InvalidInput
from webapp.i18n import say
from webapp.pages import office
from webapp.rights import Right
from webapp.services import trail_list
from webapp.services.trail_list import Filters

bp = Blueprint("trail", __name__)


@bp.get("/trail")
@access(Right.SEE_TRAIL, anywhere=True)
def index() -> str:
    """The newest rows of the units that the person may see, filtered."""
    filters = _filters()
    people, actions, kinds = trail_list.choices(office(), filters.units)
    return render_template(
        "trail/index.html",
        listed=trail_list.listed(office(), filters, request.args.get("before", type=int)),
        filters=filters,
        people=people,
        actions=[(action, action_words().get(action, action)) for action in actions],
        kinds=[(kind, kind_words().get(kind, kind)) for kind in kinds],
        action_words=action_words(),
        kind_words=kind_words(),
        role_words={acting.MACHINE: _("the machine"), acting.COMMAND_LINE: _("the command line")},
        facts=facts,
        asked=request.args.to_dict(),
    )


@bp.get("/trail.csv")
@access(Right.SEE_TRAIL, anywhere=True)
def table() -> Response:
    """The rows as CSV; its name ends with the head of the chain."""
    content, head = trail_list.export(office(), _filters())
    return download(content, CSV, f"{_('Trail')}-{head}.csv")


def facts(text: str) -> list[tuple[str, str]]:
    """Return the facts of a row as pairs of a field and what is to be said of it."""
    value: dict[str, Any] = json.loads(text) if text else {}
    return [(field_words().get(name, name), _told(name, content)) for name, content in value.items()]


def _told(name: str, content: Any) -> str:
    if isinstance(content, list) and len(content) == 2:
        return " → ".join(_told(name, each) for each in content)
    if content in (None, ""):
        return "–"
    if isinstance(content, bool):
        return str(_("Yes") if content else _("No"))
    if name == "role":
        return str(say(f"role-{content}"))
    return json.dumps(content, ensure_ascii=False) if isinstance(content, dict | list) else str(content)


def _filters() -> Filters:
    asked = request.args
    try:
        day = dt.date.fromisoformat(asked["day"]) if asked.get("day") else None
    except ValueError as error:
        raise InvalidInput("bad-date", text=asked["day"][:20]) from error
    everything = standing().may(Right.SEE_TRAIL, None)
    return Filters(
        who=asked.get("who", trail_list.PEOPLE)[:20],
        action=asked.get("action", "")[:32],
        object=asked.get("object", "").strip()[:120],
        day=day,
        units=None if everything else standing().units(Right.SEE_TRAIL),
    )


def field_words() -> dict[str, str]:
    """Return the words of all fields that a row may show."""
    return {
        "name": _("Name"),
        "display_name": _("Full name"),
        "title": _("Title"),
        "kind": _("Kind"),
        "number": _("Number"),
        "form": _("Form"),
        "role": _("Role"),
        "user_id": _("Account no."),
        "unit_id": _("Unit no."),
        "meeting_id": _("Meeting no."),
        "campaign_id": _("Campaign no."),
        "page_id": _("Page no."),
        "copies": _("Copies"),
        "question": _("Question"),
        "head": _("Trail up to"),
        "active": _("In use"),
        "used_at": _("Used at"),
        "granted_by": _("Given by"),
        "revoked_at": _("Ended at"),
        "revoked_by": _("Ended by"),
        "parent_id": _("Unit above, no."),
        "rater_class": _("Class of rater"),
        "cadre": _("Cadre"),
        "issuer": _("Issued by"),
        "issued_on": _("Issued on"),
        "finish_by": _("Finished by"),
        "report_by": _("Handed in by"),
        "rules": _("Counting rules"),
        "held_on": _("Held on"),
        "place": _("Place"),
        "manner": _("Manner"),
        "presider": _("Presided by"),
        "supervisor": _("Supervised by"),
        "done_on": _("Done on"),
        "post": _("Post"),
        "office": _("Office"),
        "left_by": _("Ended by"),
        "who": _("Person"),
        "rater_id": _("Person expected, no."),
        "present": _("Present"),
        "took_part": _("Took part"),
        "was_rated": _("Was rated"),
        "guided": _("Guided at the base"),
        "source": _("Source"),
        "removed_by": _("Put aside by"),
        "liaison": _("Liaison"),
        "liaison_id": _("Account of the liaison, no."),
        "leader": _("School leader"),
        "leader_id": _("Account of the leader, no."),
        "person_id": _("Account of the person, no."),
        "ended_at": _("Ended at"),
        "ended_by": _("Ended by"),
        "starts": _("Begins at"),
        "time_id": _("Time of the meeting, no."),
        "channel": _("Way"),
        "came": _("Came"),
        "reported_on": _("Reported on"),
        "to": _("Reported to"),
        "report_id": _("Report no."),
        "session_id": _("Session no."),
        "survey_id": _("Form no."),
        "layout_digest": _("Layout"),
        "subject": _("Subject"),
        "print_run_id": _("Print run no."),
        "origin": _("Came by"),
        "withdrawn_at": _("Withdrawn at"),
        "withdrawn_by": _("Withdrawn by"),
        "batch_id": _("Batch no."),
        "sha256": _("Digest of the file"),
        "bytes": _("Bytes"),
        "duplicate_of": _("Same as scan no."),
        "scan_id": _("Scan no."),
        "index": _("Page of the file"),
        "part": _("Part"),
        "standing": _("Standing"),
        "removed_at": _("Put aside at"),
        "reader": _("Reader"),
        "attempt": _("Attempt"),
        "pages": _("Pages"),
        "status": _("Outcome"),
        "stage": _("Stage"),
        "undoes": _("Takes back no."),
        "two_persons": _("Two persons"),
        "check_percent": _("Hand check, %"),
        "check_sheets": _("Hand check, sheets"),
        "bar": _("Bar of certainty"),
        "seed": _("Seed"),
        "population": _("Sheets to draw from"),
        "check_id": _("Hand check no."),
        "version": _("Version"),
        "digest": _("Digest"),
        "closing_id": _("Closing no."),
        "files": _("Files"),
        "opinions": _("Opinions"),
        "due_on": _("Due on"),
        "witness": _("Witness"),
        "copy": _("Copy"),
        "scans": _("Scans"),
        "pictures": _("Pictures"),
        "sign_in": _("Sign-in"),
        "tries": _("Wrong tries until then"),
        "address": _("Address"),
        "sheets": _("Sheets"),
        "file": _("File"),
        "merged_into": _("Merged into unit no."),
        "left_at": _("Left at"),
        "member_id": _("Member no."),
        "from_unit_id": _("From unit no."),
        "to_unit_id": _("To unit no."),
        "moved_on": _("Moved on"),
        "addressees": _("Addressees"),
        "rounds": _("Rounds"),
        "round": _("Round"),
        "reserved": _("Kept to the campaign"),
        "copied_from": _("Made from campaign no."),
        "filename": _("Name of the file"),
        "content": _("Contents"),
        "plan_id": _("Plan no."),
        "forms": _("Forms"),
        "step": _("Step"),
        "owner": _("Owner"),
        "state": _("State"),
        "promise_id": _("Promise no."),
        "text": _("Text"),
        "made_on": _("Made on"),
        "kept": _("Kept"),
        "how": _("How it was kept"),
        "code": _("Notice"),
        "topic": _("About"),
        "needs_answer": _("Asks for an answer"),
        "acknowledged_at": _("Acknowledged at"),
        "remedy_id": _("Problem no."),
        "person": _("Responsible"),
        "order_id": _("Order no."),
        "recheck_id": _("Re-check, meeting no."),
        "exemplar_id": _("Example no."),
        "medium": _("Medium"),
        "published_on": _("Published on"),
        "reach": _("Reach"),
        "contents": _("Contents"),
        "until": _("Until"),
        "submission_id": _("Bundle no."),
        "handed_by": _("Handed in by (person)"),
        "received_by": _("Received by"),
        "received_on": _("Received on"),
        "keeper": _("Keeper"),
        "kept_on": _("Kept since"),
        "file_number": _("File number"),
        "doubt": _("Doubt"),
        "seen_on": _("Seen on"),
        "settles": _("Settles it"),
        "delivered_on": _("Delivered on"),
        "paper_id": _("Paper no."),
        "field": _("Part of the paper"),
        "undone_at": _("Undone at"),
        "undone_by": _("Undone by"),
        "category": _("Category"),
        "item": _("Item"),
        "about": _("Is about"),
        "dissolved": _("Dissolved"),
        "put": _("Put in"),
        "merged_id": _("Merged opinion no."),
        "deed_id": _("Deed no."),
        "given_by": _("Given by"),
        "reopened_by": _("Opened again by"),
        "reopened_at": _("Opened again at"),
    }


def action_words() -> dict[str, str]:
    """Return the words of what is done."""
    return {
        "added": _("added"),
        "changed": _("changed"),
        "removed": _("removed"),
        "found": _("was there before the trail"),
        "exported": _("exported"),
        "refused": _("refused"),
        "viewed": _("looked at"),
        "settled": _("settled"),
        "reopened": _("opened again"),
        "detached": _("detached from their sheets"),
        "backed-up": _("copied"),
        "restored": _("restored"),
        "archived": _("archived"),
        "disposed": _("destroyed"),
    }


def kind_words() -> dict[str, str]:
    """Return the words of the objects."""
    return {
        "user": _("account"),
        "role_grant": _("role of a person"),
        "sign_in": _("sign-in"),
        "unit": _("unit"),
        "campaign": _("campaign"),
        "survey": _("form"),
        "meeting": _("meeting"),
        "self_check": _("self-check"),
        "group_member": _("person of a leading group"),
        "run_step": _("step of a meeting"),
        "rater": _("person expected"),
        "attendance": _("attendance"),
        "cadre_record": _("record of a cadre"),
        "gathered_opinion": _("opinion gathered"),
        "liaison_post": _("liaison of a unit"),
        "committee_post": _("committee member sent"),
        "meeting_time": _("time of a meeting"),
        "supervisor_answer": _("answer of a supervisor"),
        "supervisor_presence": _("presence of a supervisor"),
        "countersignature": _("countersignature"),
        "report_made": _("report handed over"),
        "report_read": _("report read"),
        "meeting_session": _("supplementary session"),
        "session_withdrawal": _("withdrawal of a supplementary session"),
        "head_count": _("number counted"),
        "layout": _("layout"),
        "print_run": _("print run"),
        "print_file": _("print file"),
        "batch": _("batch"),
        "scan": _("scan"),
        "page": _("page"),
        "reading": _("machine's reading"),
        "rereading": _("reading again by a newer reader"),
        "decision": _("decision"),
        "ruling": _("ruling on a sheet"),
        "opinion": _("opinion"),
        "opinions": _("opinions"),
        "trail": _("trail"),
        "notice": _("notice"),
        "remedy": _("problem of the register"),
        "remedy_version": _("entry of the register"),
        "remedy_step": _("progress of a problem"),
        "remedy_file": _("evidence"),
        "deadline_order": _("order with a deadline"),
        "order_step": _("what became of an order"),
        "exemplar": _("example"),
        "publicity": _("publicity"),
        "announcement_plan": _("plan of an announcement"),
        "announcement_record": _("announcement"),
        "submission": _("bundle"),
        "receipt": _("receipt"),
        "retention": _("summary kept"),
        "supervision": _("entry of supervision"),
        "experience": _("experience shared"),
        "delivery": _("delivery of the directive"),
        "campaign_version": _("version of a campaign's record"),
        "basis_document": _("basis document"),
        "unit_plan": _("plan of a unit"),
        "plan_issue": _("issue of a plan"),
        "plan_receipt": _("receipt of a plan"),
        "checklist_row": _("step of a checklist"),
        "promise": _("public promise"),
        "promise_text": _("text of a promise"),
        "member_move": _("move of a member"),
        "shelf_paper": _("paper"),
        "shelf_text": _("text of a paper"),
        "shelf_step": _("step of a paper"),
        "shelf_version": _("version of a paper"),
        "shelf_attachment": _("scan of a paper"),
        "campaign_closing": _("closing of a campaign"),
        "member_user": _("account of a member"),
        "merge_deed": _("merging"),
        "merged_opinion": _("merged opinion"),
        "merged_version": _("text of a merged opinion"),
        "merging": _("opinion merged"),
        "instance": _("all data"),
        "disposal": _("record of destruction"),
        "recovery_code": _("recovery code"),
        "unit_expected": _("raters a unit expects"),
        "member": _("Party member"),
        "turnout_reason": _("reason why too few are enough"),
        "procedure": _("way of reviewing and checking"),
        "rule_change": _("change of rules"),
        "hand_check": _("hand check"),
        "hand_entry": _("sheet read by hand"),
        "closing": _("closing of a count"),
        "reopening": _("opening of a closed count"),
        "opinion_text": _("text of an opinion"),
    }
