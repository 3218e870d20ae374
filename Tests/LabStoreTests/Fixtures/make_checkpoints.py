"""Writes PyTorch checkpoints of several kinds, their tensors as JSON, and archives whose pickles ask for more.

Run it with Python 3 where torch is installed.
"""

import io
import json
import pathlib
import pickle
import zipfile

import torch

HERE = pathlib.Path(__file__).parent / "checkpoints"
HERE.mkdir(exist_ok=True)
torch.manual_seed(5)

base = torch.randn(6, 4)
state = {
    "conv.weight": torch.randn(2, 3, 3, 3),
    "conv.bias": torch.nn.Parameter(torch.randn(2)),
    "transposed": base.t(),
    "slice": base[1:5:2, 1:3],
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
    "double": torch.randn(3, dtype=torch.float64),
    "half": torch.tensor([1.5, -2.0, 6.1e-5, 65504.0], dtype=torch.float16),
    "bfloat": torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
    "bn.num_batches_tracked": torch.tensor(7),
    "short": torch.tensor([-3, 4], dtype=torch.int16),
    "mask": torch.tensor([True, False, True]),
}
torch.save(state, HERE / "plain.pt")

model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.randn(2, 1, 4, 4)).sum().backward()
optimizer.step()
checkpoint = {
    "epoch": 3, "loss": 0.25, "notes": ["a", None, True, -70000, 2**40],
    "optimizer": optimizer.state_dict(),
    "state_dict": {f"module.{name}": value for name, value in model.state_dict().items()},
}
torch.save(checkpoint, HERE / "checkpoint.pth")
torch.save(model.state_dict(), HERE / "ordered.pt")
torch.save(model, HERE / "module.pt")
torch.save({"a": 1, "b": "text"}, HERE / "no-tensors.pt")
torch.save(state["conv.weight"], HERE / "legacy.pt", _use_new_zipfile_serialization=False)


def archive(name, data):
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_STORED) as file:
        for part, content in [("archive/data.pkl", data), ("archive/version", b"3\n")]:
            file.writestr(zipfile.ZipInfo(part, (2020, 1, 1, 0, 0, 0)), content)


class Command:
    def __reduce__(self):
        import os

        return (os.system, ("echo executed > executed.txt",))


archive("command.pt", pickle.dumps({"weight": Command()}, protocol=2))
archive("deep.pt", b"\x80\x02)" + b"\x85" * 2_000 + b".")
# A dictionary that is put into a list and then given the list.
archive("cycle.pt", b"\x80\x02}q\x00]q\x01h\x00ah\x00X\x01\x00\x00\x00ah\x01s.")
archive("huge.pt", b"\x80\x02X\xff\xff\xff\x7fabc.")


def listed(tensors):
    return {
        name: {"shape": list(value.shape), "values": value.detach().double().flatten().tolist()}
        for name, value in tensors.items()
    }


(HERE / "expected.json").write_text(json.dumps({"plain.pt": listed(state), "ordered.pt": listed(model.state_dict())}) + "\n")
