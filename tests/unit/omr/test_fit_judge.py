from __future__ import annotations

import json

import numpy as np

from omr import fit_judge
from omr.judge import CLASSES, CONTEXT, WEIGHTS, expand
from omr.measure import FEATURES


def test_no_input__weights_that_are_unsure_of_all(tmp_path):
    out = tmp_path / "w.json"
    assert fit_judge.main(["--out", str(out)]) == 0
    value = json.loads(out.read_text("utf-8"))
    assert value["features"] == [*FEATURES, *CONTEXT]
    assert not np.any(value["weights"])


def test_two_separate_clouds__told_apart_and_the_same_each_time():
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.normal(-1, 0.5, (300, 2)), rng.normal(1, 0.5, (300, 2))])
    labels = np.repeat([0, 1], 300)
    weights = fit_judge.fit(expand(data), labels)
    chosen = (expand(data) @ weights).argmax(axis=1)
    assert (chosen == labels).mean() > 0.98
    assert np.array_equal(weights, fit_judge.fit(expand(data), labels))


def test_weights_in_the_repository__fit_the_features():
    value = json.loads(WEIGHTS.read_text("utf-8"))
    names = len(FEATURES) + len(CONTEXT)
    assert value["features"] == [*FEATURES, *CONTEXT]
    assert np.array(value["weights"]).shape == (expand(np.zeros((1, names))).shape[1], len(CLASSES))
    assert min(value["fitted_on"].values()) > 100


def test_training_rows__have_the_class_of_the_truth(tmp_path):
    evidence = [1.0] + [0.0] * (len(FEATURES) - 1)
    marked = [1.0, 0.2] + [0.1] * (len(FEATURES) - 2)
    boxes = {"a": {"evidence": marked}, "b": {"evidence": marked}, "c": {"evidence": evidence}}
    reading = {"page": 1, "sheet": "S", "status": "read", "questions": {"q1": {"boxes": boxes}}}
    question = {"state": "corrected", "choice": ["b"], "touched": ["a"], "hard": "corrected-black"}
    page = {"page": 1, "troubles": [], "parts": [{"sheet": "S", "questions": {"q1": question}}]}
    (tmp_path / "r.jsonl").write_text(json.dumps(reading), "utf-8")
    (tmp_path / "t.json").write_text(json.dumps({"pages": [page]}), "utf-8")
    rows = list(fit_judge.boxes(tmp_path / "r.jsonl", tmp_path / "t.json"))
    assert [CLASSES[label] for _, label in rows] == ["cancelled", "marked"]  # of plain empty ones only every fourth
