"""Reads a spec of labrun and expands it to training runs, as far as the PyTorch side knows its keys."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

# What a spec may say, and the values that are known where only some are.
KNOWN: dict[str, Any] = {
    "$schema": None, "name": None, "description": None, "baseline": None, "seeds": None,
    "design": ["factorial"],
    "dataset": {"name": ["fashion-mnist"], "train_limit": None, "test_limit": None},
    "model": {"architecture": ["resnet"], "depth": None, "width": None},
    "training": {"epochs": None, "batch_size": None},
    "factors": {
        "conv": {"static", "odconv-1x", "odconv-4x", "odconv-1x-short", "odconv-4x-short", "dyconv"},
        "downsample": {"strided", "spd"},
        "loss": {"cross-entropy", "focal"}},
}


@dataclass(frozen=True)
class Cell:
    """One training run: a variant and a seed. It holds only what pickles, since other processes train it."""

    variant: str
    conv: str
    downsample: str
    loss: str
    seed: int
    depth: int
    width: int
    epochs: int
    batch_size: int

    @property
    def network(self) -> tuple[str, str]:
        """What the time of a step depends on; the loss hardly counts."""
        return self.conv, self.downsample


def read_spec(path: Path) -> dict[str, Any]:
    """Returns a spec, JSON with comments and trailing commas, and ends with one sentence if it has unknown keys."""
    try:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found[1] or "", text)
        spec = json.loads(re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda found: found[1] or "", text))
    except (OSError, json.JSONDecodeError) as error:
        sys.exit(f"{path} cannot be read: {error}.")
    _check(spec, KNOWN, "")
    return spec


def _check(value: Any, known: Any, path: str) -> None:
    if isinstance(known, dict):
        for key, inner in value.items():
            if key not in known:
                sys.exit(f"The spec has {path}{key}, which the PyTorch side does not know.")
            _check(inner, known[key], f"{path}{key}.")
    elif known is not None:
        for item in value if isinstance(known, set) else [value]:
            if item not in known:
                sys.exit(f"The spec has {item!r} for {path[:-1]}, which the PyTorch side does not know.")


def cells_of(spec: dict[str, Any], seeds: list[int]) -> list[Cell]:
    """Returns the runs of some seeds in labrun's order: seed by seed, and variant by variant."""
    factors, baseline = spec["factors"], spec["baseline"]
    model, training = spec["model"], spec["training"]
    cells = []
    for seed in seeds:
        for levels in product(*factors.values()):
            chosen = {"conv": "static", "downsample": "strided", "loss": "cross-entropy"} | dict(zip(factors, levels))
            other = [level for factor, level in zip(factors, levels) if level != baseline[factor]]
            cells.append(Cell(
                variant=" + ".join(other) or "baseline", seed=seed, depth=model["depth"], width=model["width"],
                epochs=training["epochs"], batch_size=training["batch_size"], **chosen))
    return cells
