"""``python -m omr read`` as other programs call it: one line a page, in order, exit 0; 2 for wrong arguments."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from omr_scans import scanned

from forms import code
from omr.__main__ import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def given(org, filled, stack, tmp_path):
    """A folder of files as an office has them, and the layout's file."""
    layout = tmp_path / "layout.json"
    layout.write_text(org.layout.dumps(), "utf-8")
    folder = tmp_path / "in"
    folder.mkdir()
    stack.jpeg_pdf([filled, scanned(org.pages[1])] * 5).rename(folder / "scan2.pdf")
    stack.image(filled, ".png").rename(folder / "scan10.png")
    (folder / "note.txt").write_text("x" * 10, "ascii")
    (folder / ".hidden").write_text("x", "ascii")
    return folder, layout


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_folder__one_line_a_page_in_natural_order(given, tmp_path, org):
    folder, layout = given
    out = tmp_path / "r.jsonl"
    assert main(["read", str(folder), "--layout", str(layout), "--out", str(out)]) == 0
    found = [(Path(line["source"]).name, line["page"], line["status"]) for line in lines(out)]
    pages = [("scan2.pdf", page, "read") for page in range(1, 11)]
    assert found == [("note.txt", None, "rejected"), *pages, ("scan10.png", 1, "read")]


def test_line__has_all_that_the_contract_names(given, tmp_path, org):
    folder, layout = given
    out = tmp_path / "r.jsonl"
    main(["read", str(folder / "scan10.png"), "--layout", str(layout), "--out", str(out)])
    (line,) = lines(out)
    assert (line["schema"], line["form"], line["part"], line["problem"]) == ("pingyi.reading/1", "org", 1, None)
    assert (line["sheet"], line["sheet_page"]) == (code.readable(org.sheets[0]), 1)
    assert line["registration"]["residual_mm"] < 0.1
    assert line["questions"]["q2"]["state"] == "answered"
    assert line["questions"]["q2"]["choice"] == ["fairly"]
    assert set(line["questions"]["q2"]["boxes"]["fairly"]) == {"state", "probability", "evidence"}
    assert line["regions"]["opinion"]["has_ink"] is False


def test_two_processes__the_same_lines(given, tmp_path):
    folder, layout = given
    outs = [tmp_path / f"r{jobs}.jsonl" for jobs in (1, 2)]
    for jobs, out in zip((1, 2), outs, strict=True):
        command = [sys.executable, "-m", "omr", "read", str(folder), "--layout", str(layout), "--out", str(out)]
        subprocess.run([*command, "--jobs", str(jobs)], cwd=ROOT, check=True, capture_output=True, timeout=300)
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_overlays__one_picture_a_page(given, tmp_path):
    folder, layout = given
    pictures = tmp_path / "pictures"
    arguments = ["read", str(folder / "scan10.png"), "--layout", str(layout), "--out", str(tmp_path / "r.jsonl")]
    assert main([*arguments, "--overlays", str(pictures)]) == 0
    assert [p.name for p in pictures.iterdir()] == ["scan10-p0001.jpg"]


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "pingyi.layout/1"}', "[1]", "no json"])
def test_bad_layout__exit_2_and_says_which(given, tmp_path, text, capsys):
    bad = tmp_path / "bad.json"
    bad.write_text(text, "utf-8")
    assert main(["read", str(given[0]), "--layout", str(bad), "--out", str(tmp_path / "r.jsonl")]) == 2
    assert "bad.json" in capsys.readouterr().err


def test_missing_file__exit_2(given, tmp_path, capsys):
    arguments = ["read", str(tmp_path / "gone.pdf"), "--layout", str(given[1]), "--out", str(tmp_path / "r.jsonl")]
    assert main(arguments) == 2
    assert "gone.pdf" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["0", "x"])
def test_wrong_number_of_jobs__exit_2(given, tmp_path, jobs):
    arguments = ["read", str(given[0]), "--layout", str(given[1]), "--out", str(tmp_path / "r.jsonl")]
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--jobs", jobs])
    assert caught.value.code == 2


def test_readings_over_a_scan__refused_and_the_scan_whole(given, tmp_path, capsys):
    folder, layout = given
    scan = folder / "scan10.png"
    before = scan.read_bytes()
    assert main(["read", str(folder), "--layout", str(layout), "--out", str(scan)]) == 2
    assert "one of the files to read" in capsys.readouterr().err
    assert scan.read_bytes() == before


def test_run_that_fails__old_readings_stay(given, tmp_path):
    folder, layout = given
    out = tmp_path / "r.jsonl"
    out.write_text("old\n", "utf-8")
    pictures = tmp_path / "pictures"
    pictures.write_text("a file where the folder should be", "utf-8")
    arguments = ["read", str(folder), "--layout", str(layout), "--out", str(out), "--overlays", str(pictures)]
    assert main(arguments) == 2
    assert out.read_text("utf-8") == "old\n"


def test_layout_changed_by_hand__said(given, tmp_path, capsys):
    folder, layout = given
    value = json.loads(layout.read_text("utf-8"))
    value["pages"][0]["questions"][0]["boxes"][0]["x"] += 0.5
    layout.write_text(json.dumps(value), "utf-8")
    main(["read", str(folder / "scan10.png"), "--layout", str(layout), "--out", str(tmp_path / "r.jsonl")])
    assert "changed by hand" in capsys.readouterr().err
