"""Writes what the scripts beside it print when they are asked for --help.

python3 -m pip install click==8.5.1 typer==0.29.2 hydra-core==1.3.8 absl-py==2.5.1 docopt==0.6.2
python3 make_help.py
"""

import os
import pathlib
import subprocess
import sys

folder = pathlib.Path(__file__).parent
environment = {**os.environ, "COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1", "TERM": "dumb"}
for script in sorted(folder.glob("with_*.py")):
    done = subprocess.run(
        [sys.executable, script.name, "--help"], cwd=folder, env=environment, capture_output=True, text=True)
    lines = [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]
    script.with_suffix(".txt").write_text("\n".join(lines) + "\n")
