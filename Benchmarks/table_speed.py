#!/usr/bin/env python3
"""Times `labrun table` and its relatives on a large store.

labrun itself trains one tiny run and so makes the database; SQL then multiplies that run to a sweep of 10,000 runs of
100 epochs (400 variants of three factors, 25 seeds), each with its own random metrics. Every command is a new process, as
a user starts it, and its output is read to the end.

With --upgrade OLD the store is made by an older program; what is timed first is how long this one takes to bring it up to
date, by a sweep that trains one tiny run more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from itertools import product
from pathlib import Path

SWEEP = "table-speed"
FACTORS = {"conv": 10, "downsample": 8, "loss": 5}
SPEC = {
    "name": SWEEP,
    "dataset": {"name": "synthetic-signs", "train_count": 86, "test_count": 86, "image_size": 16},
    "model": {"architecture": "resnet", "depth": 8, "width": 8},
    "training": {"epochs": 1, "batch_size": 43},
    "seeds": [0],
}
COMMANDS = [["table"], ["analyze"], ["table", "--by", "conv"], ["table", "--format", "json"], ["list"], ["list", SWEEP], ["show"]]


def run_labrun(options: argparse.Namespace, folder: Path, *arguments: str) -> str:
    """Runs labrun on a results folder and returns what it printed."""
    environment = os.environ | {"NO_COLOR": "1", "LABRUN_RESULTS": str(folder / "Results")}
    finished = subprocess.run(
        [options.labrun, *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, check=False)
    if finished.returncode != 0:
        sys.exit(f"'labrun {' '.join(arguments)}' ended with exit code {finished.returncode}: {finished.stderr}")
    return finished.stdout


def copy_rows(database: sqlite3.Connection, table: str, row: dict[str, object], changes: Iterable[dict]) -> None:
    """Inserts a row once for each set of changes."""
    columns = list(row)
    marks = ", ".join("?" * len(columns))
    database.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
        ([(row | change)[column] for column in columns] for change in changes))


def rows_of(database: sqlite3.Connection, sql: str) -> list[dict[str, object]]:
    """Returns a query's rows as dictionaries."""
    cursor = database.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values)) for values in cursor]


