"""Numbers and names as the pages write them; passwords; the rail and the next step."""

from __future__ import annotations

import datetime as dt

import pytest

from omr.books import Turnout
from webapp import i18n
from webapp.errors import InvalidInput
from webapp.models import Campaign
from webapp.services import campaigns, outlook, passwords
from webapp.services.progress import Progress, rail


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [(258, 289, "89.27 %"), (1, 8, "12.50 %"), (1, 800, "0.13 %"), (2, 3, "66.67 %"), (0, 5, "0.00 %"), (3, 0, "–")],
)
def test_rate__has_two_decimals_half_up(part, whole, written):
    assert i18n.rate(part, whole) == written


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("curl/8", "curl/8"),
        ("", "–"),
    ],
)
def test_browser__in_two_words(agent, words):
    assert i18n.browser(agent) == words


@pytest.mark.parametrize(
    ("password", "name", "code"),
    [
        ("1234567", "刘婷", "password-short"),
        ("88888888", "刘婷", "password-common"),
        ("PASSWORD1", "刘婷", "password-common"),
        ("ababababab", "刘婷", "password-common"),
        ("Zhangmin1", "zhangmin1", "password-is-name"),
    ],
)
def test_weak_password__is_refused_with_its_reason(password, name, code):
    with pytest.raises(InvalidInput) as caught:
        passwords.check(password, name)
    assert caught.value.code == code


def test_made_up_password__is_good_and_never_the_same():
    made = {passwords.made_up() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check(password, "刘婷")


def test_hash__matches_its_password_alone_and_no_password_matches_nobody():
    kept = passwords.hashed("八个字的密码够长")
    assert passwords.matches(kept, "八个字的密码够长")
    assert not passwords.matches(kept, "八个字的密码够短")
    assert not passwords.matches(passwords.of_nobody(), "")
    assert not passwords.matches("!", "anything")


def states(progress: Progress) -> dict[str, str]:
    return {phase.key: phase.state for phase in rail(progress)}


def test_rail_of_nothing__has_not_begun():
    assert set(states(Progress()).values()) == {"todo"}


def test_rail__follows_the_work():
    half = states(Progress(expected=316, printed=330, returned=294, doubts=14, ruled=48))
    assert half == {
        "prepare": "todo",
        "meetings": "now", "printing": "done", "scanning": "done", "review": "now", "count": "todo", "papers": "todo",
        "rectify": "todo",
    }  # fmt: skip
    whole = states(Progress(checked=True, expected=316, present=296, printed=330, returned=294, ruled=62, rating=294))
    assert whole == {
        "prepare": "done",
        "meetings": "done", "printing": "done", "scanning": "done", "review": "done", "count": "now", "papers": "now",
        "rectify": "todo",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("progress", "phase", "state", "note"),
    [
        (Progress(check=2), "prepare", "now", "phase-prepare-draft"),
        (Progress(check=0), "prepare", "now", "phase-prepare-written"),
        (Progress(expected=10, present=11), "meetings", "warn", "phase-heads-both"),
        (Progress(present=11), "meetings", "warn", "phase-heads-present"),
        (Progress(printed=5, printing=1), "printing", "now", "phase-print-now"),
        (Progress(printed=5, print_failures=1), "printing", "warn", "phase-print-failed"),
        (Progress(returned=5, unread=3), "scanning", "now", "phase-scan-now"),
        (Progress(returned=5, held=2), "scanning", "warn", "phase-scan-held"),
        (Progress(returned=5, version=2), "count", "done", "phase-count-closed"),
        (Progress(returned=5, held=2, version=1), "count", "done", "phase-count-closed"),
    ],
)
def test_rail__tells_what_is_wrong(progress, phase, state, note):
    found = next(row for row in rail(progress) if row.key == phase)
    assert (found.state, found.note) == (state, note)


@pytest.mark.parametrize(
    ("progress", "code"),
    [
        (Progress(), "expected"),
        (Progress(expected=0), "print"),
        (Progress(expected=9, print_failures=1), "print-again"),
        (Progress(expected=9, printed=10), "present"),
        (Progress(expected=9, printed=10, present=9), "scan"),
        (Progress(expected=9, printed=10, present=9, unread=4), "reading"),
        (Progress(expected=9, printed=10, returned=5, held=1, doubts=2), "held"),
        (Progress(expected=9, printed=10, returned=5, doubts=2, unread=1), "review"),
        (Progress(expected=9, printed=10, present=9, returned=9), "count"),
    ],
)
def test_next_step__is_the_first_thing_undone(progress, code):
    assert outlook.next_step(progress).code == code


@pytest.mark.parametrize(
    ("today", "state", "days"),
    [
        (dt.date(2011, 7, 18), "now", 2),
        (dt.date(2011, 7, 20), "warn", 0),
        (dt.date(2011, 7, 21), "bad", -1),
        (dt.date(2011, 9, 18), "bad", -60),
        (dt.date(2011, 9, 19), "off", -61),
    ],
)
def test_deadline__is_kept_on_the_day_itself(today, state, days):
    (found,) = outlook.deadlines(Campaign(title="x", finish_by=dt.date(2011, 7, 20)), today)
    assert (found.kind, found.state, found.days) == ("finish", state, days)


@pytest.mark.parametrize(("present", "reached"), [(79, False), (80, True), (81, True)])
def test_turnout_of_eighty_in_a_hundred__is_reached_by_eighty(present, reached):
    assert Turnout(None, 100, present, 80).reached is reached


def test_preset_of_the_directive__says_what_the_directive_says():
    facts = campaigns.preset().facts
    assert facts.number == "内工大 创组办字[2011]4号"
    assert (facts.issued_on, facts.finish_by, facts.report_by) == (
        dt.date(2011, 7, 8), dt.date(2011, 7, 20), dt.date(2011, 7, 22),
    )  # fmt: skip
    assert campaigns.preset().forms == ("org", "member", "roster-overall", "roster-items")


@pytest.mark.parametrize(
    "rules", [{"turnout_percent": 101}, {"turnout_percent": "80"}, {"headline": "best"}, {"denominator": "x"}, {"y": 1}]
)
def test_rule_that_is_none__is_refused(rules):
    with pytest.raises(InvalidInput):
        campaigns.checked_rules(rules)


def test_rules_of_a_campaign__stand_over_the_defaults():
    rules = campaigns.rules_of(Campaign(title="x", rules={"turnout_percent": 90}))
    assert rules == {**campaigns.DEFAULT_RULES, "turnout_percent": 90}


def test_stale_translation__is_compiled_whole_and_once(tmp_path):
    source = tmp_path / "translations"
    po = source / "zh" / "LC_MESSAGES" / "messages.po"
    po.parent.mkdir(parents=True)
    po.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Print"\nmsgstr "打印"\n', "utf-8"
    )
    assert i18n.compiled(source, tmp_path / "instance") == source
    mo = po.with_suffix(".mo")
    assert "打印".encode() in mo.read_bytes()
    assert not i18n.is_stale(po, mo)
    assert [path.name for path in po.parent.iterdir() if path.suffix == ".part"] == []
