"""The command line: print sheets, check a form, list the presets. Needs no web and no database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from forms import code, loader, rare, render, values
from forms.errors import MESSAGES, FormErrors
from forms.layout import Layout
from forms.messages import LANGUAGES, say
from forms.survey import Survey, Values
from forms.typeset import typeset

MOST_COPIES = 100_000
OK, BAD = 0, 2


class Refused(Exception):
    """The command cannot be done; the report says why, one line a problem."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 2 with the reasons on standard error."""
    parsed = _parser().parse_args(arguments)
    rare.look_in(parsed.fonts)
    try:
        return int(parsed.run(parsed))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return BAD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m forms", description="Print appraisal sheets from a form file.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    printing = commands.add_parser("print", help="write copies with sheet codes and the layout that reads them")
    printing.add_argument("form", metavar="FORM", help=f"a preset ({', '.join(loader.PRESETS)}) or a YAML file")
    printing.add_argument("--copies", required=True, metavar="N", help=f"how many sheets, 1 to {MOST_COPIES}")
    printing.add_argument("--out", required=True, type=Path, metavar="PDF")
    printing.add_argument("--layout", required=True, type=Path, metavar="JSON")
    printing.add_argument("--values", type=Path, metavar="YAML", help="unit, subject, date, members")
    printing.add_argument("--codes", type=Path, metavar="TXT", help="also write the sheet codes, sorted")
    printing.set_defaults(run=_print)

    checking = commands.add_parser("check", help="list every problem of a form")
    checking.add_argument("form", metavar="FORM")
    checking.add_argument("--values", type=Path, metavar="YAML", help="check a values file on this form, too")
    checking.set_defaults(run=_check)

    listing = commands.add_parser("presets", help="list the forms that come with the product")
    listing.set_defaults(run=_presets)
    for command in (printing, checking, listing):
        command.add_argument(
            "--fonts", type=Path, metavar="DIR", help="fonts with ideographs that the shipped ones lack"
        )
        command.add_argument("--lang", choices=LANGUAGES, default=_language(), help="language of messages")
    return parser


def _language() -> str:
    wanted = os.environ.get("PINGYI_LANG", "")[:2]
    return wanted if wanted in LANGUAGES else "zh"


def _print(parsed: argparse.Namespace) -> int:
    layout = _layout(parsed)
    copies = _copies(parsed)
    sheets: dict[str, None] = {}
    while len(sheets) < copies:
        sheets[code.new_sheet(layout.digest, sheets)] = None
    _writing(parsed, parsed.layout, lambda: parsed.layout.write_text(layout.dumps() + "\n", "utf-8"))
    if parsed.codes:
        # Sorted: the order of printing must not tell who got which sheet.
        text = "".join(f"{code.readable(sheet)}\n" for sheet in sorted(sheets))
        _writing(parsed, parsed.codes, lambda: parsed.codes.write_text(text, "ascii"))
    _writing(parsed, parsed.out, lambda: render.write_pdf(layout, sheets, parsed.out))
    return OK


def _check(parsed: argparse.Namespace) -> int:
    _layout(parsed)
    return OK


def _presets(parsed: argparse.Namespace) -> int:
    for name in loader.PRESETS:
        survey = loader.preset(name)
        print(f"{name}\t{survey.letter}\t{survey.title if parsed.lang == 'zh' else survey.title_en}")
    return OK


def _layout(parsed: argparse.Namespace) -> Layout:
    """Load and set a form with its values; all problems of both files are reported together."""
    problems: list[str] = []
    survey, given, lines = None, Values(), dict[str, int]()
    try:
        survey = _survey(parsed)
    except FormErrors as errors:
        problems.append(errors.report(parsed.lang))
    try:
        if parsed.values:
            given, lines = values.load_file(parsed.values)
    except FormErrors as errors:
        problems.append(errors.report(parsed.lang))
    except OSError:
        problems.append(_cannot(parsed, "cannot-read", parsed.values))
    if survey and not problems:
        try:
            return typeset(survey, given)
        except FormErrors as errors:
            name = parsed.values.name if parsed.values else parsed.form
            problems.append(errors.placed(lines, name).report(parsed.lang))
    raise Refused("\n".join(problems))


def _survey(parsed: argparse.Namespace) -> Survey:
    if parsed.form in loader.PRESETS:
        return loader.preset(parsed.form)
    path = Path(parsed.form)
    if not path.exists():
        presets = ", ".join(loader.PRESETS)
        raise Refused(f"{parsed.form}:1: " + _say(parsed, "no-such-form", value=parsed.form, presets=presets))
    try:
        return loader.load_file(path)
    except OSError as error:
        raise Refused(_cannot(parsed, "cannot-read", path)) from error


def _copies(parsed: argparse.Namespace) -> int:
    value = parsed.copies
    if not (value.isascii() and value.isdecimal() and len(value) < 9 and 1 <= int(value) <= MOST_COPIES):
        raise Refused("--copies – " + say(MESSAGES, "bad-copies", parsed.lang, value=value, most=MOST_COPIES))
    return int(value)


def _writing(parsed: argparse.Namespace, path: Path, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        raise Refused(_cannot(parsed, "cannot-write", path)) from error


def _cannot(parsed: argparse.Namespace, what: str, path: Path) -> str:
    return f"{path}:1: " + _say(parsed, what, value=path.name)


def _say(parsed: argparse.Namespace, what: str, **params: object) -> str:
    return "file – " + say(MESSAGES, what, parsed.lang, **params)


if __name__ == "__main__":
    sys.exit(main())
