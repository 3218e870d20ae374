"""Writes released.sql: the database of a small sweep, as the first released version of labrun made it.

Run in this folder: python3 make_released.py LABRUN, where LABRUN is a program of that version. Machines, processes and
provenance are left out.
"""

import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

SPEC = {
    "name": "released",
    "dataset": {
        "name": "synthetic-signs", "train_count": 86, "test_count": 43, "image_size": 16, "validation": 0.25},
    "model": {"architecture": "resnet", "depth": 8, "width": 4},
    "training": {"epochs": 2, "batch_size": 16, "learning_rate": 0.05},
    "factors": {"conv": ["static", "odconv-1x"]},
    "baseline": {"conv": "static"},
    "seeds": [0],
}

with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    (root / "spec.json").write_text(json.dumps(SPEC))
    subprocess.run([sys.argv[1], "sweep", "spec.json"], cwd=root, check=True, capture_output=True)
    database = sqlite3.connect(root / "Results" / "labrun.sqlite")
    database.execute("UPDATE attempt SET provenance = NULL, host = 'host', process_scope = NULL, pid = 1")
    database.execute("UPDATE event SET message = 'claimed' WHERE kind = 'claimed'")
    lines = [f"PRAGMA application_id = {database.execute('PRAGMA application_id').fetchone()[0]};"]
    lines += [line for line in database.iterdump() if "sqlite_sequence" not in line]
    pathlib.Path("released.sql").write_text("\n".join(lines) + "\n")
    print(database.execute("SELECT identity, state FROM run").fetchall())
