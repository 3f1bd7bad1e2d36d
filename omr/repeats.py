"""Names pages of a stack that came before: the same page of the same sheet, read twice or copied.

Nothing here looks at images; what a page says is compared with what the first of its kind said. Memory is one short
entry a page.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from omr.reading import Fault, FaultCode, PageReading, QuestionState, Status

_SURE = (QuestionState.ANSWERED, QuestionState.BLANK)


@dataclass(frozen=True, slots=True)
class Said:
    """What of a page is remembered: where it came from and, for each question, a byte of its sure answer (0: none)."""

    place: str
    answers: bytes


@dataclass(slots=True)
class Repeats:
    """The pages of a stack that were read so far."""

    _first: dict[tuple[str, int], Said] = field(default_factory=dict)

    def fault(self, key: tuple[str, int], said: Said) -> Fault | None:
        """Return the fault of a page that came before, and remember one that did not.

        ``photocopy`` where two sure answers differ: copies are filled in by somebody else, rescans are not.
        """
        first = self._first.setdefault(key, said)
        if first is said:
            return None
        differ = any(a and b and a != b for a, b in zip(first.answers, said.answers, strict=True))
        sheet, page = key
        params = {"sheet": sheet, "sheet_page": page, "first": first.place}
        return Fault(FaultCode.PHOTOCOPY if differ else FaultCode.DUPLICATE, params)


def key_of(reading: PageReading) -> tuple[str, int] | None:
    """Return which page of which sheet was read, or None where none was."""
    if reading.status is not Status.READ or reading.sheet is None or reading.sheet_page is None:
        return None
    return reading.sheet, reading.sheet_page


def said_by(reading: PageReading) -> Said:
    """Return what is remembered of a page that was read."""
    sure = (q.choice if q.state in _SURE else None for q in reading.questions.values())
    answers = bytes(0 if choice is None else _byte(choice) for choice in sure)
    return Said(f"{reading.source}:{reading.page}", answers)


def with_fault(line: str, fault: Fault) -> str:
    """Return a line of readings.jsonl with one more fault."""
    value = json.loads(line)
    value["faults"].append(fault.to_json())
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _byte(choice: tuple[str, ...]) -> int:
    return 1 + hashlib.blake2b(",".join(choice).encode(), digest_size=1).digest()[0] % 255
