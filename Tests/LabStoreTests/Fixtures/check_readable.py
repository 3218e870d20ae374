"""Checks that h5py and PyTorch read what labrun writes, with no tool of its own.

Run: StoreCrasher samples FOLDER, then python3 check_readable.py RUN_FOLDER with the folder that it names. The fixture
labrun-weights.h5 is the weights-final.h5 of such a folder.
"""

import json
import sys

import h5py
import numpy as np
import torch


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(2)


folder = sys.argv[1]
counting = np.arange(54, dtype=np.float32).reshape(2, 3, 3, 3) / 8 - 2

with h5py.File(f"{folder}/weights-final.h5") as file:
    state_dict = {name: torch.as_tensor(data[()]) for name, data in file.items()}
    assert file.attrs["format"] == "labrun-weights" and file.attrs["epoch"] == 3 and file.attrs["accuracy"] == 0.5
    assert len(file.attrs["run"]) == 64
assert np.array_equal(state_dict["conv1.weight"].numpy(), counting)
model = Model()
result = model.load_state_dict(state_dict, strict=False)
assert not result.unexpected_keys, result
assert torch.equal(model.conv1.weight.detach(), torch.from_numpy(counting))
assert int(model.bn1.num_batches_tracked) == 9

with h5py.File(f"{folder}/checkpoint.h5") as file:
    assert sorted(file) == ["optimizer", "parameters", "state"]
    assert np.array_equal(file["parameters/conv1.weight"][:], counting)
    assert file["optimizer/conv1.weight.momentum"][:].tolist() == [0.1, 0.2, 0.3]
    assert file["state/mask"].dtype == np.uint8
    assert json.loads(file.attrs["progress"]) == {"epoch": 3, "note": "größer", "loss_sum": 0.1}

with h5py.File(f"{folder}/predictions.h5") as file:
    assert file["logits"].shape == (3, 2) and file["logits"].dtype == np.float32
    assert file["labels"][:].tolist() == [0, 1, 0]
    assert file["confusion"][:].tolist() == [[1, 0], [1, 1]]
    assert json.loads(file.attrs["class_names"]) == ["stop", "größer"]

print("readable")
