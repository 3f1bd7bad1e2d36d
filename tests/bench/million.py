"""A million questions: ``python -m tests.bench.million --state FILE --jobs 2``. Stop it and start it again as you like.

The plan is fixed by its options: so many pages of each small form, rosters by items for the rest, in chunks that each
have their own seed. A finished chunk is one line of the state file; what is missing there is made, read, scored and
deleted again. The file belongs to one reader: where its models, settings or the plan changed, it is refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import omr
from omr.settings import ReaderSettings
from omr.synth import SEVERITIES
from omr.synth.plan import MIXES, mix_of
from tests.bench.crops import save_crops
from tests.bench.deck import FORMS, layout_of, make_deck, read
from tests.bench.score import OUTCOMES, Score, Verdict, bound_95, score

REST = "roster-items"  # the form that makes up the number
_PRESSURE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one process a core is our parallelism


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some sheets of one form with a seed of their own."""

    number: int
    form: str
    sheets: int
    seed: int


@dataclass(frozen=True, slots=True)
class Work:
    """One chunk and how it is made; what goes to a worker."""

    chunk: Chunk
    severity: str
    mix: str
    misreads: Path | None


def plan(questions: int, pages_of_each: int, sheets: int, seed: int) -> list[Chunk]:
    """Return the chunks of a run, each of ``sheets`` sheets at most, REST last."""
    pages = {form: len(layout_of(form).pages) for form in FORMS}
    asked = {form: sum(len(page.questions) for page in layout_of(form).pages) for form in FORMS}
    wanted = {form: -(-pages_of_each // pages[form]) for form in FORMS}
    missing = questions - sum(wanted[form] * asked[form] for form in FORMS)
    wanted[REST] += max(0, -(-missing // asked[REST]))
    found: list[Chunk] = []
    for form in sorted(FORMS, key=lambda name: name == REST):
        for start in range(0, wanted[form], sheets):
            number = len(found)
            found.append(Chunk(number, form, min(sheets, wanted[form] - start), seed * 1_000_000 + number))
    return found


def run(work: Work) -> dict[str, Any]:
    """Make, read and score one chunk; return its line of the state file."""
    chunk, part = work.chunk, Score()
    with tempfile.TemporaryDirectory(prefix="million-") as folder:
        deck = make_deck(
            chunk.form, chunk.sheets, chunk.seed, Path(folder), SEVERITIES[work.severity], mix_of(work.mix)
        )
        readings = read([deck.path], [deck.layout_path], Path(folder) / "readings.jsonl", "--jobs", "1")
        score(deck.truth, readings, deck.layout, part)
        silent = [verdict for verdict in part.verdicts if verdict.outcome == "silent"]
        if work.misreads and silent:
            save_crops(deck, silent, work.misreads / f"{chunk.form}-{chunk.seed}")
    return {
        "chunk": chunk.number,
        "form": chunk.form,
        "seed": chunk.seed,
        "pages": dict(part.pages),
        "counts": _counts(part.verdicts),
        "silent": [f"{v.kind}: {v.question} of {v.part.sheet}, {v.page.pen}; read {v.said}" for v in silent],
    }


def _counts(verdicts: Iterable[Verdict]) -> dict[str, dict[str, int]]:
    """Count outcomes by kind; clear kinds begin with ``clear/``, others with ``hard/``."""
    found: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        name = f"{'clear' if verdict.clear else 'hard'}/{verdict.kind}"
        found.setdefault(name, Counter())[verdict.outcome] += 1
    return {name: dict(counter) for name, counter in sorted(found.items())}


def identity(options: argparse.Namespace) -> dict[str, Any]:
    """Return what a state file belongs to: the plan, and the reader by its models, settings and version."""
    models = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(omr.__file__).parent.glob("*.onnx"))
    }
    given = {key: getattr(options, key) for key in ("questions", "pages_of_each", "sheets", "seed", "severity", "mix")}
    settings = hashlib.sha256(repr(ReaderSettings()).encode()).hexdigest()
    return {"plan": given, "reader": omr.READER_VERSION, "models": models, "settings": settings}


def resume(path: Path, belongs: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the finished chunks of a state file, begun where there is none. A line cut off by a kill is dropped.

    Raises SystemExit where the file belongs to another plan or reader.
    """
    if not path.exists():
        path.write_text(json.dumps(belongs) + "\n", "utf-8")
    text = path.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    lines = [json.loads(line) for line in whole.splitlines()]
    if not lines or lines[0] != belongs:
        raise SystemExit(f"{path} belongs to another plan or another reader: name a new file")
    if whole != text:
        path.write_text(whole, "utf-8")
    return {line["chunk"]: line for line in lines[1:]}


def report(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the tables of what is finished, as lines of Markdown."""
    done = list(lines)
    pages: Counter[str] = Counter()
    for line in done:
        pages.update(line["pages"])
    yield f"pages: {dict(pages)}"
    yield ""
    yield "| questions | N | right | silent (95 % bound) | flagged | lost |"
    yield "|---|---|---|---|---|---|"
    yield _row("**all**", done)
    for name, prefix in (("clear and blank", "clear/"), ("hard", "hard/")):
        yield _row(f"**{name}**", done, prefix)
    for form in FORMS:
        here = [line for line in done if line["form"] == form]
        yield _row(f"{form} ({sum(sum(line['pages'].values()) for line in here)} pages)", here)
    for kind in sorted({kind for line in done for kind in line["counts"]}):
        yield _row(kind, done, kind)
    yield from (f"silent: {text}" for line in done for text in line["silent"])


def _row(name: str, lines: Iterable[dict[str, Any]], prefix: str = "") -> str:
    total: Counter[str] = Counter()
    for line in lines:
        for kind, counts in line["counts"].items():
            if kind == prefix or (kind.startswith(prefix) and (not prefix or prefix.endswith("/"))):
                total.update(counts)
    right, silent, flagged, lost = (total[outcome] for outcome in OUTCOMES)
    number = total.total()
    judged, share = number - lost, 100 / max(1, number)
    bound = f"{silent} (≤ {1e5 * bound_95(silent, judged):.3g} per 100,000)"
    return f"| {name} | {number} | {right} | {bound} | {flagged} ({share * flagged:.3f} %) | {lost} |"


def main() -> None:
    """Run what is missing, then print the tables."""
    options = _options()
    belongs = identity(options)
    done = resume(options.state, belongs)
    chunks = plan(options.questions, options.pages_of_each, options.sheets, options.seed)
    missing = [chunk for chunk in chunks if chunk.number not in done]
    print(f"{len(chunks)} chunks, {len(done)} finished", flush=True)
    if missing and not options.report:
        os.environ.update(_PRESSURE)
        work = [Work(chunk, options.severity, options.mix, options.misreads) for chunk in missing]
        context = multiprocessing.get_context("spawn")
        with context.Pool(options.jobs, maxtasksperchild=20) as pool, options.state.open("a", encoding="utf-8") as file:
            for line in pool.imap_unordered(run, work):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                done[line["chunk"]] = line
                _progress(len(done), len(chunks), done.values())
    print("\n".join(report(done.values())))


def _progress(finished: int, of: int, lines: Iterable[dict[str, Any]]) -> None:
    silent = sum(len(line["silent"]) for line in lines)
    print(f"{finished} of {of} chunks, {silent} silent", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.million", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="finished chunks, one a line; begun where missing")
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--pages-of-each", type=int, default=2_000)
    parser.add_argument("--sheets", type=int, default=40, help="of one chunk: about 40 MB on disk")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--severity", choices=sorted(SEVERITIES), default="office")
    parser.add_argument("--mix", default="usual", help=f"one of {', '.join(MIXES)}, with changes as in omr.synth")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--misreads", type=Path, help="a folder for crops of silent errors")
    parser.add_argument("--report", action="store_true", help="print what is finished and stop")
    return parser.parse_args()


if __name__ == "__main__":
    main()
