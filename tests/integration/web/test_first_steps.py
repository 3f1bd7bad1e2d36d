"""The first steps, from the link to the sheet that was printed and scanned; and an old instance that grows roles."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from alembic import command
from sqlalchemy import select, text

from webapp import migrate
from webapp.db import Database
from webapp.models import Grant, PrintRun, ProofScan, UnitVersion, User
from webapp.services import accounts, first_steps, proof_sheet
from webapp.settings import load

GOOD = "春天里的第一场雨"


def steps_of(office):
    with office.db.read() as session:
        return first_steps.first_steps(session)


def scanned(pdf):
    """A PDF as a scanner gives it back: grey, 200 dpi, PNG."""
    image = pypdfium2.PdfDocument(pdf)[0].render(scale=200 / 72, grayscale=True).to_pil()
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("alone", [True, False])
def test_first_administrator__gets_the_roles_of_the_office_when_he_runs_it(client, office, token_of, alone):
    link = accounts.setup_link(office)
    page = client.get(link).get_data(as_text=True)
    assert 'name="runs_appraisal" value="1" checked' in page
    data = {"csrf_token": token_of(client), "name": "陈静", "password": GOOD, "password_again": GOOD}
    assert client.post(link, data=data | ({"runs_appraisal": "1"} if alone else {})).location == "/setup"
    with office.db.read() as session:
        roles = set(session.scalars(select(Grant.role)))
    extra = {"school_office", "unit_administrator", "scanner"} if alone else set()
    assert roles == {"administrator", *extra}


def test_first_steps__go_on_where_they_were_left(office, runs_all, unit):
    assert steps_of(office).now == 4
    assert "填入评议活动" in runs_all.get("/setup").get_data(as_text=True)
    runs_all.post("/campaigns/new", {"title": "评议", "forms": ["org"]})
    assert steps_of(office).now == 5
    assert not steps_of(office).over
    sheet = runs_all.get("/setup/proof.pdf").data
    assert sheet.startswith(b"%PDF")
    assert runs_all.post("/setup/proof", {"file": (io.BytesIO(b"no picture"), "a.pdf")}).status_code == 422
    assert runs_all.post("/setup/proof", {"file": (io.BytesIO(scanned(sheet)), "a.png")}).location == "/setup"
    assert steps_of(office).over
    page = runs_all.get("/setup").get_data(as_text=True)
    assert "找到测评表" in page
    with office.db.read() as session:
        row = session.scalars(select(ProofScan)).one()
        assert row.read
        assert abs(float(row.params["scale"]) - 100) < 1
        assert session.scalars(select(PrintRun)).all() == []  # it counts nowhere


def test_scan_of_something_else__is_told_and_can_be_done_again(office, runs_all):
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("L", (1654, 2339), 250).save(buffer, "PNG")
    runs_all.post("/setup/proof", {"file": (io.BytesIO(buffer.getvalue()), "a.png")})
    assert not proof_sheet.newest(office).read
    assert not steps_of(office).proved


def test_meeting_that_printed__needs_no_first_steps(office, campaign, meeting, surveys, user):
    from webapp.models import Layout

    with office.db.begin() as session:
        session.add(Layout(digest="AAAAAAAA", form="org", source="{}"))
        session.flush()
        session.add(
            PrintRun(meeting_id=meeting.id, survey_id=surveys["org"], layout_digest="AAAAAAAA", created_by=user.id)
        )
    assert steps_of(office).over


def test_instance_without_roles__gets_them_when_it_is_upgraded(tmp_path):
    settings = load(tmp_path / "old", environ={}, inline_jobs=True)
    settings.instance.mkdir(parents=True)
    database = Database(settings.url)
    with database.engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0001")
        for user_id, name, role in ((1, "陈静", "administrator"), (2, "刘婷", "operator")):
            connection.execute(
                text(
                    'INSERT INTO "user" (id, name, display_name, password_hash, role, active, language, created_at) '
                    "VALUES (:id, :name, :name, '!', :role, 1, 'zh', '2026-01-01 00:00:00')"
                ),
                {"id": user_id, "name": name, "role": role},
            )
        connection.execute(text("INSERT INTO unit (id, kind, name) VALUES (1, 'college', '机械学院党委')"))
        connection.execute(
            text(
                "INSERT INTO sign_in (token, user_id, created_at, seen_at, agent) "
                "VALUES ('t', 2, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '')"
            )
        )
    database.close()
    migrate.upgrade(settings)
    database = Database(settings.url)
    with database.read() as session:
        held = session.execute(select(User.name, Grant.role).join(Grant, Grant.user_id == User.id)).all()
        work = {"unit_administrator", "scanner", "transcriber"}
        assert {role for name, role in held if name == "刘婷"} == work
        assert {role for name, role in held if name == "陈静"} == {"administrator", "school_office", *work}
        assert [(row.unit_id, row.name) for row in session.scalars(select(UnitVersion))] == [(1, "机械学院党委")]
        assert session.execute(text("SELECT count(*) FROM sign_in")).scalar() == 1
    assert migrate.differences(database) == []
    database.close()
