#!/usr/bin/env python3
"""Installs, starts and tests Pingyi (评议): ``python3 run.py --help`` tells how.

Standard library only; Python 3.11 or newer. The parts are in ``webapp/launch/``.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

if sys.version_info < (3, 11):  # noqa: UP036  # an older Python may well start this file
    sys.exit(
        f"Python {sys.version.split()[0]} – 需要 3.11 或更新，请安装新版后重试 – needs 3.11 or newer, install it first"
    )

from webapp.launch import ROOT, checks, serving, setup
from webapp.launch.words import Trouble, word


def port_number(text: str) -> int:
    """Parse a port. Raises ValueError."""
    if not 1 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line of all commands but ``test``."""
    parser = argparse.ArgumentParser(prog="run.py", description=word("help"))
    parser.add_argument("command", nargs="?", choices=("serve", "setup", "demo", "test"), default="serve",
                        help=word("help-command"))  # fmt: skip
    parser.add_argument("--host", default="127.0.0.1", help=word("help-host"))
    parser.add_argument("--port", type=port_number, default=8000, help=word("help-port"))
    parser.add_argument("--workers", type=int, default=serving.cores(), help=word("help-workers"))
    parser.add_argument("--instance", type=Path, metavar="DIR", help=word("help-instance"))
    parser.add_argument("--no-serve", action="store_true", help=word("help-no-serve"))
    options = parser.parse_args(argv)
    if options.workers < 1:
        parser.error(word("no-workers"))
    default = ROOT / "instance" / ("demo" if options.command == "demo" else "")
    options.instance = (options.instance or default).resolve()
    return options


def perform(argv: Sequence[str]) -> int:
    """Do one command and return the exit status. Raises Trouble."""
    if argv[:1] == ["test"]:
        return checks.test(argv[1:])
    options = arguments(argv)
    starting = options.command != "setup" and not options.no_serve
    if starting:
        serving.listen(options.host, options.port)
    setup.set_up(again=options.command == "setup")
    if options.command == "setup":
        setup.migrate(options.instance)
    if options.command == "demo":
        setup.demo(options.instance)
    if starting:
        serving.serve(options.instance, options.host, options.port, options.workers)
    return 0


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Stop as on Ctrl-C."""
    raise KeyboardInterrupt


def main() -> int:
    """Do what the command line says, and tell in one line what stopped us."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are text streams
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)  # a shell's script starts what ends in & with Ctrl-C ignored
    try:
        return perform(sys.argv[1:])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
