"""A real instance on disk, a real application over it, and people who sign in by the sign-in page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from webapp import create_app
from webapp.migrate import upgrade
from webapp.models import Campaign, Meeting, Survey, Unit, User
from webapp.office import Office
from webapp.rights import RUNS_ALONE
from webapp.services import accounts, passwords
from webapp.settings import Settings, load

PRESETS = Path(__file__).resolve().parents[3] / "forms" / "presets"
FORMS = {
    "org": "基层党组织开展创先争优活动满意度测评表",
    "member": "党员参加创先争优活动满意度测评表",
    "roster-overall": "党员参加创先争优活动满意度测评表",
    "roster-items": "党员参加创先争优活动满意度测评表",
}


@dataclass(frozen=True)
class Person:
    """A user of the tests, and his own browser."""

    id: int
    name: str
    password: str
    client: FlaskClient

    def post(self, path: str, data: dict[str, object] | None = None, **kwargs: object) -> object:
        """POST a form as a page would: with the CSRF token of the session."""
        return self.client.post(path, data={"csrf_token": csrf_token(self.client), **(data or {})}, **kwargs)

    def get(self, path: str, **kwargs: object) -> object:
        """GET a page."""
        return self.client.get(path, **kwargs)


def csrf_token(client: FlaskClient) -> str:
    """Return the CSRF token that a page of this client carries."""
    page = client.get("/me")
    if page.status_code != 200:
        page = client.get("/sign-in")
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.get_data(as_text=True))
    assert found, page.get_data(as_text=True)[:500]
    return found[1]


@pytest.fixture
def token_of() -> Callable[[FlaskClient], str]:
    """The function that gives the CSRF token of a client."""
    return csrf_token


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords with the same algorithm at a hundredth of its cost: hundreds of users are made here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An instance in a folder of its own; jobs run at once."""
    settings = load(tmp_path / "instance", environ={}, inline_jobs=True)
    upgrade(settings)
    return settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application over the instance."""
    app = create_app(settings)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False  # errors become pages, as for users
    yield app
    app.extensions["office"].db.close()


@pytest.fixture
def office(app: Flask) -> Office:
    """What services take first."""
    return app.extensions["office"]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that is not signed in."""
    return app.test_client()


@pytest.fixture
def enter(app: Flask, office: Office) -> Callable[..., Person]:
    """Make a user of a name and roles (on the whole school, or on ``unit_id``) and sign him in by the page."""

    def enter(name: str, *roles: str, unit_id: int | None = None) -> Person:
        user_id, password = accounts.create_user(office, name=name, display_name=name, roles=roles, unit_id=unit_id)
        client = app.test_client()
        answer = client.post("/sign-in", data={"csrf_token": csrf_token(client), "name": name, "password": password})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return Person(user_id, name, password, client)

    return enter


@pytest.fixture
def admin(enter: Callable[..., Person]) -> Person:
    """An administrator, and nothing else, who is signed in."""
    return enter("陈静", "administrator")


@pytest.fixture
def operator(enter: Callable[..., Person]) -> Person:
    """Who does the work of a unit, its meetings and its scans, over the whole school."""
    return enter("刘婷", "unit_administrator", "scanner")


@pytest.fixture
def office_user(enter: Callable[..., Person]) -> Person:
    """Somebody of the school office."""
    return enter("巴图", "school_office")


@pytest.fixture
def scrutineer(enter: Callable[..., Person]) -> Person:
    """The scrutineer of the whole school."""
    return enter("周正", "scrutineer")


@pytest.fixture
def second_scanner(enter: Callable[..., Person]) -> Person:
    """A second person who scans and reviews, over the whole school."""
    return enter("王强", "scanner")


@pytest.fixture
def transcriber(enter: Callable[..., Person]) -> Person:
    """Who types off the opinions, over the whole school."""
    return enter("何晓", "transcriber")


@pytest.fixture
def liaison(enter: Callable[..., Person]) -> Person:
    """The liaison, over the whole school."""
    return enter("高远", "liaison")


@pytest.fixture
def runs_all(enter: Callable[..., Person]) -> Person:
    """The first administrator of a small office, who also runs the appraisal; not its scrutineer."""
    return enter("白雪", "administrator", *RUNS_ALONE, "transcriber")


@pytest.fixture
def user(office: Office) -> User:
    """A user who is not signed in; for tests of services."""
    with office.db.begin() as session:
        user = User(name="赵雪", display_name="赵雪", password_hash="!")
        session.add(user)
    return user


@pytest.fixture
def campaign(office: Office) -> Campaign:
    """The campaign of the directive, with its four preset forms."""
    with office.db.begin() as session:
        campaign = Campaign(
            title="创先争优活动群众评议",
            number="内工大 创组办字[2011]4号",
            issuer="内蒙古工业大学党委深入开展创先争优活动领导小组办公室",
            issued_on=dt.date(2011, 7, 8),
            finish_by=dt.date(2011, 7, 20),
            report_by=dt.date(2011, 7, 22),
        )
        session.add(campaign)
        session.flush()
        for form, title in FORMS.items():
            source = (PRESETS / f"{form}.yaml").read_text("utf-8")
            session.add(Survey(campaign_id=campaign.id, form=form, title=title, source=source))
    return campaign


@pytest.fixture
def surveys(office: Office, campaign: Campaign) -> dict[str, int]:
    """Form → id of the survey."""
    from sqlalchemy import select

    with office.db.read() as session:
        rows = session.execute(select(Survey.form, Survey.id).where(Survey.campaign_id == campaign.id))
        return {form: survey_id for form, survey_id in rows}


@pytest.fixture
def unit(office: Office) -> Unit:
    """A college."""
    with office.db.begin() as session:
        unit = Unit(kind="college", name="机械学院党委")
        session.add(unit)
    return unit


@pytest.fixture
def meeting(office: Office, campaign: Campaign, unit: Unit) -> Meeting:
    """A meeting of the college in the campaign."""
    with office.db.begin() as session:
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id, held_on=dt.date(2011, 7, 15), place="机械楼报告厅")
        session.add(meeting)
    return meeting
