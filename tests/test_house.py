"""The house rules that a machine can check. They look at the files that git tracks."""

from __future__ import annotations

import io
import json
import re
import string
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
VENDOR = "webapp/static/vendor/"
TOP = {
    "webapp",
    "omr",
    "forms",
    "instance",
    "tests",
    "docs",
    ".ci",
    ".gitignore",
    "run.py",
    "pyproject.toml",
    "LICENSE",
}
TOP |= {"README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md"}
TOP |= {f"requirements{part}" for part in (".in", ".txt", "-test.in", "-test.txt")}
MOST_LINES = 450
PLACES = re.compile(r"(?<![\w.\-)}>])/(?:work|root|home|Users)/\w|[A-Z]:\\Users\\")
REGISTRIES = re.compile(
    r"pypi\.(?:org|python)|pythonhosted|--(?:extra-)?index-url|npmjs|unpkg|jsdelivr|conda\.anaconda", re.I
)
IGNORE = re.compile(r"#\s*(?:noqa\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type: ignore(?:\[[^\]]*\])?)(.*)$")
KEYWORDS = DEFAULT_KEYWORDS | {
    "lazy_gettext": None,
    "_l": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}


@cache
def tracked(suffix: str = "") -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(ROOT / name for name in listed.split("\0") if name.endswith(suffix) and (ROOT / name).is_file())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def own_text() -> list[tuple[str, str]]:
    """Name and text of every tracked file that is text and ours."""
    found = []
    for path in tracked():
        data = path.read_bytes()
        if not name(path).startswith(VENDOR) and b"\0" not in data:
            found.append((name(path), data.decode("utf-8")))
    return found


def lines_with(pattern: re.Pattern[str], texts: list[tuple[str, str]]) -> list[str]:
    return [
        f"{place}:{number}: {line.strip()[:120]}"
        for place, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def parameters(sentence: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(sentence) if field}


@pytest.mark.parametrize("bad", ["see /" + "home/me/x", "C:" + r"\Users\me", "open('/" + "work/main')"])
def test_path_of_a_machine__is_recognised(bad):
    assert PLACES.search(bad)


@pytest.mark.parametrize("good", ["templates/home/index.html", "/homework", "{{ static }}/home/x"])
def test_other_path__is_left_alone(good):
    assert not PLACES.search(good)


def test_tracked_files__name_no_path_of_a_machine():
    assert lines_with(PLACES, own_text()) == []


def test_tracked_files__name_no_package_registry():
    here = name(Path(__file__))
    assert lines_with(REGISTRIES, [(place, text) for place, text in own_text() if place != here]) == []


def test_top_of_the_tree__holds_what_was_agreed():
    assert {name(path).split("/")[0] for path in tracked()} - TOP == set()


def test_python_files__are_short():
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in tracked(".py")}
    assert {place: length for place, length in lengths.items() if length > MOST_LINES} == {}


def ignores_without_reason(text: str) -> list[str]:
    """Lines that silence a tool and say nothing more."""
    return [
        line.strip()
        for line in text.splitlines()
        if (match := IGNORE.search(line)) and not re.search(r"[a-z]{2}", match.group(1))
    ]


def test_ignore_with_and_without_reason__only_the_bare_one_is_found():
    bare, told = "x = 1  # no" + "qa: E501", "y = 2  # no" + "qa: E501  # a table"
    assert ignores_without_reason(f"{bare}\n{told}\nz = 3  # nothing\n") == [bare]


def test_every_ignore_in_the_code__has_a_reason():
    found = {name(path): ignores_without_reason(path.read_text("utf-8")) for path in tracked(".py")}
    assert {place: lines for place, lines in found.items() if lines} == {}


def test_every_ignore_in_pyproject__has_a_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    lists = re.findall(r"^ignore = \[\n(.*?)^\]", text, re.S | re.M)
    lists += re.findall(r"^\[tool\.ruff\.lint\.per-file-ignores\]\n(.*?)(?=^\[|\Z)", text, re.S | re.M)
    lists += re.findall(r"^((?:ignore_\w+|disallow_\w+ =) .*)$", text, re.M)
    assert len(lists) >= 3
    lines = [line for part in lists for line in part.splitlines() if line.strip()]
    assert [line for line in lines if "#" not in line] == []


CATALOGUES = [path for path in tracked() if path.name in ("messages.yaml", "words.json")]


@pytest.mark.parametrize("path", CATALOGUES, ids=name)
def test_sentences_of_codes__have_both_languages_and_the_same_parameters(path):
    catalogue: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert catalogue
    assert {code: list(texts) for code, texts in catalogue.items() if set(texts) != {"zh", "en"}} == {}
    assert [code for code, texts in catalogue.items() if not (texts["zh"].strip() and texts["en"].strip())] == []
    different = {code for code, texts in catalogue.items() if parameters(texts["zh"]) != parameters(texts["en"])}
    assert different == set()


