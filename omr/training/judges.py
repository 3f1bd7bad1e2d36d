"""Trains the two judges: ``python -m omr.training.judges PAGES.npz … --out omr``.

Boosted trees over the inputs of ``context``, fixed seed, written as ONNX; needs scikit-learn and onnx, which
reading does not. The pages must be others than those that the eye was trained on: on its own it is too sure.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, checker, helper
from sklearn.ensemble import HistGradientBoostingClassifier

from omr import context
from omr.judge import CLASSES, MODELS
from omr.training.labels import IGNORED, evidence, features, labels, weights
from omr.training.pages import load

CLASS_WEIGHTS = {"cancelled": 0.8, "trace": 0.8}
TREES, LEAVES, LEAST, RATE = 60, 16, 30, 0.15


def rows(paths: Sequence[Path]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return both judges' inputs and the classes of all boxes that are judged at all."""
    shape, seen, classes = [], [], []
    for page in load(paths):
        by_shape, by_eye = context.inputs(evidence(page, features(page).tolist()))
        found = labels(page)
        keep = (found != IGNORED) & context.is_open(by_eye)
        shape.append(by_shape[keep])
        seen.append(by_eye[keep])
        classes.append(found[keep])
    return np.concatenate(shape), np.concatenate(seen), np.concatenate(classes)


def as_onnx(trees: HistGradientBoostingClassifier, width: int) -> ModelProto:
    """Return the trees as one node of ONNX: inputs (n, width) to probabilities (n, classes)."""
    nodes: dict[str, list[Any]] = defaultdict(list)
    leaves: dict[str, list[Any]] = defaultdict(list)
    grown = [(tree.nodes, index) for step in trees._predictors for index, tree in enumerate(step)]
    for number, (tree, wanted) in enumerate(grown):
        for place, node in enumerate(tree):
            is_leaf = bool(node["is_leaf"])
            for key, value in (
                ("treeids", number),
                ("nodeids", place),
                ("featureids", 0 if is_leaf else int(node["feature_idx"])),
                ("values", 0.0 if is_leaf else float(node["num_threshold"])),
                ("modes", "LEAF" if is_leaf else "BRANCH_LEQ"),
                ("truenodeids", 0 if is_leaf else int(node["left"])),
                ("falsenodeids", 0 if is_leaf else int(node["right"])),
            ):
                nodes[f"nodes_{key}"].append(value)
            if is_leaf:
                leaf = (("treeids", number), ("nodeids", place), ("ids", wanted), ("weights", float(node["value"])))
                for key, value in leaf:
                    leaves[f"class_{key}"].append(value)
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["boxes"],
        ["label", "chances"],
        domain="ai.onnx.ml",
        base_values=trees._baseline_prediction.ravel().tolist(),
        classlabels_int64s=list(range(len(CLASSES))),
        post_transform="SOFTMAX",
        **nodes,
        **leaves,
    )
    graph = helper.make_graph(
        [node],
        "judge",
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["n", width])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["n"]),
            helper.make_tensor_value_info("chances", TensorProto.FLOAT, ["n", len(CLASSES)]),
        ],
    )
    sets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    made = helper.make_model(graph, opset_imports=sets, ir_version=8)
    checker.check_model(made)
    return made


def main() -> None:
    """Train both and write them."""
    parser = argparse.ArgumentParser(prog="python -m omr.training.judges", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    by_shape, by_eye, classes = rows(options.pages)
    sys.stdout.write(f"{len(classes)} boxes, by class {np.bincount(classes, minlength=len(CLASSES)).tolist()}\n")
    weight = weights(classes, CLASS_WEIGHTS)
    for name, inputs in zip(MODELS, (by_shape, by_eye), strict=True):
        trees = HistGradientBoostingClassifier(
            max_iter=TREES,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            min_samples_leaf=LEAST,
            l2_regularization=3.0,
            early_stopping=False,
            random_state=1,
        )
        trees.fit(inputs, classes, sample_weight=weight)
        made = as_onnx(trees, inputs.shape[1]).SerializeToString()
        (options.out / name).write_bytes(made)
        sys.stdout.write(f"{name}: {len(made) // 1024} KB\n")


if __name__ == "__main__":
    main()
