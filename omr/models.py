"""Runs the trained models (``*.onnx`` beside this file), one thread each: one process a core is our parallelism."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray


def run(path: Path, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the last output of a model for its only input. Raises onnxruntime's errors where the file is no model."""
    session, name = _session(path)
    return np.asarray(session.run(None, {name: inputs})[-1], np.float32)


@cache
def _session(path: Path) -> tuple[onnxruntime.InferenceSession, str]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session, session.get_inputs()[0].name
