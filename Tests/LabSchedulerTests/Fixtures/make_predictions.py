#!/usr/bin/env python3
"""Writes predictions.npz beside itself, as NumPy does. Usage: python3 make_predictions.py   (needs numpy)"""

import pathlib

import numpy as np

np.savez(
    pathlib.Path(__file__).parent / "predictions.npz",
    logits=np.array([[0.5, 2, -1], [3, 0.25, 1.5]], np.float32), labels=np.array([1, 2], np.int64),
)
