"""``python -m omr.synth PDF --layout layout.json --out scans.pdf --truth truth.json``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from forms.layout import Layout
from omr.synth import MIXES, SEVERITIES, TROUBLES, scan_stack
from omr.synth.plan import mix_of


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 2 where an argument is wrong."""
    options = _parser().parse_args(arguments)
    try:
        truth = scan_stack(
            options.pdf,
            [Layout.loads(path.read_text("utf-8")) for path in options.layout],
            options.out,
            mix=mix_of(options.mix),
            severity=SEVERITIES[options.severity].always(*options.trouble),
            seed=options.seed,
            shuffle=options.shuffle,
            codec=options.codec,
        )
    except (ValueError, OSError) as error:
        print(f"omr.synth: {error}", file=sys.stderr)
        return 2
    if options.truth:
        options.truth.write_text(truth.dumps(), "utf-8")
    print(f"{len(truth.pages)} pages -> {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m omr.synth", description="Fill and scan printed sheets, with the truth."
    )
    parser.add_argument("pdf", type=Path, help="the printed sheets")
    parser.add_argument("--layout", type=Path, action="append", required=True, help="layout.json; may be repeated")
    parser.add_argument("--out", type=Path, required=True, help=".pdf, .tif or a folder")
    parser.add_argument("--truth", type=Path, help="where the truth goes (JSON)")
    parser.add_argument("--severity", choices=sorted(SEVERITIES), default="office")
    parser.add_argument(
        "--trouble", action="append", default=[], metavar="NAME", help=f"on every page: {', '.join(TROUBLES)}"
    )
    parser.add_argument("--mix", default="usual", help=f"{', '.join(MIXES)}; changed by e.g. usual,blank=0.1,hard=0.2")
    parser.add_argument("--codec", choices=["jpeg", "lzw", "g4", "png"], default="jpeg")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shuffle", action="store_true", help="in another order than printed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