def messages() -> dict[str, str]:
    """Every msgid of webapp's code and templates, with a place where it is used."""
    found: dict[str, str] = {}
    for path in tracked():
        place = name(path)
        if not place.startswith("webapp/") or path.suffix not in (".py", ".html", ".txt", ".js"):
            continue
        method = {".py": "python", ".js": "javascript"}.get(path.suffix, "jinja2")
        if place.startswith(VENDOR):
            continue
        options = {"silent": "false"} if method == "jinja2" else {}
        for line, ids, _comments, context in extract(method, io.BytesIO(path.read_bytes()), KEYWORDS, options=options):
            key = ids[0] if isinstance(ids, tuple) else ids
            found[f"{context}\x04{key}" if context else key] = f"{place}:{line}"
    return found


@cache
def translations() -> Catalog:
    with (ROOT / "webapp/translations/zh/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="zh")


def translated(key: str) -> bool:
    context, _, text = key.rpartition("\x04")
    message = translations().get(text, context or None)
    strings = () if message is None else (message.string if isinstance(message.string, tuple) else (message.string,))
    return message is not None and not message.fuzzy and bool(strings) and all(strings)


def test_every_string_of_the_pages__has_its_chinese():
    used = messages()
    assert used
    assert {key: place for key, place in used.items() if not translated(key)} == {}


def test_every_translation__is_used_and_keeps_its_parameters():
    used = set(messages())
    entries = [message for message in translations() if message.id]
    unused = [m.id for m in entries if (m.id[0] if isinstance(m.id, tuple) else m.id) not in used and not m.context]
    wrong = {str(m.id): [str(error) for error in m.check(translations())] for m in entries}
    assert unused == []
    assert {key: errors for key, errors in wrong.items() if errors} == {}


def test_no_string__is_translated_twice():
    text = (ROOT / "webapp/translations/zh/LC_MESSAGES/messages.po").read_text("utf-8")
    entries = Counter(re.findall(r'^((?:msgctxt .*\n)?msgid (?:".*"\n)+)', text, re.M))
    assert [entry for entry, times in entries.items() if times > 1] == []


def locked(text: str) -> dict[str, list[str]]:
    """Name with version → the further lines of its entry."""
    entries: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            entries[line.rstrip(" \\")] = []
        elif entries:
            entries[list(entries)[-1]].append(line.strip())
    return entries


def normal(requirement: str) -> str:
    return re.split(r"[\s=<>!~;\[]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("stem", ["requirements", "requirements-test"])
def test_lock__pins_and_hashes_every_package_and_matches_what_was_asked(stem):
    entries = locked((ROOT / f"{stem}.txt").read_text("utf-8"))
    assert [entry for entry in entries if "==" not in entry] == []
    assert [entry for entry, rest in entries.items() if not any("--hash=sha256:" in line for line in rest)] == []
    lines = [line.strip() for line in (ROOT / f"{stem}.in").read_text("utf-8").splitlines()]
    asked = {normal(line) for line in lines if line and not line.startswith(("#", "-"))}
    direct = {normal(e) for e, rest in entries.items() if any(line.endswith(f"-r {stem}.in") for line in rest)}
    assert direct == asked


def anchors(path: Path) -> set[str]:
    """The names that headings get where Markdown is shown."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.S | re.M)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        aim = (path.parent / place) if place else path
        if not aim.exists() or (anchor and aim.suffix == ".md" and anchor not in anchors(aim)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("path", tracked(".md"), ids=name)
def test_links_in_the_docs__lead_somewhere(path):
    assert broken_links(path) == []


def test_link_to_nowhere__is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](#one-thing) [b](#two) [c](gone.md) [d](page.md) [e](https://example.org)\n", "utf-8"
    )
    assert broken_links(page) == ["#two", "gone.md"]


def test_licence__is_apache_2():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license"] == "Apache-2.0"


def test_vendored_files__have_their_licence_beside_them():
    inside = [name(path).removeprefix(VENDOR).split("/") for path in tracked() if name(path).startswith(VENDOR)]
    folders = {parts[0] for parts in inside if len(parts) > 1}
    licensed = {parts[0] for parts in inside if re.match(r"LICEN[CS]E|OFL|COPYING", parts[-1])}
    assert folders
    assert folders - licensed == set()


def test_launcher__needs_nothing_that_is_installed():
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import webapp.launch.checks; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "webapp.launch.serving" in json.loads(done.stdout.replace("'", '"'))
