"""Fills printed sheets as people do, and scans them, with the truth beside.

For the demo, the test deck, the forms' own test, and tests. It shares no code with the reader.
"""

from omr.synth.plan import MIXES, Mix
from omr.synth.scan import scan_stack
from omr.synth.severity import SEVERITIES, TROUBLES, Severity
from omr.synth.truth import PageTruth, PartTruth, QuestionTruth, Truth

__all__ = [
    "MIXES",
    "SEVERITIES",
    "TROUBLES",
    "Mix",
    "PageTruth",
    "PartTruth",
    "QuestionTruth",
    "Severity",
    "Truth",
    "scan_stack",
]
