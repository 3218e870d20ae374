"""Writes the fixtures beside this script: small data sets, and reference values computed by NumPy, SciPy and PyTorch.

Run it with Python 3 where numpy, scipy, h5py and torch are installed; the output is the same every time.
"""

import gzip
import json
import pathlib
import struct

import h5py
import numpy as np
import scipy.stats
import torch

HERE = pathlib.Path(__file__).parent
random = np.random.RandomState(7)


def write_idx():
    """An IDX folder: 12 training and 6 test images of 5 rows and 4 columns, 3 classes; two files are gzipped."""
    folder = HERE / "idx"
    folder.mkdir(exist_ok=True)

    def encode(array):
        header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        return header + array.tobytes()

    for prefix, count in [("train", 12), ("t10k", 6)]:
        # Pixel = 20 · (image mod 12) + its position in row-major order, so that a test can tell what it should be.
        images = (20 * np.arange(count)[:, None, None] + np.arange(20).reshape(1, 5, 4)).astype(np.uint8)
        labels = (np.arange(count) % 3).astype(np.uint8)
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(encode(images), mtime=0))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(encode(labels))


def write_hdf5():
    """HDF5 files of 2×3 RGB images: compressed with groups and an array of names, and plain with names as JSON."""
    images = random.randint(0, 256, size=(8, 2, 3, 3)).astype(np.uint8)
    images[3] = np.arange(18).reshape(2, 3, 3)
    test = random.randint(0, 256, size=(4, 2, 3, 3)).astype(np.uint8)
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])

    with h5py.File(HERE / "grouped.h5", "w", track_order=False) as file:
        file.attrs["class_names"] = ["left", "right"]
        file.create_dataset("train/images", data=images, chunks=(2, 2, 3, 3), compression="gzip")
        file.create_dataset("train/labels", data=labels.astype(np.int64))
        file.create_dataset("train/groups", data=np.array([5, 5, 9, 9, 70000, 70000, 2, 2], dtype=np.int64))
        file.create_dataset("train/session", data=np.array([0, 0, 0, 0, 1, 1, 1, 1], dtype=np.int16))
        file.create_dataset("test/images", data=test)
        file.create_dataset("test/labels", data=np.array([0, 1, 0, 1], dtype=np.uint8))

    with h5py.File(HERE / "tracks.h5", "w") as file:
        file.create_dataset("train/images", data=images)
        file.create_dataset("train/labels", data=labels)
        file.create_dataset("train/track", data=np.array([3, 3, 1, 1, 4, 4, 2, 2]))
        file.create_dataset("test/images", data=test)
        file.create_dataset("test/labels", data=np.array([0, 1, 0, 1]))

    with h5py.File(HERE / "plain.h5", "w") as file:
        file.attrs["classes"] = json.dumps(["zero", "one", "two"])
        file.create_dataset("train/images", data=images[..., 0])
        file.create_dataset("train/labels", data=labels.astype(np.int32))
        file.create_dataset("test/images", data=test[..., 0])
        file.create_dataset("test/labels", data=np.array([0, 1, 0, 1], dtype=np.int32))

    def broken(name, train_images, train_labels):
        with h5py.File(HERE / f"{name}.h5", "w") as file:
            file.create_dataset("train/images", data=train_images)
            file.create_dataset("train/labels", data=train_labels)
            file.create_dataset("test/images", data=test)
            file.create_dataset("test/labels", data=np.array([0, 1, 0, 1]))

    broken("float_images", images.astype(np.float32), labels)
    broken("few_labels", images, labels[:7])
    broken("negative_label", images, np.array([0, 0, 0, -1, 1, 1, 1, 1]))


def affine_cases():
    """Bilinear sampling under rotation, scale, translation, crop and mirroring, by torch's grid_sample.

    The position in the source comes from the inverse of a product of homogeneous matrices.
    """
    height, width = 6, 8
    image = random.randint(0, 256, size=(height, width, 2)).astype(np.uint8)
    cases = []
    parameters = [
        (0, 1, 0, 0, 0, 0, False), (30, 1, 0, 0, 0, 0, False), (-17.5, 1.2, 0.7, -1.3, 0, 0, False),
        (90, 1, 0, 0, 0, 0, True), (12, 0.8, -2.25, 1.5, 1, -2, False), (-45, 1.1, 0.4, 0.3, -2, 1, True),
    ]
    for degrees, scale, right, down, offset_x, offset_y, flipped in parameters:
        def shift(x, y):
            return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])

        angle = np.deg2rad(degrees)
        # With y pointing down, this matrix turns clockwise as seen.
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        zoom = np.diag([scale, scale, 1.0])
        centre = ((width - 1) / 2, (height - 1) / 2)
        forward = shift(right, down) @ shift(*centre) @ turn @ zoom @ shift(-centre[0], -centre[1])
        forward = shift(-offset_x, -offset_y) @ forward
        if flipped:
            forward = np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1.0]]) @ forward
        inverse = np.linalg.inv(forward)
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        source = np.einsum("ij,jrc->irc", inverse, np.stack([columns, rows, np.ones_like(columns)]))
        grid = np.stack([2 * source[0] / (width - 1) - 1, 2 * source[1] / (height - 1) - 1], axis=-1)
        output = torch.nn.functional.grid_sample(
            torch.tensor(image.astype(np.float64)).permute(2, 0, 1)[None], torch.tensor(grid)[None],
            mode="bilinear", padding_mode="zeros", align_corners=True)[0]
        cases.append({
            "degrees": degrees, "scale": scale, "right": right, "down": down, "offset_x": offset_x,
            "offset_y": offset_y, "flipped": flipped, "output": output.flatten().tolist(),
        })
    return {"height": height, "width": width, "channels": 2, "image": image.flatten().tolist(), "cases": cases}


def resampling_cases():
    """Enlarging and shrinking with torch's anti-aliased bilinear interpolation."""
    image = random.randint(0, 256, size=(7, 9, 3)).astype(np.uint8)
    cases = []
    for size in [4, 5, 12]:
        output = torch.nn.functional.interpolate(
            torch.tensor(image.astype(np.float64)).permute(2, 0, 1)[None], size=(size, size), mode="bilinear",
            antialias=True, align_corners=False)[0].permute(1, 2, 0)
        cases.append({"size": size, "output": output.flatten().tolist()})
    return {"height": 7, "width": 9, "channels": 3, "image": image.flatten().tolist(), "cases": cases}


def beta_quantiles():
    shares = [0.1, 0.25, 0.5, 0.75, 0.9]
    return [
        {"alpha": alpha, "shares": shares, "quantiles": scipy.stats.beta.ppf(shares, alpha, alpha).tolist()}
        for alpha in [0.2, 1.0, 4.0]
    ]


write_idx()
write_hdf5()
for name, content in [
    ("affine", affine_cases()), ("resampling", resampling_cases()), ("beta", beta_quantiles())
]:
    (HERE / f"{name}.json").write_text(json.dumps(content) + "\n")
