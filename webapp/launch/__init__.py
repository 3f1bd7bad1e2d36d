"""What ``run.py`` is made of. Standard library only: it runs before anything is installed.

Written for Linux and Windows; tried on Debian 12, untried on Windows.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
