"""Writes foreign/: HDF5 files of images that do not hold what they claim, for tests.

usage: python make_foreign.py  (h5py 3.16, numpy 2.4)
"""

import os

import h5py
import numpy

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "foreign")
os.makedirs(folder, exist_ok=True)

for name, shape, options in [
    ("absurd.h5", (1 << 33, 4, 4, 3), {"chunks": (1, 4, 4, 3)}),
    ("overflow.h5", (1 << 62, 1 << 30, 4, 3), {"chunks": (1, 1, 4, 3)}),
    ("lzf.h5", (6, 4, 4, 3), {"compression": "lzf"}),
    ("sparse.h5", (6, 4, 4, 3), {"chunks": (1, 4, 4, 3)}),
]:
    with h5py.File(os.path.join(folder, name), "w") as file:
        for part in ["train", "test"]:
            images = file.create_dataset(f"{part}/images", shape=shape, dtype="uint8", **options)
            if name == "lzf.h5":
                images[...] = numpy.arange(6 * 48, dtype="uint8").reshape(shape)
            file[f"{part}/labels"] = numpy.array([0, 1, 0, 1, 0, 1], dtype="int64")
