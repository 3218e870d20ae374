"""Tests of the client; `python3 -m unittest discover` runs them from the folder above."""

import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
sys.path.insert(0, str(SOURCES))
