"""Writes foreign/: HDF5 files of weights that no program would write, for tests.

crash.h5 and endless.h5 are not written here: they are files of labrun without their seal and with a few altered bytes, found by fuzzing, that
end libhdf5 1.10 by a segmentation fault and keep it busy for ever. See make_fixtures.py for the sound files.

usage: python make_foreign.py  (h5py 3.16, numpy 2.4)
"""

import os

import h5py
import numpy

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "foreign")
os.makedirs(folder, exist_ok=True)


def create(name):
    return h5py.File(os.path.join(folder, name), "w", track_order=False)


# Ten links in each of twelve groups lead to the next one: a walk that follows every link passes 10^12 groups.
with create("fan-out.h5") as file:
    file["weight"] = numpy.arange(3, dtype="float32")
    groups = [file.create_group("group0")]
    for depth in range(1, 13):
        groups.append(groups[-1].create_group("link0"))
    for above, below in zip(groups, groups[1:]):
        for link in range(1, 10):
            above[f"link{link}"] = below
    groups[-1]["to-itself"] = groups[0]

# One megabyte of elements under 2,000 names, and none stored, where a terabyte is claimed.
with create("many-names.h5") as file:
    file.create_dataset("weight0", data=numpy.zeros(1 << 18, dtype="float32"), compression="gzip")
    for index in range(1, 2000):
        file[f"weight{index}"] = file["weight0"]
with create("absurd.h5") as file:
    file.create_dataset("weight", shape=(1 << 33, 32, 32, 3), dtype="float32", chunks=(1, 32, 32, 3))

# A filter that libhdf5 does not bring along.
with create("lzf.h5") as file:
    file.create_dataset("weight", data=numpy.arange(1000, dtype="float32"), compression="lzf")
