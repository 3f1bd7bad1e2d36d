"""Every change leaves a linked row; nothing secret is in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
from sqlalchemy import select, update

from webapp import acting
from webapp import models as m
from webapp.blueprints.trail import facts, field_words, kind_words
from webapp.models import Base, Campaign, Decision, HeadCount, TrailRow, Unit
from webapp.office import Office
from webapp.services import audit, trail
from webapp.services.audited import AUDITED, LEFT_OUT


def rows(office: Office) -> list[TrailRow]:
    """All rows, oldest first."""
    with office.db.read() as session:
        return list(session.scalars(select(TrailRow).order_by(TrailRow.id)))


@pytest.fixture
def campaign(office: Office) -> Campaign:
    """A campaign that somebody made."""
    with acting.as_(7, "school_office"), office.db.begin() as session:
        row = Campaign(title="民主评议", rules={})
        session.add(row)
    return row


def test_every_model__is_audited_or_left_out_for_a_reason() -> None:
    models = {mapper.class_ for mapper in Base.registry.mappers}
    assert models == set(AUDITED) | set(LEFT_OUT)
    assert not set(AUDITED) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_field_of_a_rule__is_a_column_of_its_model() -> None:
    for model, rule in AUDITED.items():
        names = {*rule.fields, *filter(None, (rule.why, rule.by))}
        assert names <= set(model.__table__.columns.keys()), model


@pytest.mark.parametrize("field", ["state", "choice", "note"])
def test_answer_fields__are_never_shown(field: str) -> None:
    assert field not in AUDITED[Decision].shown
    assert field in AUDITED[Decision].sealed


def test_added_row__is_told_with_who_and_role(office: Office, campaign: Campaign) -> None:
    last = rows(office)[-1]
    assert (last.action, last.object, last.user_id, last.role) == (
        "added",
        f"campaign:{campaign.id}",
        7,
        "school_office",
    )
    assert json.loads(last.facts)["title"] == "民主评议"


def test_changed_row__is_told_once_a_transaction_with_before_and_after(office: Office, campaign: Campaign) -> None:
    number = len(rows(office))
    with acting.because("更正"), office.db.begin() as session:
        row = session.get_one(Campaign, campaign.id)
        row.title = "first"
        session.flush()
        row.title = "second"
    found = rows(office)[number:]
    assert [(row.action, json.loads(row.facts), row.why) for row in found] == [
        ("changed", {"title": ["民主评议", "second"]}, "更正")
    ]


def test_unchanged_row__leaves_no_trail(office: Office, campaign: Campaign) -> None:
    number = len(rows(office))
    with office.db.begin() as session:
        session.get_one(Campaign, campaign.id).title = "民主评议"
    assert len(rows(office)) == number


def test_rolled_back_change__leaves_no_trail(office: Office) -> None:
    number = len(rows(office))

    def fail() -> None:
        with office.db.begin() as session:
            session.add(Unit(kind="branch", name="甲"))
            session.flush()
            trail.note(session, "exported", "meeting:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(rows(office)) == number


def test_removed_row__is_told_with_what_it_was(office: Office) -> None:
    with office.db.begin() as session:
        row = Unit(kind="branch", name="甲")
        session.add(row)
    with office.db.begin() as session:
        session.delete(session.get_one(Unit, row.id))
    last = rows(office)[-1]
    assert (last.action, json.loads(last.facts)["name"], last.digest) == ("removed", "甲", "")


def test_row_that_came_and_went_in_one_transaction__leaves_no_trail(office: Office) -> None:
    number = len(rows(office))
    with office.db.begin() as session:
        row = Unit(kind="branch", name="甲")
        session.add(row)
        session.flush()
        session.delete(row)
    assert len(rows(office)) == number


def test_reason_of_the_row_itself__is_the_why(office: Office, campaign: Campaign, admin: object) -> None:
    with office.db.begin() as session:
        unit = Unit(kind="branch", name="甲")
        session.add(unit)
        session.flush()
        meeting = m.Meeting(campaign_id=campaign.id, unit_id=unit.id)
        session.add(meeting)
        session.flush()
        session.add(HeadCount(meeting_id=meeting.id, kind="present", number=3, user_id=admin.id, note="数错了"))
    last = rows(office)[-1]
    assert (last.object.split(":")[0], last.why, last.user_id) == ("head_count", "数错了", admin.id)


def test_note__stands_behind_the_changes_of_its_transaction(office: Office) -> None:
    with acting.as_(3, "scrutineer"), office.db.begin() as session:
        trail.note(session, "exported", "meeting:9", "存档", kind="csv")
        session.add(Unit(kind="branch", name="甲"))
    *_, before, last = rows(office)
    assert before.object.startswith("unit:")
    assert (last.action, last.object, last.why, last.facts, last.user_id) == (
        "exported", "meeting:9", "存档", '{"kind":"csv"}', 3
    )  # fmt: skip


def test_each_row__is_linked_to_the_one_before(office: Office, campaign: Campaign) -> None:
    link = trail.GENESIS
    for number, row in enumerate(rows(office), 1):
        assert row.id == number
        link = trail.linked(link, {each.name: getattr(row, each.name) for each in TrailRow.__table__.columns})
        assert row.link == link
    with office.db.read() as session:
        assert str(trail.head(session)) == f"{number}-{link[:16]}"


@pytest.mark.parametrize("model", [Campaign, TrailRow, m.Answer])
def test_update_past_the_trail__is_refused(office: Office, model: type) -> None:
    column = next(each.name for each in model.__table__.columns if each.name not in ("id", "reading_id"))
    with pytest.raises(RuntimeError), office.db.begin() as session:
        session.execute(update(model).values({column: None}))


def test_update_of_fields_that_are_not_audited__is_free(office: Office) -> None:
    with office.db.begin() as session:
        before = trail.head(session)
        session.execute(update(m.Scan).values(lease_until=None, tries=0))
    with office.db.read() as session:
        assert trail.head(session) == before


def test_rows_from_before_the_trail__are_taken_into_it_once(office: Office) -> None:
    with office.db.begin() as session:
        session.connection().exec_driver_sql("delete from trail")
        session.connection().exec_driver_sql("insert into unit (kind, name) values ('branch', '旧支部')")
    assert audit.begin(office) >= 1
    first = next(row for row in rows(office) if row.object.startswith("unit:"))
    assert (first.action, first.role, json.loads(first.facts)["name"]) == ("found", "machine", "旧支部")
    assert audit.begin(office) == 0


def test_request__acts_as_the_person_who_is_signed_in(office: Office, admin: object) -> None:
    last = next(row for row in reversed(rows(office)) if row.object.startswith("sign_in:"))
    assert (last.action, last.user_id) == ("added", admin.id)


def test_trail_page__shows_people_first_and_filters(office: Office, admin: object) -> None:
    with acting.as_(None, acting.MACHINE), office.db.begin() as session:
        session.add(Unit(kind="branch", name="机器建的支部"))
    with acting.as_(admin.id, "administrator", "试行"), office.db.begin() as session:
        session.add(Unit(kind="branch", name="人建的支部"))
    page = admin.get("/trail").get_data(as_text=True)
    assert "人建的支部" in page
    assert "试行" in page
    assert "机器建的支部" not in page
    assert "机器建的支部" in admin.get("/trail?who=machine").get_data(as_text=True)
    assert "人建的支部" not in admin.get("/trail?object=campaign").get_data(as_text=True)
    assert "人建的支部" not in admin.get("/trail?day=2011-07-15").get_data(as_text=True)


def test_trail_page__leads_to_older_rows_without_gap(office: Office, admin: object) -> None:
    with acting.as_(admin.id, "administrator"), office.db.begin() as session:
        session.add_all(Unit(kind="branch", name=f"支部{number}") for number in range(130))
    seen: list[int] = []
    address = "/trail?object=unit&who="
    while address:
        page = admin.get(address).get_data(as_text=True)
        seen += [int(number) for number in re.findall(r'id="row-(\d+)"', page)]
        older = re.search(r'href="(/trail\?[^"]*before=\d+[^"]*)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    with office.db.read() as session:
        units = select(TrailRow.id).where(TrailRow.object.startswith("unit:")).order_by(TrailRow.id.desc())
        assert seen == list(session.scalars(units))


def test_exported_trail__ends_with_its_own_row_and_is_named_after_the_head(office: Office, admin: object) -> None:
    answer = admin.get("/trail.csv?who=")
    lines = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [int(line["number"]) for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[-1]["action"], lines[-1]["object"]) == ("exported", "trail")
    assert f"{len(lines)}-{lines[-1]['link'][:16]}.csv" in answer.headers["Content-Disposition"]


def test_exported_trail__is_reckoned_again_by_a_stranger(office: Office, admin: object) -> None:
    """By the words of docs/formats.md alone."""
    text = admin.get("/trail.csv?who=").get_data(as_text=True).removeprefix("\ufeff")
    link = "0" * 64
    for line in csv.DictReader(io.StringIO(text)):
        numbers = {name: int(line[name]) if line[name] else None for name in ("number", "user", "unit")}
        array = [numbers["number"], line["at"], numbers["user"], line["role"], line["action"], line["object"]]
        array += [numbers["unit"], line["facts"], line["digest"], line["why"]]
        told = json.dumps(array, ensure_ascii=False, separators=(",", ":"))
        link = hashlib.sha256(f"{link}\n{told}".encode()).hexdigest()
        assert line["link"] == link, line["number"]


def test_formula_in_an_exported_row__is_text(office: Office, admin: object) -> None:
    with acting.as_(admin.id, "administrator", "=HYPERLINK(1)"), office.db.begin() as session:
        session.add(Unit(kind="branch", name="甲"))
    assert "'=HYPERLINK(1)" in admin.get("/trail.csv").get_data(as_text=True)


def test_scrutineer_of_a_unit__sees_the_deeds_of_that_unit_alone(office: Office, enter: object) -> None:
    with office.db.begin() as session:
        own, other = Unit(kind="branch", name="本支部"), Unit(kind="branch", name="外支部")
        session.add_all([own, other])
    person = enter("孙明", "scrutineer", unit_id=own.id)
    page = person.get("/trail?who=").get_data(as_text=True)
    assert "本支部" in page
    assert "外支部" not in page
    assert "外支部" not in person.get("/trail.csv?who=").get_data(as_text=True)


def test_verify_command__names_the_row_and_fails(app: object, office: Office, campaign: Campaign) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["app", "verify"]).exit_code == 0
    with office.db.begin() as session:
        session.connection().exec_driver_sql("update trail set why = 'x' where id = 1")
    result = run(args=["app", "verify"])
    assert result.exit_code == 1
    assert "1" in result.output.splitlines()[0]


def test_every_field_that_a_row_may_show__has_its_word(app) -> None:
    with app.test_request_context():
        words = field_words()
    assert {name for rule in AUDITED.values() for name in rule.shown} - words.keys() == set()


def test_every_table_that_leaves_a_trail__has_its_word(app) -> None:
    with app.test_request_context():
        words = kind_words()
    assert {model.__tablename__ for model in AUDITED} - words.keys() == set()


def test_facts__are_told_in_words(app) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        told = facts(json.dumps({"active": [True, False], "role": "scanner", "withdrawn_at": None}))
    assert told == [("使用中", "是 → 否"), ("角色", "计票扫描员"), ("撤回时间", "–")]


def test_file_that_leaves__is_told_with_who_took_it(office, meeting, office_user) -> None:
    with office.db.begin() as session:
        bundle = m.Submission(
            campaign_id=meeting.campaign_id, unit_id=meeting.unit_id, version=1, sha256="0" * 64, bytes=1,
            user_id=office_user.id,
        )  # fmt: skip
        session.add(bundle)
    office.storage.path(bundle.sha256).parent.mkdir(parents=True)
    office.storage.path(bundle.sha256).write_bytes(b"PK")
    for path in ("overview.xlsx", "papers/directive.docx"):
        assert office_user.get(f"/campaigns/{meeting.campaign_id}/{path}").status_code == 200
    assert office_user.get(f"/submissions/{bundle.id}.zip").data == b"PK"
    told = [row for row in rows(office) if row.action == "exported"]
    where = f"campaign:{meeting.campaign_id}"
    assert [row.object for row in told] == [where, where, f"submission:{bundle.id}"]
    assert {row.user_id for row in told} == {office_user.id}
    assert [json.loads(row.facts)["file"].rpartition(".")[2] for row in told] == ["xlsx", "docx", "zip"]
