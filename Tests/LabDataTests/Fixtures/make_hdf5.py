"""Writes HDF5 data sets whose bytes stand in several files, into the folder `linked`, and ones whose channels stand
first, into the folder `layout`.

Run it with Python 3 where numpy and h5py are installed, after removing the folders.
"""

import os
import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent / "linked"
HERE.mkdir(exist_ok=True)
os.chdir(HERE)
random = np.random.RandomState(5)
images = random.randint(0, 256, size=(8, 4, 4, 1)).astype(np.uint8)
test = random.randint(0, 256, size=(4, 4, 4, 1)).astype(np.uint8)
labels, test_labels = np.arange(8) % 2, np.arange(4) % 2


def create(name):
    # Readable by every HDF5 that knows virtual data sets.
    return h5py.File(name, "w", libver=("earliest", "v110"))


def write_test(file):
    file["test/images"], file["test/labels"] = test, test_labels


# Two halves that a virtual data set joins; the second is behind a link within its own file.
for half in range(2):
    with create(f"half-{half}.h5") as file:
        file["pictures"] = images[4 * half:4 * half + 4]
        file["newest"] = h5py.SoftLink("/pictures")

with create("virtual.h5") as file:
    layout = h5py.VirtualLayout(shape=(8, 4, 4, 1), dtype=np.uint8)
    layout[:4] = h5py.VirtualSource("half-0.h5", "pictures", shape=(4, 4, 4, 1))
    layout[4:] = h5py.VirtualSource("half-1.h5", "newest", shape=(4, 4, 4, 1))
    file.create_virtual_dataset("train/images", layout)
    file["train/labels"] = labels
    write_test(file)

# Only six of eight images have a source.
with create("gap.h5") as file:
    layout = h5py.VirtualLayout(shape=(8, 4, 4, 1), dtype=np.uint8)
    layout[:4] = h5py.VirtualSource("half-0.h5", "pictures", shape=(4, 4, 4, 1))
    layout[4:6] = h5py.VirtualSource("half-1.h5", "pictures", shape=(4, 4, 4, 1))[:2]
    file.create_virtual_dataset("train/images", layout)
    file["train/labels"] = labels
    write_test(file)

# The source has four images where six are taken.
with create("short.h5") as file:
    layout = h5py.VirtualLayout(shape=(8, 4, 4, 1), dtype=np.uint8)
    layout[:6] = h5py.VirtualSource("half-0.h5", "pictures", shape=(6, 4, 4, 1))
    layout[6:] = h5py.VirtualSource("half-1.h5", "pictures", shape=(4, 4, 4, 1))[:2]
    file.create_virtual_dataset("train/images", layout)
    file["train/labels"] = labels
    write_test(file)

# A link to a group of another file, which links to the virtual data set in turn.
with create("middle.h5") as file:
    file["part/images"] = h5py.ExternalLink("virtual.h5", "/train/images")
    file["part/labels"] = labels
with create("link.h5") as file:
    file["train"] = h5py.ExternalLink("middle.h5", "/part")
    write_test(file)

# A link in a circle.
with create("circle.h5") as file:
    file["train/images"] = h5py.ExternalLink("circle.h5", "/train/images")
    file["train/labels"] = labels
    write_test(file)

# Raw files, whose names start from the working folder.
with create("external.h5") as file:
    file.create_dataset(
        "train/images", data=images, external=[("first.raw", 16, 64), ("second.raw", 0, h5py.h5f.UNLIMITED)])
    file["train/labels"] = labels
    write_test(file)

os.chdir(HERE.parent)
pathlib.Path("layout").mkdir(exist_ok=True)
pictures = random.randint(0, 256, size=(8, 5, 6, 3)).astype(np.uint8)
test_pictures = random.randint(0, 256, size=(4, 5, 6, 3)).astype(np.uint8)
low = random.randint(0, 256, size=(8, 3, 6, 3)).astype(np.uint8)
many = random.randint(0, 256, size=(8, 5, 6, 7)).astype(np.uint8)


def write(name, train, tested, first):
    with h5py.File(f"layout/{name}.h5", "w") as file:
        for part, array, numbers in [("train", train, labels), ("test", tested, test_labels)]:
            file[f"{part}/images"] = array.transpose(0, 3, 1, 2) if first else array
            file[f"{part}/labels"] = numbers


write("last", pictures, test_pictures, False)
write("first", pictures, test_pictures, True)
# Three rows of three channels could be either.
write("either", low, low[:4], False)
# Seven channels are no picture's; neither layout suggests itself.
write("many", many, many[:4], False)
