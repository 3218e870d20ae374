"""Writes columns.sql: the database of a small sweep, as labrun 0.1 left it when metrics were columns.

Some of its numbers are made absent, undefined or infinite, and metrics of names that nobody knows are added. Run in this
folder: python3 make_columns.py LABRUN, where LABRUN is a program of that version. Machines, processes and provenance are
left out.
"""

import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

SPEC = {
    "name": "columns",
    "dataset": {
        "name": "synthetic-signs", "train_count": 86, "test_count": 43, "image_size": 16, "validation": 0.25},
    "model": {"architecture": "resnet", "depth": 8, "width": 4},
    "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.05},
    "factors": {"conv": ["static", "odconv-1x"]},
    "baseline": {"conv": "static"},
    "seeds": [0],
}
CHANGES = """
UPDATE epoch SET train_loss = NULL, validation_macro_f1 = NULL, validation_log_loss = NULL WHERE run_id = 1 AND epoch = 0;
UPDATE epoch SET train_accuracy = NULL, learning_rate = NULL, validation_loss = 9e999 WHERE run_id = 1 AND epoch = 1;
UPDATE epoch SET validation_loss = NULL, validation_accuracy = NULL, validation_top5_accuracy = NULL,
  validation_macro_precision = NULL, validation_macro_recall = NULL, validation_macro_f1 = NULL, validation_ece = NULL,
  validation_log_loss = NULL, peak_memory_bytes = NULL WHERE run_id = 2 AND epoch = 0;
UPDATE epoch SET train_loss = -9e999, test_accuracy = 1, test_loss = 1e-300, test_ece = NULL WHERE run_id = 2 AND epoch = 2;
UPDATE final SET test_loss = -9e999, test_ece = NULL, test_log_loss = NULL WHERE run_id = 1;
UPDATE final SET validation_accuracy = NULL, validation_top5_accuracy = NULL WHERE run_id = 2;
INSERT INTO final_metric VALUES (1, 'test_nll', 0.1), (1, 'ease "of" use', NULL), (1, 'test_accuracy', 0.75),
  (2, 'ease "of" use', 9e999);
"""

with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    (root / "spec.json").write_text(json.dumps(SPEC))
    subprocess.run([sys.argv[1], "sweep", "spec.json"], cwd=root, check=True, capture_output=True)
    database = sqlite3.connect(root / "Results" / "labrun.sqlite")
    database.execute(
        "UPDATE attempt SET provenance = NULL, host = 'host', process_scope = NULL, pid = 1, process_start = 1")
    database.execute("UPDATE event SET message = 'claimed' WHERE kind = 'claimed'")
    database.executescript(CHANGES)
    lines = [f"PRAGMA application_id = {database.execute('PRAGMA application_id').fetchone()[0]};"]
    # SQLite writes infinities as it does not read them.
    lines += [
        re.sub(r"(?<=,)(-?)Inf(?=[,)])", r"\g<1>9e999", line)
        for line in database.iterdump() if "sqlite_sequence" not in line]
    pathlib.Path("columns.sql").write_text("\n".join(lines) + "\n")
    print(database.execute("SELECT identity, state FROM run").fetchall())
