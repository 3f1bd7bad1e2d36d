"""The test command: lint, types, import rules, and all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence

from webapp.launch import PYTHON, ROOT
from webapp.launch.packages import TO_TEST, provide
from webapp.launch.serving import cores
from webapp.launch.setup import install, set_up
from webapp.launch.words import say


def test(arguments: Sequence[str]) -> int:
    """Run every check and every test, or pytest with the given arguments alone. Return the exit status."""
    set_up()
    install(ROOT / "requirements-test.txt")
    provide(TO_TEST)
    env = os.environ | {"PYTHONUTF8": "1"}
    if arguments:
        return subprocess.run([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, env=env).returncode
    checks: dict[str, list[str]] = {
        "ruff check": [str(PYTHON), "-m", "ruff", "check", "."],
        "ruff format": [str(PYTHON), "-m", "ruff", "format", "--check", "."],
        "mypy": [str(PYTHON), "-m", "mypy"],
        "import-linter": [shutil.which("lint-imports", path=str(PYTHON.parent)) or "lint-imports"],
        "pytest": [str(PYTHON), "-m", "pytest", "-n", str(min(4, cores())), "--dist", "loadfile"],
    }
    env["HYPOTHESIS_PROFILE"] = "ci"
    failed = []
    for name, command in checks.items():
        say("check", name=name)
        start = time.monotonic()
        if subprocess.run(command, cwd=ROOT, env=env).returncode:
            failed.append(name)
        say("failed" if name in failed else "done", seconds=time.monotonic() - start)
    say("bad" if failed else "good", names=", ".join(failed))
    return 1 if failed else 0
