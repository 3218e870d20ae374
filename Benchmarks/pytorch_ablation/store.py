"""Metrics in a SQLite file that several processes write, and weights in PyTorch's files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .spec import Cell

SCHEMA = """
    CREATE TABLE IF NOT EXISTS run (
      id INTEGER PRIMARY KEY, variant TEXT, seed INTEGER, conv TEXT, downsample TEXT, loss TEXT, mode TEXT,
      parameters INTEGER, train_seconds REAL, confusion TEXT, UNIQUE (variant, seed));
    CREATE TABLE IF NOT EXISTS epoch (
      run_id INTEGER REFERENCES run, epoch INTEGER, learning_rate REAL, train_loss REAL, train_accuracy REAL,
      train_seconds REAL, test_loss REAL, test_accuracy REAL, test_top5_accuracy REAL, test_macro_precision REAL,
      test_macro_recall REAL, test_macro_f1 REAL, test_ece REAL, PRIMARY KEY (run_id, epoch));
"""


class Store:
    """A folder with the database and a folder of weights for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(SCHEMA)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "pytorch.sqlite", timeout=60)

    def begin(self, cell: Cell, mode: str, parameters: int) -> int:
        """Adds a run and returns its identity."""
        with closing(self._open()) as database, database:
            marks = ", ".join("?" * 7)
            return database.execute(
                f"INSERT INTO run (variant, seed, conv, downsample, loss, mode, parameters) VALUES ({marks})",
                (cell.variant, cell.seed, cell.conv, cell.downsample, cell.loss, mode, parameters)).lastrowid

    def add_epoch(self, run: int, values: dict[str, Any]) -> None:
        """Adds an epoch's metrics."""
        columns = ", ".join(["run_id", *values])
        marks = ", ".join("?" * (len(values) + 1))
        with closing(self._open()) as database, database:
            database.execute(f"INSERT INTO epoch ({columns}) VALUES ({marks})", (run, *values.values()))

    def finish(self, run: int, train_seconds: float, confusion: list[list[int]]) -> None:
        """Completes a run."""
        with closing(self._open()) as database, database:
            database.execute(
                "UPDATE run SET train_seconds = ?, confusion = ? WHERE id = ?",
                (train_seconds, json.dumps(confusion), run))

    def save(self, run: int, network: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> None:
        """Writes a checkpoint with the optimiser's state, or the final weights alone."""
        folder = self.folder / "runs" / str(run)
        folder.mkdir(parents=True, exist_ok=True)
        if optimizer is None:
            torch.save(network.state_dict(), folder / "weights-final.pt")
        else:
            content = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(content, folder / "checkpoint.pt")
