#!/usr/bin/env python3
"""Writes the folder gradcam: two networks' weights, an image, and what PyTorch finds in it by Grad-CAM.

    python3 make_gradcam.py

The networks are ResNet-8s of width 4 for images of 16×16 pixels and five classes, one of them with ODConv (two kernels) in
its blocks, in evaluation mode and double precision. Weights are computed by a formula from a tensor's name and an element's
position (LabZooTests/Fixtures/formula.py), and stored in single precision as a state_dict. `reference.json` has of each
network the probabilities, the maps of layers and classes, written down from the paper (arXiv 1610.02391) by means of
autograd, and of the dynamic one the attentions by the authors' formula.
"""

import json
import math
import pathlib
import struct
import sys
import zlib

import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "LabZooTests" / "Fixtures"))
from formula import numbers, tensor_values  # noqa: E402

torch.set_default_dtype(torch.float64)

EXTENT, CLASSES = 16, ["stop", "yield", "left", "right", "2"]
MEAN, DEVIATION = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


class ODConv(nn.Module):
    """The authors' layer: sigmoids over channels, filters and taps, a softmax over kernels, at temperature 1."""

    def __init__(self, inputs, outputs, size, stride, kernels=2):
        super().__init__()
        self.stride, self.size = stride, size
        hidden = max(inputs // 16, 16)
        self.weight = nn.Parameter(torch.zeros(kernels, outputs, inputs, size, size))
        self.attention = nn.ModuleDict({
            "fc": nn.Conv2d(inputs, hidden, 1, bias=False), "bn": nn.BatchNorm2d(hidden),
            "channel_fc": nn.Conv2d(hidden, inputs, 1), "filter_fc": nn.Conv2d(hidden, outputs, 1),
            "spatial_fc": nn.Conv2d(hidden, size * size, 1), "kernel_fc": nn.Conv2d(hidden, kernels, 1)})
        self.found = {}

    def forward(self, x):
        a = self.attention
        z = F.relu(a["bn"](a["fc"](F.adaptive_avg_pool2d(x, 1))))
        channel, filters, taps = (torch.sigmoid(a[name](z)) for name in ("channel_fc", "filter_fc", "spatial_fc"))
        kernel = torch.softmax(a["kernel_fc"](z).flatten(1), 1)
        self.found = {
            "kernel-attention": kernel, "spatial-attention": taps.flatten(1), "channel-attention": channel.flatten(1),
            "filter-attention": filters.flatten(1)}
        weights = torch.einsum("nk,koihw->noihw", kernel, self.weight) * taps.reshape(len(x), 1, 1, self.size, self.size)
        scaled = channel * x
        return filters * torch.cat([
            F.conv2d(scaled[n:n + 1], weights[n], stride=self.stride, padding=self.size // 2) for n in range(len(x))])


class Block(nn.Module):
    def __init__(self, make, inputs, channels, stride):
        super().__init__()
        self.conv1, self.bn1 = make(inputs, channels, 3, stride), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = make(channels, channels, 3, 1), nn.BatchNorm2d(channels)
        self.downsample = None
        if stride > 1 or inputs != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Block(make, 4, 4, 1))
        self.layer2 = nn.Sequential(Block(make, 4, 8, 2))
        self.layer3 = nn.Sequential(Block(make, 8, 16, 2))
        self.fc = nn.Linear(16, len(CLASSES))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def static(inputs, outputs, size, stride):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


def png(pixels):
    """A PNG of rows of RGB bytes, [H, W, 3]."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(row.flatten().tolist()) for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b""))


def picture():
    """A disc on noise."""
    noise = (numbers("picture", EXTENT * EXTENT * 3) * 120).reshape(EXTENT, EXTENT, 3)
    y, x = torch.meshgrid(torch.arange(EXTENT), torch.arange(EXTENT), indexing="ij")
    disc = ((y - 5) ** 2 + (x - 9) ** 2 < 14)[..., None]
    return torch.where(disc, torch.tensor([220.0, 40.0, 60.0]), noise).round().to(torch.uint8)


def rounded(tensor):
    return torch.round(tensor.detach(), decimals=9).tolist()


def grad_cam(network, x, layer, label):
    """The weighted sum of the channels, what is negative left out, as shares of the largest."""
    kept = {}
    module = network.get_submodule(layer)
    handle = module.register_forward_hook(lambda _, __, output: kept.update(output=output))
    score = network(x)[0, label]
    handle.remove()
    gradient, = torch.autograd.grad(score, kept["output"])
    weights = gradient.mean((2, 3), keepdim=True)
    found = F.relu((weights * kept["output"]).sum(1))[0]
    maximum = found.max().item()
    return {
        "layer": layer, "class": CLASSES[label], "maximum": maximum,
        "map": rounded(found / maximum if maximum > 0 else found)}


def case(name, make, layers):
    network = ResNet(make).eval()
    state = {n: t for n, t in network.state_dict().items() if "num_batches" not in n}
    with torch.no_grad():
        for tensor_name, tensor in state.items():
            tensor.copy_(tensor_values(tensor_name, tuple(tensor.shape)))
    torch.save({n: t.to(torch.float32) for n, t in state.items()}, FOLDER / f"{name}.pth")
    x = picture().double() / 255
    x = ((x - torch.tensor(MEAN)) / torch.tensor(DEVIATION)).permute(2, 0, 1)[None]
    probabilities = torch.softmax(network(x), 1)[0]
    attentions = [
        {"layer": path, "attention": kind, "weights": rounded(weights[0])}
        for path, module in network.named_modules() if isinstance(module, ODConv)
        for kind, weights in module.found.items()]
    order = probabilities.argsort(descending=True).tolist()
    maps = [grad_cam(network, x, layer, label) for layer in layers for label in order[:2] + [CLASSES.index("left")]]
    return {"name": name, "probabilities": probabilities.tolist(), "maps": maps, "attentions": attentions}


FOLDER = HERE / "gradcam"
FOLDER.mkdir(exist_ok=True)
(FOLDER / "image.png").write_bytes(png(picture()))
(FOLDER / "classes.txt").write_text("\n".join(CLASSES) + "\n")
CASES = [
    case("resnet", static, ["layer3.0.conv2", "layer2.0.conv1", "conv1"]),
    case("odconv", ODConv, ["layer3.0.conv2", "layer1.0.conv2"]),
]
(FOLDER / "reference.json").write_text(json.dumps(CASES) + "\n")
print(f"PyTorch {torch.__version__}")
for entry in CASES:
    print(entry["name"], [round(p, 4) for p in entry["probabilities"]])
    for found in entry["maps"]:
        print("  ", found["layer"], found["class"], f"maximum {found['maximum']:.4f}")