def fill(path: Path, runs: int, epochs: int) -> str:
    """Replaces the trained run by copies of it and returns a copy's identity."""
    levels = [[f"{name}-{index}" for index in range(count)] for name, count in FACTORS.items()]
    variants = list(product(*levels))
    seeds = runs // len(variants)
    chance = random.Random(0)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        tables = {name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        # Before metrics had rows they had columns.
        epoch_tables = [table for table in ("epoch_timing", "epoch_value", "epoch") if table in tables]
        run_tables = [table for table in ("completion", "final_value", "final", "final_metric") if table in tables]
        run_tables += ["attempt", "class_metric", "confusion_matrix", "event"]
        template = {
            table: rows_of(database, f"SELECT * FROM {table}")
            for table in ["sweep", "variant", "run", *epoch_tables, *run_tables]}
        for table in ["cell", "run", "variant", "sweep_seed", "factor_level", *epoch_tables, *run_tables]:
            database.execute(f"DELETE FROM {table}")
        sweep = template["sweep"][0]["id"]
        database.executemany("INSERT INTO sweep_seed (sweep_id, position, seed) VALUES (?, ?, ?)", [(sweep, seed, seed) for seed in range(seeds)])
        database.executemany(
            "INSERT INTO factor_level (sweep_id, factor_position, level_position, factor, level) VALUES (?, ?, ?, ?, ?)",
            [(sweep, axis, position, name, level) for axis, name in enumerate(FACTORS)
             for position, level in enumerate(levels[axis])])
        copy_rows(database, "variant", template["variant"][0], [
            {"id": index + 1, "position": index, "label": ", ".join(variant), "is_baseline": index == 0}
            for index, variant in enumerate(variants)])
        database.executemany("INSERT INTO variant_level (variant_id, factor, level) VALUES (?, ?, ?)", [
            (index + 1, name, level) for index, variant in enumerate(variants)
            for name, level in zip(FACTORS, variant)])
        cells = [(variant, seed) for variant in range(len(variants)) for seed in range(seeds)]
        identities = [hashlib.sha256(f"{variant} {seed}".encode()).hexdigest() for variant, seed in cells]
        copy_rows(database, "run", template["run"][0], [
            {"id": run + 1, "identity": identity, "seed": seed, "planned_epochs": epochs, "completed_epochs": epochs}
            for run, (identity, (_, seed)) in enumerate(zip(identities, cells))])
        database.executemany("INSERT INTO cell (variant_id, position, run_id) VALUES (?, ?, ?)", [
            (variant + 1, seed, run + 1) for run, (variant, seed) in enumerate(cells)])
        ids = [{"run_id": run + 1} for run in range(len(cells))]

        def other_numbers(row: dict[str, object]) -> dict[str, object]:
            """Random numbers in place of a row's, near what metrics are."""
            return {name: chance.gauss(0.9, 0.01) for name, value in row.items() if isinstance(value, float)}

        for table in run_tables:
            for row in template[table]:
                own = {"id": None} if table == "event" else {}
                varies = table in ("final_value", "final")
                copy_rows(database, table, row, (
                    key | own | (other_numbers(row) if varies else {}) for key in ids))
        epoch_ids = [key | {"epoch": epoch} for key in ids for epoch in range(epochs)]
        for table in epoch_tables:
            rows = template[table]
            copy_rows(database, table, rows[0], (row | key | other_numbers(row) for key in epoch_ids for row in rows))
        database.commit()
        counts = [
            database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("run", epoch_tables[0])]
    print(f"{counts[0]:,} runs, {counts[1]:,} epochs, {path.stat().st_size / 1e6:,.0f} MB", file=sys.stderr)
    return identities[0]


def measure(options: argparse.Namespace, folder: Path, command: list[str]) -> list[float]:
    """Returns the seconds that a command took, from its start to the end of its output."""
    seconds = []
    for _ in range(options.repetitions):
        start = time.perf_counter()
        run_labrun(options, folder, *command)
        seconds.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    """Makes the store, times the commands, prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the labrun program (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=10_000, help="runs of the store (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=100, help="epochs of each run (default: %(default)s)")
    parser.add_argument("--repetitions", type=int, default=7, help="how often each command runs (default: %(default)s)")
    parser.add_argument("--upgrade", metavar="OLD", help="an older labrun program, which makes the store")
    parser.add_argument("--folder", help="where to make the store, and to leave it (default: a temporary folder)")
    options = parser.parse_args()
    options.labrun = os.path.abspath(options.labrun)
    if not os.access(options.labrun, os.X_OK):
        sys.exit(f"There is no program at {options.labrun}; build it with: make build")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "spec.json").write_text(json.dumps(SPEC), encoding="utf-8")
        path = folder / "Results" / "labrun.sqlite"
        made_by = argparse.Namespace(labrun=os.path.abspath(options.upgrade or options.labrun))
        run_labrun(made_by, folder, "sweep", "spec.json", "--fresh")
        identity = fill(path, options.runs, options.epochs)
        if options.upgrade:
            (folder / "more.json").write_text(json.dumps(SPEC | {"name": "more"}), encoding="utf-8")
            start = time.perf_counter()
            run_labrun(options, folder, "sweep", "more.json")
            print(f"upgrade in {time.perf_counter() - start:.1f} s, then {path.stat().st_size / 1e6:,.0f} MB")
        for command in COMMANDS:
            seconds = measure(options, folder, command + ([identity[:12]] if command == ["show"] else []))
            print(f"labrun {' '.join(command):22} median {statistics.median(seconds):.3f} s, "
                  f"least {min(seconds):.3f}, most {max(seconds):.3f}")


if __name__ == "__main__":
    main()
