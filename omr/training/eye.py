"""Trains a net that looks at boxes: ``python -m omr.training.eye PAGES.npz … --view close --out omr/eye.onnx``.

37,000 weights, CPU, fixed seed; needs torch and onnx, which reading does not. Every touched box is one example: scan
and blank print, 40 × 40, of 10 mm (``close``) or of 20 mm (``wide``). While it learns, pictures are moved, turned,
stretched, blurred, made paler, darker and noisy: prints, pens and scanners vary more than our pages do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from omr.judge import CLASSES
from omr.training.labels import IGNORED, labels, weights
from omr.training.pages import load

CLASS_WEIGHTS = {"cancelled": 0.7, "trace": 0.6}
SEED, BATCH, RATE = 1, 128, 2e-3


class Eye(nn.Module):  # type: ignore[misc]  # torch ships no types here
    """Three steps of convolution, each half as wide, and two layers over what is left."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 24, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(32 * 25, 32),
            nn.ReLU(),
            nn.Linear(32, len(CLASSES)),
        )

    def forward(self, boxes: Tensor) -> Tensor:
        """Return logits (n, classes) for ``eye.inputs``."""
        return self.body(boxes)


def examples(paths: Sequence[Path], view: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the pictures (n, 2, side, side) and classes of all touched boxes that teach something."""
    pictures, classes = [], []
    for page in load(paths):
        found = labels(page)[page.touched]
        keep = found != IGNORED
        keep[np.flatnonzero(found == 0)[::2]] = False  # empty boxes are most, and all alike
        pictures.append(page.wide[keep] if view == "wide" else np.stack([page.dark[keep], page.print[keep]], axis=1))
        classes.append(found[keep])
    return np.concatenate(pictures), np.concatenate(classes)


def varied(boxes: Tensor, chance: torch.Generator) -> Tensor:
    """Return the pictures as other sheets would show them: moved, turned, stretched, their ink another, noisy."""
    boxes = _bent(boxes, chance)
    count = len(boxes)
    tone = torch.empty(count, 1, 1, 1).uniform_(0.75, 1.2, generator=chance)
    bend = torch.empty(count, 1, 1, 1).uniform_(-0.25, 0.25, generator=chance)
    scan = ((boxes[:, :1] * (1 + bend * (1 - boxes[:, :1]))) * tone).clamp(0, 1)
    noise = (torch.rand(scan.shape, generator=chance) - 0.5) * torch.rand(count, 1, 1, 1, generator=chance) * 0.12
    boxes = torch.cat([(scan + noise).clamp(0, 1), boxes[:, 1:]], dim=1)
    return boxes.flip(2) if torch.rand(1, generator=chance) < 0.1 else boxes


def _bent(boxes: Tensor, chance: torch.Generator) -> Tensor:
    """Return half of the batch under an affine map each, by which it also loses a little sharpness."""
    count = len(boxes) // 2
    change = torch.randn(count, 2, 3, generator=chance) * torch.tensor([[0.05, 0.05, 0.04], [0.05, 0.05, 0.04]])
    change += torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    grid = nn.functional.affine_grid(change, [count, *boxes.shape[1:]], align_corners=False)
    bent = nn.functional.grid_sample(boxes[:count], grid, padding_mode="border", align_corners=False)
    return torch.cat([bent, boxes[count:]])


def train(pictures: NDArray[np.uint8], classes: NDArray[np.int64], epochs: int) -> Eye:
    """Return the trained net: AdamW on small batches, the rate rising and falling once."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    chance = torch.Generator().manual_seed(SEED)
    net = Eye()
    boxes, wanted = torch.from_numpy(pictures), torch.from_numpy(classes)
    weight = torch.from_numpy(weights(classes, CLASS_WEIGHTS)).float()
    steps = epochs * (len(boxes) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE * 2, total_steps=steps)
    for step in range(steps):
        batch = torch.randint(0, len(boxes), (BATCH,), generator=chance)
        logits = net(varied(boxes[batch].float() / 255, chance))
        loss = (nn.functional.cross_entropy(logits, wanted[batch], reduction="none") * weight[batch]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0:
            sys.stdout.write(f"step {step} of {steps}, loss {loss.item():.4f}\n")
            sys.stdout.flush()
    net.eval()
    return net


def main() -> None:
    """Train and write the net."""
    parser = argparse.ArgumentParser(prog="python -m omr.training.eye", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--view", choices=("close", "wide"), default="close")
    parser.add_argument("--epochs", type=int, default=25)
    options = parser.parse_args()
    pictures, classes = examples(options.pages, options.view)
    sys.stdout.write(f"{len(classes)} boxes, by class {np.bincount(classes).tolist()}\n")
    net = train(pictures, classes, options.epochs)
    axes = {"boxes": {0: "n"}, "logits": {0: "n"}}
    torch.onnx.export(
        net,
        (torch.zeros(1, 2, 40, 40),),
        str(options.out),
        input_names=["boxes"],
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=13,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
