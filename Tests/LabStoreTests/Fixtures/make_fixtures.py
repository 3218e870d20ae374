"""Writes weights as other programs do: the files that WeightsFileTests.swift reads.

Run in this folder: python3 make_fixtures.py (needs h5py, numpy and torch).
"""

import json
import struct

import h5py
import numpy as np
import torch


def counting(start, shape, dtype):
    """Counts upwards in eighths, which every floating-point type here holds exactly."""
    count = int(np.prod(shape))
    return torch.tensor([start + index / 8 for index in range(count)], dtype=dtype).reshape(shape)


state_dict = {
    "conv1.weight": counting(-2, (2, 3, 3, 3), torch.float32),
    "bn1.running_var": counting(0, (2,), torch.float64),
    "bn1.num_batches_tracked": torch.tensor(1 << 40),
    "layer1.0.conv1.weight": counting(1, (2, 2, 2, 1), torch.float16),
    "fc.bias": counting(3, (5,), torch.float32),
}

with h5py.File("state-dict.h5", "w") as file:
    for name, tensor in state_dict.items():
        file[name] = tensor.numpy()

with h5py.File("state-dict-chunked.h5", "w", libver="v110", userblock_size=1024) as file:
    for name, tensor in state_dict.items():
        options = {"compression": "gzip", "shuffle": True, "chunks": True} if tensor.dim() else {}
        data = tensor.numpy()
        file.create_dataset(name, data=data.astype(data.dtype.newbyteorder(">")), **options)

with h5py.File("checkpoint-like.h5", "w") as file:
    file.create_group("optimizer")["step"] = 7
    for name, tensor in state_dict.items():
        file.create_group("parameters") if "parameters" not in file else None
        file["parameters"][name] = tensor.numpy()

h5py.File("empty.h5", "w").close()

with h5py.File("text.h5", "w") as file:
    file["conv1.weight"] = "no numbers"

with h5py.File("links.h5", "w") as file:
    file["own"] = np.zeros(2, dtype=np.float32)
    file["soft"] = h5py.SoftLink("/own")
    file["external"] = h5py.ExternalLink("state-dict.h5", "/fc.bias")

with h5py.File("claims-terabytes.h5", "w") as file:
    file.create_dataset("conv1.weight", shape=(1 << 40,), chunks=(1 << 20,), dtype=np.float32)

header, body = {"__metadata__": {"format": "pt"}}, b""
names = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.int64: "I64"}
for name, tensor in state_dict.items():
    data = tensor.numpy().tobytes()
    offsets = [len(body), len(body) + len(data)]
    header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
    body += data
text = json.dumps(header).encode()
with open("state-dict.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + body)
