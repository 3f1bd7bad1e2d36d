"""Trains the net that looks at boxes: ``python -m omr.training.eye PAGES.npz … --out omr/eye.onnx``.

82,000 weights, CPU, fixed seed; needs torch and onnx, which reading does not. Every touched box is one example: scan
and blank print, of 10 mm and of 20 mm. While it learns, pictures are moved, turned, stretched, their strokes widened,
thinned or blurred, made paler, darker and noisy: prints, pens and scanners vary more than our pages do.
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

from omr.eye import CLOSE, SIDE
from omr.judge import CLASSES
from omr.measure import SHAPES
from omr.training.labels import IGNORED, labels, weights
from omr.training.pages import load

CLASS_WEIGHTS = {"cancelled": 0.8, "trace": 0.8}
CLOSE_WEIGHT = 0.6  # of what it says by the close pictures alone
SEED, BATCH, RATE, DECAY = 1, 256, 4e-3, 2e-3
_INK, _VEIL = SHAPES.index("ink"), SHAPES.index("veil")


class Eye(nn.Module):  # type: ignore[misc]  # torch ships no types here
    """Two stems of three convolutions, each half as wide as the one before; two answers, the second from both."""

    def __init__(self) -> None:
        super().__init__()
        self.close, self.far = _stem(16, 32, 32), _stem(12, 20, 24)
        self.seen_close = nn.Sequential(nn.Linear(32 * 25, 48), nn.ReLU())
        self.seen_far = nn.Sequential(nn.Linear(24 * 25, 32), nn.ReLU())
        self.by_close = nn.Linear(48, len(CLASSES))
        self.by_both = nn.Sequential(nn.Linear(80, 32), nn.ReLU(), nn.Linear(32, len(CLASSES)))

    def forward(self, boxes: Tensor) -> Tensor:
        """Return logits (n, 2 * classes) for pictures (n, 4, SIDE, SIDE) of 0 to 1."""
        close, far = self.seen_close(self.close(boxes[:, :2])), self.seen_far(self.far(boxes[:, 2:]))
        return torch.cat([self.by_close(close), self.by_both(torch.cat([close, far], 1))], 1)


def _stem(first: int, second: int, third: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, first, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(second, third, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.2),
    )


def examples(paths: Sequence[Path]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the pictures (n, 4, SIDE, SIDE) and classes of all touched boxes that teach something."""
    pictures, classes = [], []
    for page in load(paths):
        found = labels(page)[page.touched]
        shapes = page.shapes[page.touched]
        keep = found != IGNORED
        alike = (found == 0) & (shapes[:, _INK] < 0.012) & (shapes[:, _VEIL] < 0.05)  # empty, and hardly touched
        keep &= ~alike | (np.arange(len(found)) % 3 == 0)
        pictures.append(page.pictures[keep])
        classes.append(found[keep])
    return np.concatenate(pictures), np.concatenate(classes)


def varied(boxes: Tensor, chance: torch.Generator) -> Tensor:
    """Return the pictures as other sheets would show them: moved, turned, stretched, their ink another, noisy."""
    boxes = _bent(boxes, chance)
    count = len(boxes)
    scan = _stroked(boxes[:, [0, 2]], chance)
    tone = torch.empty(count, 1, 1, 1).uniform_(0.7, 1.2, generator=chance)
    bend = torch.empty(count, 1, 1, 1).uniform_(-0.3, 0.3, generator=chance)
    scan = scan * (1 + bend * (1 - scan)) * tone
    noise = (torch.rand(scan.shape, generator=chance) - 0.5) * torch.rand(count, 1, 1, 1, generator=chance) * 0.12
    scan = (scan + noise).clamp(0, 1)
    return torch.stack([scan[:, 0], boxes[:, 1], scan[:, 1], boxes[:, 3]], 1)


def _bent(boxes: Tensor, chance: torch.Generator) -> Tensor:
    """Return half of the batch under an affine map each, the same in mm close by and far off."""
    count = len(boxes) // 2
    change = torch.randn(count, 2, 3, generator=chance) * torch.tensor([0.06, 0.06, 0.05])
    change += torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    far = change * torch.tensor([1.0, 1.0, 0.5])
    parts = []
    for way, part in ((change, boxes[:count, :2]), (far, boxes[:count, 2:])):
        grid = nn.functional.affine_grid(way, [count, 2, SIDE, SIDE], align_corners=False)
        parts.append(nn.functional.grid_sample(part, grid, padding_mode="border", align_corners=False))
    return torch.cat([torch.cat(parts, 1), boxes[count:]])


def _stroked(scan: Tensor, chance: torch.Generator) -> Tensor:
    """Return the middle half of the batch with wider, thinner or softer strokes, two batches of three."""
    first, last = len(scan) // 4, 3 * len(scan) // 4
    kind = torch.rand(1, generator=chance).item()
    share = torch.rand(last - first, 1, 1, 1, generator=chance)
    part = scan[first:last]
    if kind < 0.25:
        other, share = nn.functional.max_pool2d(part, 3, 1, 1), 0.7 * share
    elif kind < 0.45:
        other, share = -nn.functional.max_pool2d(-part, 3, 1, 1), 0.4 * share
    elif kind < 0.65:
        other = nn.functional.avg_pool2d(part, 3, 1, 1, count_include_pad=False)
    else:
        return scan
    return torch.cat([scan[:first], part + share * (other - part), scan[last:]])


def train(pictures: NDArray[np.uint8], classes: NDArray[np.int64], epochs: float) -> Eye:
    """Return the trained net: AdamW on small batches, the rate rising and falling once."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    chance = torch.Generator().manual_seed(SEED)
    net = Eye()
    boxes, wanted = torch.from_numpy(pictures), torch.from_numpy(classes)
    weight = torch.from_numpy(weights(classes, CLASS_WEIGHTS)).float()
    steps = int(epochs * len(boxes) / BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), RATE / 2, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for step in range(steps):
        batch = torch.randint(0, len(boxes), (BATCH,), generator=chance)
        logits = net(varied(boxes[batch].float() / 255, chance))
        close, both = (
            nn.functional.cross_entropy(part, wanted[batch], reduction="none")
            for part in logits.split(len(CLOSE), dim=1)
        )
        loss = ((both + CLOSE_WEIGHT * close) * weight[batch]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            sys.stdout.write(f"step {step} of {steps}, loss {loss.item():.4f}\n")
            sys.stdout.flush()
    net.eval()
    return net


def main() -> None:
    """Train and write the net."""
    parser = argparse.ArgumentParser(prog="python -m omr.training.eye", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=9)
    options = parser.parse_args()
    pictures, classes = examples(options.pages)
    sys.stdout.write(f"{len(classes)} boxes, by class {np.bincount(classes).tolist()}\n")
    net = train(pictures, classes, options.epochs)
    axes = {"boxes": {0: "n"}, "logits": {0: "n"}}
    torch.onnx.export(
        net,
        (torch.zeros(1, 4, SIDE, SIDE),),
        str(options.out),
        input_names=["boxes"],
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=13,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
