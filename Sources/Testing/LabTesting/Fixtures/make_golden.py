#!/usr/bin/env python3
"""Makes the golden fixtures from an HDF5 file of PyTorch reference values.

    python3 make_golden.py golden.h5

The file has the groups op, block, loss and training: for each case its input, parameters, output, an upstream
gradient and the gradients that PyTorch (float32) computes from it; for each training run the images and labels of ten
steps, the initial state_dict, and (from a float64 run) the losses and the state_dicts after 1, 3 and 10 steps.

Written are three safetensors files beside this script. Their tensor names are the HDF5 paths below the top group;
labels and counts become int32; attributes become metadata. Of the training runs only the float64 values are kept
(the HDF5 file stores the state_dicts of the float64 run rounded to float32).
"""

import json
import pathlib
import struct
import sys

import h5py
import numpy as np

# The training runs' configurations are not in the file. They were found by reproducing the runs in PyTorch: with these,
# every float64 loss agrees to 1e-15 and every weight to the rounding of its storage. The common rest: batch 16, net
# of a 3x3 stem, one residual block 16 -> 32 with stride 2 and 1x1 shortcut, global average pooling and a classifier;
# ODConv in the block's two 3x3 convolutions at temperature 1; batch norm eps 1e-5, momentum 0.1; evaluation logits
# are those of the first step's images after the last step.
TRAINING = {
    "static_sgd_cross_entropy": {
        "kernels": 0, "optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True, "weightDecay": 5e-4,
        "loss": "cross-entropy"},
    "odconv4_sgd_focal": {
        "kernels": 4, "optimizer": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True, "weightDecay": 5e-4,
        "loss": "focal"},
    "static_adam_cross_entropy": {
        "kernels": 0, "optimizer": "adam", "rate": 1e-3, "weightDecay": 0.0, "loss": "cross-entropy"},
    "odconv1_adamw_cross_entropy": {
        "kernels": 1, "optimizer": "adamw", "rate": 1e-3, "weightDecay": 0.05, "loss": "cross-entropy"},
}
LEFT_OUT = {"after_1_steps", "after_3_steps", "final", "eval_logits", "losses"}


def write_safetensors(path, tensors, metadata):
    names = {"float32": "F32", "float64": "F64", "int32": "I32"}
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for name, array in sorted(tensors.items()):
        blobs.append(np.ascontiguousarray(array).tobytes())
        end = offset + len(blobs[-1])
        header[name] = {"dtype": names[array.dtype.name], "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for blob in blobs:
            file.write(blob)
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size:,} bytes")


def collect(source, groups):
    tensors, metadata = {}, {}

    def visit(name, item):
        for key, value in item.attrs.items():
            metadata[f"{name}/{key}"] = repr(float(value))
        if isinstance(item, h5py.Dataset):
            array = np.asarray(item[()])
            tensors[name] = array.astype(np.int32) if array.dtype == np.int64 else array

    for group in groups:
        source[group].visititems(lambda name, item: visit(f"{group}/{name}", item))
    return tensors, metadata


def main():
    folder = pathlib.Path(__file__).resolve().parent
    with h5py.File(sys.argv[1]) as source:
        write_safetensors(folder / "golden-operators.safetensors", *collect(source, ["op", "loss"]))
        write_safetensors(folder / "golden-blocks.safetensors", *collect(source, ["block"]))
        tensors, metadata = collect(source, ["training"])
    tensors = {name: array for name, array in tensors.items() if name.split("/")[2] not in LEFT_OUT}
    metadata.update({f"training/{name}": json.dumps(run) for name, run in TRAINING.items()})
    write_safetensors(folder / "golden-training.safetensors", tensors, metadata)


if __name__ == "__main__":
    main()
