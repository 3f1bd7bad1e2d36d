"""The plan of a million questions, and a state file that outlives a kill."""

from __future__ import annotations

import argparse
import json
from collections import Counter

import pytest

from tests.bench import million
from tests.bench.deck import FORMS, layout_of

BELONGS = {"plan": {"questions": 10}, "reader": "x", "models": {}, "settings": ""}
LINE = {"chunk": 0, "form": "org", "seed": 5, "pages": {"read": 2}, "counts": {}, "silent": []}


def asked(form):
    return sum(len(page.questions) for page in layout_of(form).pages)


def test_plan__enough_pages_of_each_form_and_rosters_for_the_rest():
    chunks = million.plan(2_000, 12, 5, 7)
    sheets = Counter()
    for chunk in chunks:
        sheets[chunk.form] += chunk.sheets
    total = sum(sheets[form] * asked(form) for form in FORMS)
    assert [sheets[form] * len(layout_of(form).pages) for form in FORMS if form != million.REST] == [12, 12, 12]
    assert 2_000 <= total < 2_000 + asked(million.REST)
    assert max(chunk.sheets for chunk in chunks) == 5
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.seed for chunk in chunks}) == len(chunks)


def test_plan__the_same_for_the_same_options_and_other_seeds_for_another_seed():
    assert million.plan(500, 2, 5, 7) == million.plan(500, 2, 5, 7)
    first, second = ({chunk.seed for chunk in million.plan(500, 2, 5, seed)} for seed in (7, 8))
    assert not first & second


def test_state_file__begun_then_gives_back_what_is_finished(tmp_path):
    path = tmp_path / "state.jsonl"
    assert million.resume(path, BELONGS) == {}
    with path.open("a") as file:
        file.write(json.dumps(LINE) + "\n")
    assert million.resume(path, BELONGS) == {0: LINE}


def test_state_file_cut_off_by_a_kill__the_last_chunk_is_made_again(tmp_path):
    path = tmp_path / "state.jsonl"
    million.resume(path, BELONGS)
    with path.open("a") as file:
        file.write(json.dumps(LINE) + "\n" + json.dumps(LINE | {"chunk": 1})[:20])
    assert list(million.resume(path, BELONGS)) == [0]
    with path.open("a") as file:
        file.write(json.dumps(LINE | {"chunk": 1}) + "\n")
    assert list(million.resume(path, BELONGS)) == [0, 1]


def test_state_file_of_another_reader__refused(tmp_path):
    path = tmp_path / "state.jsonl"
    million.resume(path, BELONGS)
    with pytest.raises(SystemExit, match="another reader"):
        million.resume(path, BELONGS | {"reader": "y"})


def test_identity__names_every_model_and_changes_with_the_plan():
    given = {"questions": 10, "pages_of_each": 1, "sheets": 2, "seed": 1, "severity": "office", "mix": "usual"}
    one, two = (million.identity(argparse.Namespace(**given | {"seed": seed})) for seed in (1, 2))
    assert {"eye.onnx", "judge_by_eye.onnx", "judge_by_shape.onnx"} <= set(one["models"])
    assert one != two


def test_report__sums_chunks_and_lists_silent_ones():
    lines = [
        LINE | {"counts": {"clear/tick": {"right": 98, "flagged": 1, "lost": 1}}},
        LINE | {"chunk": 1, "form": "member", "counts": {"hard/dot": {"silent": 1}}, "silent": ["dot: q1 of X"]},
    ]
    rows = list(million.report(lines))
    assert any(row.startswith("| **all** | 101 | 98 | 1 (≤ 4") and row.endswith("| 1 (0.990 %) | 1 |") for row in rows)
    assert any(row.startswith("| **clear and blank** | 100 | 98 | 0 (≤ 2.98e+03 per 100,000)") for row in rows)
    assert any(row.startswith("| org (2 pages) | 100 ") for row in rows)
    assert rows[-1] == "silent: dot: q1 of X"
