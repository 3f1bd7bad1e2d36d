"""Decodes pages of strangers' files in a process of its own: ``python -m webapp.decode``, told by lines of JSON.

The web server never decodes an upload itself. What trips a decoder ends this process, not the server; its memory is
bounded where the system can bound it, its time by whoever asks. ``webapp.services.decoding`` is that one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from omr.errors import FileProblem
from omr.reading import ProblemCode
from omr.settings import StackSettings
from omr.stack import open_stack

MEMORY_BYTES = 4 << 30  # address space: a page of 200 million pixels in colour, twice


def bound_memory(limit: int = MEMORY_BYTES) -> None:
    """Bound the memory of this process, where the system knows how."""
    try:
        import resource
    except ImportError:  # Windows: there the pixels of a page are the bound
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Decode one page. Returns the head of the answer and the grey bytes, none where the head tells a problem."""
    try:
        stack = open_stack(Path(request["path"]), StackSettings(**request["limits"]))
        try:
            if not 1 <= request["index"] <= len(stack):
                raise FileProblem(ProblemCode.DAMAGED, page=request["index"])
            grey = np.ascontiguousarray(stack.page(request["index"], reduce=request["reduce"]).grey)
        finally:
            stack.close()
    except FileProblem as problem:
        return {"problem": str(problem.code), "params": problem.params}, b""
    except MemoryError:
        return {"problem": str(ProblemCode.DAMAGED), "params": {"page": request["index"]}}, b""
    return {"shape": list(grey.shape)}, grey.tobytes()


def serve(asked: BinaryIO, told: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    for line in asked:
        head, data = answer(json.loads(line))
        told.write(json.dumps({**head, "bytes": len(data)}).encode() + b"\n" + data)
        told.flush()


if __name__ == "__main__":
    bound_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer)
