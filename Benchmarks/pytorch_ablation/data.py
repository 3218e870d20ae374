"""Fashion-MNIST from its four IDX files, as labrun prepares it: a stratified subset, normalised by its statistics."""

from __future__ import annotations

import gzip
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

CLASSES = 10


@dataclass
class Split:
    """Normalised images [N, H, W] and their labels [N]."""

    images: Tensor
    labels: Tensor

    def batch(self, rows: Tensor | slice, layout: torch.memory_format) -> tuple[Tensor, Tensor]:
        """Returns images [n, 1, H, W] in a layout, and their labels."""
        # An image of one channel is in both layouts at once, and PyTorch goes by the stride of that channel.
        images = self.images[rows]
        images = images.unsqueeze(1) if layout is torch.contiguous_format else images.unsqueeze(3).permute(0, 3, 1, 2)
        return images, self.labels[rows]


def load(train_limit: int | None, test_limit: int | None, seed: int = 0) -> tuple[Split, Split]:
    """Returns the training and the test split."""
    folder = _folder()
    parts = []
    for prefix, limit in (("train", train_limit), ("t10k", test_limit)):
        images, labels = _read(folder, f"{prefix}-images-idx3-ubyte"), _read(folder, f"{prefix}-labels-idx1-ubyte")
        rows = _stratified(labels, limit, seed)
        parts.append((images[rows].float() / 255, labels[rows].long()))
    (train, train_labels), (test, test_labels) = parts
    deviation, mean = torch.std_mean(train, correction=0)
    return Split((train - mean) / deviation, train_labels), Split((test - mean) / deviation, test_labels)


def _folder() -> Path:
    """Finds the data set where labrun does: LABRUN_DATA, then `datasets` in the system's folders of data."""
    places = []
    if own := os.environ.get("LABRUN_DATA"):
        places = [Path(own).expanduser() / "fashion-mnist", Path(own).expanduser()]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    places += [Path(folder) / "datasets" / "fashion-mnist" for folder in shared.split(":")]
    for place in places:
        if _file(place, "train-images-idx3-ubyte"):
            return place
    sys.exit("Fashion-MNIST was not found; install it with: apt install dataset-fashion-mnist")


def _file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / f"{name}.gz", folder / name) if path.exists()), None)


def _read(folder: Path, name: str) -> Tensor:
    """Reads an IDX file of bytes: a rank in its fourth byte, then extents as big-endian integers, then the data."""
    path = _file(folder, name)
    if path is None:
        sys.exit(f"{folder} has no {name}.")
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rank = content[3]
    extents = [int.from_bytes(content[4 + 4 * axis:8 + 4 * axis], "big") for axis in range(rank)]
    return torch.frombuffer(bytearray(content[4 + 4 * rank:]), dtype=torch.uint8).view(extents)


def _stratified(labels: Tensor, limit: int | None, seed: int) -> Tensor:
    """Returns the rows of a random subset with every class in proportion; labrun's has other images."""
    if limit is None or limit >= len(labels):
        return torch.arange(len(labels))
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    # A row's place within its class as a share of the class: the smallest ones take as much of every class.
    ranks = torch.empty(len(labels), dtype=torch.float64)
    for label in range(CLASSES):
        members = order[labels[order] == label]
        ranks[members] = (torch.arange(len(members), dtype=torch.float64) + 0.5) / max(len(members), 1)
    return ranks.argsort(stable=True)[:limit].sort().values
