#!/usr/bin/env python3
"""Writes networks.json: names, shapes and logits of networks written in plain PyTorch.

    python3 make_networks.py

Each case has a configuration as a spec would hold it, the names and shapes of the network's state_dict, the number of
its parameters, and the logits of two images in evaluation mode, in double precision, for weights and images that are
computed by a formula (formula.py) from a tensor's name and an element's position.
"""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

from formula import numbers, tensor_values

torch.set_default_dtype(torch.float64)


class Static(nn.Conv2d):
    def __init__(self, inputs, outputs, size, stride, groups):
        super().__init__(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)


class Dynamic(nn.Module):
    """A convolution with one set of weights a sample."""

    def __init__(self, kernels, inputs, outputs, size, stride, groups):
        super().__init__()
        self.stride, self.groups, self.size = stride, groups, size
        self.weight = nn.Parameter(torch.zeros(kernels, outputs, inputs // groups, size, size))

    def aggregate(self, x, kernel):
        """kernel: [N, K]"""
        weights = torch.einsum("nk,koihw->noihw", kernel, self.weight)
        return self.convolve(x, weights)

    def convolve(self, x, weights):
        return torch.cat([
            F.conv2d(x[n:n + 1], weights[n], stride=self.stride, padding=self.size // 2, groups=self.groups)
            for n in range(len(x))])


class Attention(nn.Module):
    def __init__(self, kernels, inputs, outputs, size, groups, temperature):
        super().__init__()
        hidden = max(inputs // 16, 16)
        self.temperature, self.kernels, self.size = temperature, kernels, size
        self.depthwise = groups == inputs == outputs
        self.fc = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn = nn.BatchNorm2d(hidden)
        self.channel_fc = nn.Conv2d(hidden, inputs, 1)
        if not self.depthwise:
            self.filter_fc = nn.Conv2d(hidden, outputs, 1)
        if size > 1:
            self.spatial_fc = nn.Conv2d(hidden, size * size, 1)
        if kernels > 1:
            self.kernel_fc = nn.Conv2d(hidden, kernels, 1)

    def forward(self, x):
        z = F.relu(self.bn(self.fc(F.adaptive_avg_pool2d(x, 1))))
        t, batch = self.temperature, len(x)
        channel = torch.sigmoid(self.channel_fc(z) / t)
        filters = 1 if self.depthwise else torch.sigmoid(self.filter_fc(z) / t)
        spatial = torch.ones(batch, 1, self.size, self.size).double()
        if self.size > 1:
            spatial = torch.sigmoid(self.spatial_fc(z) / t).reshape(batch, 1, self.size, self.size)
        kernel = torch.ones(batch, 1).double()
        if self.kernels > 1:
            kernel = torch.softmax(self.kernel_fc(z) / t, 1).flatten(1)
        return channel, filters, spatial, kernel


class ODConv(Dynamic):
    def __init__(self, kernels, inputs, outputs, size, stride, groups, temperature):
        super().__init__(kernels, inputs, outputs, size, stride, groups)
        self.attention = Attention(kernels, inputs, outputs, size, groups, temperature)

    def forward(self, x):
        channel, filters, spatial, kernel = self.attention(x)
        weights = torch.einsum("nk,koihw->noihw", kernel, self.weight) * spatial[:, None]
        return filters * self.convolve(channel * x, weights)


class DyAttention(nn.Module):
    def __init__(self, kernels, inputs, temperature):
        super().__init__()
        self.temperature = temperature
        self.fc1 = nn.Conv2d(inputs, max(inputs // 4, 1), 1, bias=False)
        self.fc2 = nn.Conv2d(max(inputs // 4, 1), kernels, 1)

    def forward(self, x):
        z = F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))
        return torch.softmax(self.fc2(z).flatten(1) / self.temperature, 1)


class DyConv(Dynamic):
    def __init__(self, kernels, inputs, outputs, size, stride, groups, temperature):
        super().__init__(kernels, inputs, outputs, size, stride, groups)
        self.attention = DyAttention(kernels, inputs, temperature)

    def forward(self, x):
        return self.aggregate(x, self.attention(x))


class CondConv(Dynamic):
    def __init__(self, kernels, inputs, outputs, size, stride, groups, temperature):
        super().__init__(kernels, inputs, outputs, size, stride, groups)
        self.routing_fn = nn.Linear(inputs, kernels)

    def forward(self, x):
        return self.aggregate(x, torch.sigmoid(self.routing_fn(x.mean((2, 3)))))


def space_to_depth(x):
    return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


REDUCTIONS = {
    "strided": (2, lambda x: x, 1), "spd": (1, space_to_depth, 4),
    "maxpool": (1, lambda x: F.max_pool2d(x, 2, ceil_mode=True), 1),
    "avgpool": (1, lambda x: F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False), 1)}
ACTIVATIONS = {"relu": F.relu, "hard-swish": F.hardswish, "silu": F.silu}


class Style:
    def __init__(self, conv="static", kernels=1, everywhere=False, temperature=1.0, downsample="strided",
                 norm="batch", activation="relu"):
        self.conv, self.kernels, self.everywhere, self.temperature = conv, kernels, everywhere, temperature
        self.stride, self.reduce, self.growth = REDUCTIONS[downsample]
        self.norm = nn.BatchNorm2d if norm == "batch" else (lambda channels: nn.GroupNorm(2, channels))
        self.activation = ACTIVATIONS[activation]

    def convolution(self, inputs, outputs, size, stride=1, groups=1, outer=False):
        if self.conv == "static" or (outer and not self.everywhere):
            return Static(inputs, outputs, size, stride, groups)
        kind = {"odconv": ODConv, "dyconv": DyConv, "condconv": CondConv}[self.conv]
        return kind(self.kernels, inputs, outputs, size, stride, groups, self.temperature)


class Block(nn.Module):
    """A basic block, or a bottleneck."""

    def __init__(self, style, inputs, channels, halves, bottleneck=False, shortcut="projection", stride_first=False):
        super().__init__()
        self.style, self.halves, self.bottleneck = style, halves, bottleneck
        outputs = channels * (4 if bottleneck else 1)
        first = halves and bottleneck and stride_first and style.stride == 2
        self.reduces_at = 0 if not halves else (2 if bottleneck and not first else 1)
        if first:
            self.reduces_at = 0
        if bottleneck:
            self.conv1 = style.convolution(inputs, channels, 1, 2 if first else 1)
            self.bn1 = style.norm(channels)
            self.conv2 = style.convolution(channels, channels, 3, style.stride if self.reduces_at == 2 else 1)
            grown = channels * (style.growth if self.reduces_at == 2 else 1)
            self.bn2 = style.norm(grown)
            self.conv3 = style.convolution(grown, outputs, 1)
            self.bn3 = style.norm(outputs)
        else:
            self.conv1 = style.convolution(inputs, channels, 3, style.stride if halves else 1)
            grown = channels * (style.growth if halves else 1)
            self.bn1 = style.norm(grown)
            self.conv2 = style.convolution(grown, channels, 3)
            self.bn2 = style.norm(channels)
        self.identity = None
        if halves or inputs != outputs:
            if shortcut == "projection":
                self.downsample = nn.Sequential(
                    style.convolution(
                        inputs * (style.growth if halves else 1), outputs, 1, style.stride if halves else 1,
                        outer=True),
                    style.norm(outputs))
            else:
                self.identity = outputs - inputs

    def shortcut(self, x):
        if self.identity is not None:
            x = x[:, :, ::2, ::2] if self.halves else x
            return F.pad(x, (0, 0, 0, 0, self.identity // 2, self.identity - self.identity // 2))
        if hasattr(self, "downsample"):
            return self.downsample(self.style.reduce(x) if self.halves else x)
        return x

    def forward(self, x):
        act, reduce = self.style.activation, self.style.reduce
        y = self.conv1(x)
        y = act(self.bn1(reduce(y) if self.reduces_at == 1 else y))
        y = self.conv2(y)
        y = self.bn2(reduce(y) if self.reduces_at == 2 else y)
        if self.bottleneck:
            y = self.bn3(self.conv3(act(y)))
        return act(y + self.shortcut(x))


class PlainBlock(nn.Module):
    def __init__(self, style, inputs, channels, halves):
        super().__init__()
        self.style, self.halves = style, halves
        self.conv = style.convolution(inputs, channels, 3, style.stride if halves else 1)
        self.bn = style.norm(channels * (style.growth if halves else 1))

    def forward(self, x):
        y = self.conv(x)
        return self.style.activation(self.bn(self.style.reduce(y) if self.halves else y))


class DenseLayer(nn.Sequential):
    """A pre-activated convolution, with a 1×1 one in front of it where there are bottlenecks."""

    def __init__(self, inputs, growth, bottleneck):
        super().__init__()
        widths = [(inputs, 4 * growth, 1), (4 * growth, growth, 3)] if bottleneck else [(inputs, growth, 3)]
        for index, (width, outputs, size) in enumerate(widths):
            self.add_module(f"norm{index + 1}", nn.BatchNorm2d(width))
            self.add_module(f"relu{index + 1}", nn.ReLU())
            self.add_module(f"conv{index + 1}", nn.Conv2d(width, outputs, size, padding=size // 2, bias=False))

    def forward(self, x):
        return torch.cat([x, super().forward(x)], 1)


def dense(depth, growth, classes, bottleneck=False, compression=1.0):
    """The densely connected network for small images, by torchvision's names."""
    channels = 2 * growth if bottleneck and compression < 1 else 16
    features = nn.Sequential()
    features.add_module("conv0", nn.Conv2d(3, channels, 3, padding=1, bias=False))
    for block in range(3):
        layers = nn.Sequential()
        for index in range((depth - 4) // (6 if bottleneck else 3)):
            layers.add_module(f"denselayer{index + 1}", DenseLayer(channels, growth, bottleneck))
            channels += growth
        features.add_module(f"denseblock{block + 1}", layers)
        if block < 2:
            transition = nn.Sequential()
            transition.add_module("norm", nn.BatchNorm2d(channels))
            transition.add_module("relu", nn.ReLU())
            transition.add_module("conv", nn.Conv2d(channels, int(channels * compression), 1, bias=False))
            transition.add_module("pool", nn.AvgPool2d(2))
            channels = int(channels * compression)
            features.add_module(f"transition{block + 1}", transition)
    features.add_module("norm4", nn.BatchNorm2d(channels))
    network = nn.Sequential()
    network.add_module("features", features)
    network.add_module("relu", nn.ReLU())
    network.add_module("pool", nn.AdaptiveAvgPool2d(1))
    network.add_module("flatten", nn.Flatten())
    network.add_module("classifier", nn.Linear(channels, classes))
    return network


class Fusion(nn.Module):
    def __init__(self, channels, combine):
        super().__init__()
        self.combine = combine
        for size in (1, 3, 5, 7):
            setattr(self, f"conv{size}x{size}", nn.Conv2d(channels, channels, size, padding=size // 2))
        if combine == "weighted":
            self.branch_weights = nn.Parameter(torch.ones(4))
        if combine == "concat":
            self.project = nn.Conv2d(4 * channels, channels, 1)

    def forward(self, x):
        branches = [getattr(self, f"conv{size}x{size}")(x) for size in (1, 3, 5, 7)]
        if self.combine == "concat":
            return self.project(torch.cat(branches, 1))
        if self.combine == "weighted":
            branches = [weight * branch for weight, branch in zip(self.branch_weights, branches)]
        return sum(branches)


class Network(nn.Module):
    def __init__(self, style, blocks, make, width, classes, stem="cifar", fusion=None, inputs=3):
        """make(inputs, channels, halves) returns a block."""
        super().__init__()
        self.style, self.stem, self.fused = style, stem, fusion
        size = {"cifar": 3, "imagenet": 7, "spd": 1}[stem]
        self.conv1 = style.convolution(
            inputs * (4 if stem == "spd" else 1), width, size, 2 if stem == "imagenet" else 1, outer=True)
        self.bn1 = style.norm(width)
        channels, self.stages = width, len(blocks)
        for stage, count in enumerate(blocks):
            layers = []
            for index in range(count):
                block = make(channels, width << stage, stage > 0 and index == 0)
                channels = block(torch.zeros(2, channels, 8, 8)).shape[1]
                layers.append(block)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        if fusion:
            self.fusion = Fusion(channels, fusion)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.style.activation(self.bn1(self.conv1(space_to_depth(x) if self.stem == "spd" else x)))
        if self.stem == "imagenet":
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        if self.fused:
            x = self.style.activation(self.fusion(x))
        return self.fc(x.mean((2, 3)))


def case(name, configuration, network, image=(3, 8, 8), classes=5, temperature=None):
    network = network.double().eval()
    state = {n: t for n, t in network.state_dict().items() if "num_batches" not in n}
    with torch.no_grad():
        for tensor_name, tensor in state.items():
            tensor.copy_(tensor_values(tensor_name, tuple(tensor.shape)))
        images = (2 * numbers("images", 2 * math.prod(image)) - 1).to(torch.float32).double()
        logits = network(images.reshape(2, *image))
    return {
        "name": name, "configuration": configuration, "image": image, "classes": classes,
        "temperature": temperature or 1.0, "tensors": {n: list(t.shape) for n, t in state.items()},
        "parameters": sum(p.numel() for p in network.parameters()), "logits": logits.flatten().tolist()}


def resnet(style, depth=8, width=4, classes=5, **options):
    shortcut = options.pop("shortcut", "projection")
    return Network(
        style, [(depth - 2) // 6] * 3, lambda i, c, h: Block(style, i, c, h, shortcut=shortcut), width, classes,
        **options)


def plain(style, depth, width, classes, stages):
    return Network(style, [(depth - 1) // stages] * stages, lambda i, c, h: PlainBlock(style, i, c, h), width, classes)


def imagenet(style, layers, width, classes, stem="imagenet", stride_first=False):
    blocks = {18: [2, 2, 2, 2], 50: [3, 4, 6, 3]}[layers]
    make = lambda i, c, h: Block(style, i, c, h, bottleneck=layers >= 50, stride_first=stride_first)
    return Network(style, blocks, make, width, classes, stem=stem)


SMALL = {"depth": 8, "width": 4}
CASES = [
    case("resnet-20", {}, resnet(Style(), 20, 16, 10), classes=10),
    case("resnet-20, identity shortcuts", {"architecture": {"name": "resnet", "shortcut": "identity"}},
         resnet(Style(), 20, 16, 10, shortcut="identity"), classes=10),
    case("resnet-8, odd extents", SMALL, resnet(Style()), image=(3, 7, 9)),
    case("resnet-8, one channel", SMALL, resnet(Style(), inputs=1), image=(1, 8, 8)),
]
for downsample in ("spd", "maxpool", "avgpool"):
    CASES.append(case(
        f"resnet-8, {downsample}", {**SMALL, "downsample": downsample}, resnet(Style(downsample=downsample))))
for downsample in ("maxpool", "avgpool"):
    CASES.append(case(
        f"resnet-8, {downsample}, odd extents", {**SMALL, "downsample": downsample},
        resnet(Style(downsample=downsample)), image=(3, 7, 9)))
for conv, kernels in (("odconv", 1), ("odconv", 4), ("dyconv", 4), ("condconv", 8)):
    CASES.append(case(
        f"resnet-8, {conv}-{kernels}x", {**SMALL, "conv": f"{conv}-{kernels}x"}, resnet(Style(conv, kernels))))
CASES += [
    case("resnet-8, odconv-2x, temperature 15.5", {**SMALL, "conv": "odconv-2x"},
         resnet(Style("odconv", 2, temperature=15.5)), temperature=15.5),
    case("resnet-8, odconv everywhere",
         {**SMALL, "conv": {"name": "odconv", "kernels": 2, "everywhere": True}},
         resnet(Style("odconv", 2, everywhere=True))),
    case("resnet-8, odconv-4x, spd", {**SMALL, "conv": "odconv-4x", "downsample": "spd"},
         resnet(Style("odconv", 4, downsample="spd"))),
    case("resnet-8, spd stem", {**SMALL, "stem": "spd"}, resnet(Style(), stem="spd")),
    case("resnet-8, group norm, hard-swish",
         {**SMALL, "norm": {"name": "group", "groups": 2}, "activation": "hard-swish"},
         resnet(Style(norm="group", activation="hard-swish"))),
    case("plain-5, two stages", {"architecture": {"name": "plain", "stages": 2}, "depth": 5, "width": 4},
         plain(Style(), 5, 4, 5, 2)),
    case("plain-4, spd, silu", {"architecture": "plain", "depth": 4, "width": 4, "downsample": "spd",
                                "activation": "silu"},
         plain(Style(downsample="spd", activation="silu"), 4, 4, 5, 3)),
    case("resnet18", {"architecture": "resnet18", "width": 4}, imagenet(Style(), 18, 4, 5), image=(3, 32, 32)),
    case("resnet18, spd", {"architecture": "resnet18", "width": 4, "downsample": "spd"},
         imagenet(Style(downsample="spd"), 18, 4, 5, stem="spd"), image=(3, 16, 16)),
    case("resnet50", {"architecture": "resnet50", "width": 2}, imagenet(Style(), 50, 2, 5), image=(3, 32, 32)),
    case("resnet50, stride in 1x1", {"architecture": {"name": "resnet50", "stride_in": "1x1"}, "width": 2},
         imagenet(Style(), 50, 2, 5, stride_first=True), image=(3, 32, 32)),
    case("resnet50, odconv-4x, spd", {"architecture": "resnet50", "width": 2, "conv": "odconv-4x",
                                      "downsample": "spd"},
         imagenet(Style("odconv", 4, downsample="spd"), 50, 2, 5, stem="spd"), image=(3, 16, 16)),
]
CASES += [
    case("densenet, depth 13", {"architecture": {"name": "densenet", "growth_rate": 4}, "depth": 13}, dense(13, 4, 5)),
    case("densenet-bc, depth 16",
         {"architecture": {"name": "densenet", "growth_rate": 3, "bottleneck": True, "compression": 0.5}, "depth": 16},
         dense(16, 3, 5, bottleneck=True, compression=0.5)),
]
for combine in ("sum", "weighted", "concat"):
    CASES.append(case(
        f"resnet-8, fusion by {combine}", {**SMALL, "fusion": f"multiscale-{combine}"},
        resnet(Style(), fusion=combine)))

path = pathlib.Path(__file__).resolve().parent / "networks.json"
path.write_text(json.dumps(CASES) + "\n")
print(f"{path.name}: {len(CASES)} cases with PyTorch {torch.__version__}, {path.stat().st_size:,} bytes")
for entry in CASES:
    print(f"{entry['name']}: {entry['parameters']:,} parameters")
