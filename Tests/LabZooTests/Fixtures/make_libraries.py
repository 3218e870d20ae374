#!/usr/bin/env python3
"""Writes libraries.json: names, shapes and logits of small instances of torchvision's and timm's own networks.

    pip install torchvision timm
    python3 make_libraries.py

Each case has a configuration as a spec would hold it, the names and shapes of the network's state_dict, the number of
its parameters, and the logits of two images in evaluation mode, in double precision, for weights and images that are
computed by a formula from a tensor's name and an element's position (formula.py). The libraries' classes are
used as they are; `narrow` makes networks that take no width small by dividing the channels of every layer.
"""

import contextlib
import json
import math
import pathlib
import sys
import types

import torch
from torch import nn

# Detection operators, which no classifier needs, tie torchvision's binaries to one build of PyTorch.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
import timm  # noqa: E402
import torchvision  # noqa: E402
from timm.models import efficientnet, resnet, sknet  # noqa: E402
from timm.models.xception import Xception  # noqa: E402
from torchvision import models  # noqa: E402

from formula import numbers, tensor_values  # noqa: E402

CLASSES = 5
torch.set_default_dtype(torch.float64)


@contextlib.contextmanager
def narrow(factor):
    """Layers with a fraction of the channels; images and classes keep theirs."""
    def scaled(count):
        if count in (1, 3, CLASSES):
            return count
        assert count % factor == 0, count
        return count // factor

    class Convolution(nn.Conv2d):
        def __init__(self, inputs, outputs, kernel_size, stride=1, padding=0, dilation=1, groups=1, **options):
            super().__init__(
                scaled(inputs), scaled(outputs), kernel_size, stride, padding, dilation, scaled(groups), **options)

    class Normalization(nn.BatchNorm2d):
        def __init__(self, channels, *arguments, **options):
            super().__init__(scaled(channels), *arguments, **options)

    class Linear(nn.Linear):
        def __init__(self, inputs, outputs, *arguments, **options):
            super().__init__(scaled(inputs), scaled(outputs), *arguments, **options)

    saved = nn.Conv2d, nn.BatchNorm2d, nn.Linear
    nn.Conv2d, nn.BatchNorm2d, nn.Linear = Convolution, Normalization, Linear
    try:
        yield
    finally:
        nn.Conv2d, nn.BatchNorm2d, nn.Linear = saved


def case(name, configuration, make, extent=32, factor=None):
    with narrow(factor) if factor else contextlib.nullcontext():
        network = make().double().eval()
    state = {n: t for n, t in network.state_dict().items() if "num_batches" not in n}
    image = (3, extent, extent)
    with torch.no_grad():
        for tensor_name, tensor in state.items():
            tensor.copy_(tensor_values(tensor_name, tuple(tensor.shape)))
        images = (2 * numbers("images", 2 * math.prod(image)) - 1).to(torch.float32).double()
        logits = network(images.reshape(2, *image))
    parameters = sum(p.numel() for p in network.parameters())
    print(f"{name}: {parameters:,} parameters, logits {logits.abs().mean().item():.3g}")
    return {
        "name": name, "configuration": configuration, "image": image, "classes": CLASSES, "temperature": 1.0,
        "tensors": {n: list(t.shape) for n, t in state.items()}, "parameters": parameters,
        "logits": [float(f"{value:.12g}") for value in logits.flatten().tolist()]}


def timm_resnet(block, **options):
    return lambda: resnet.ResNet(block, (1, 1, 1, 1), num_classes=CLASSES, **options)


BASIC, BOTTLENECK = models.resnet.BasicBlock, models.resnet.Bottleneck
ONES = [1, 1, 1, 1]


def torchvision_cases():
    yield case("alexnet", {"architecture": "alexnet", "width": 8}, lambda: models.AlexNet(CLASSES), 64, factor=8)
    for name in ("vgg11", "vgg13_bn", "vgg16", "vgg19_bn"):
        yield case(name, {"architecture": name, "width": 4},
                   lambda: getattr(models, name)(num_classes=CLASSES), factor=16)
    yield case("resnet18", {"architecture": "resnet18", "width": 8},
               lambda: models.resnet18(num_classes=CLASSES), factor=8)
    yield case("resnet50", {"architecture": "resnet50", "width": 8},
               lambda: models.resnet50(num_classes=CLASSES), factor=8)
    yield case("resnext50_32x4d", {"architecture": {"name": "resnext50_32x4d", "blocks": ONES}},
               lambda: models.ResNet(BOTTLENECK, ONES, CLASSES, groups=32, width_per_group=4))
    yield case("wide_resnet50_2", {"architecture": {"name": "wide_resnet50_2", "blocks": ONES}, "width": 8},
               lambda: models.ResNet(BOTTLENECK, ONES, CLASSES, width_per_group=128), factor=8)
    for version in ("1_0", "1_1"):
        width = {"1_0": 12, "1_1": 8}[version]
        yield case(f"squeezenet{version}", {"architecture": f"squeezenet{version}", "width": width},
                   lambda: models.SqueezeNet(version, CLASSES), 64, factor=8)
    yield case("googlenet", {"architecture": "googlenet", "width": 8},
               lambda: models.GoogLeNet(CLASSES, aux_logits=False, init_weights=False), factor=8)
    yield case("googlenet, auxiliary heads", {"architecture": {"name": "googlenet", "aux_logits": True}, "width": 8},
               lambda: models.GoogLeNet(CLASSES, aux_logits=True, init_weights=False), factor=8)
    yield case("mobilenet_v2", {"architecture": {"name": "mobilenet_v2", "multiplier": 0.25}},
               lambda: models.mobilenet_v2(num_classes=CLASSES, width_mult=0.25))
    yield case("shufflenet_v2_x0_5", {"architecture": "shufflenet_v2_x0_5"},
               lambda: models.shufflenet_v2_x0_5(num_classes=CLASSES))
    yield case("densenet", {"architecture": {"name": "densenet121", "growth_rate": 4, "blocks": [2, 3, 1, 2]}, "width": 6},
               lambda: models.DenseNet(4, (2, 3, 1, 2), 6, num_classes=CLASSES))


def timm_cases():
    blocks = {"name": "imagenet-resnet", "layers": 18, "blocks": ONES}
    yield case("seresnet50", {"architecture": {"name": "seresnet50", "blocks": ONES}},
               timm_resnet(resnet.Bottleneck, block_args={"attn_layer": "se"}))
    yield case("eca", {"architecture": blocks, "attention": "eca"},
               timm_resnet(resnet.BasicBlock, block_args={"attn_layer": "eca"}))
    yield case("cbam", {"architecture": {"name": "cbam_resnet18", "blocks": ONES}},
               timm_resnet(resnet.BasicBlock, block_args={"attn_layer": "cbam"}))
    basic = {"rd_ratio": 1 / 8, "rd_divisor": 16, "split_input": True}
    yield case("skresnet18", {"architecture": {"name": "skresnet18", "blocks": ONES}},
               timm_resnet(sknet.SelectiveKernelBasic, block_args={"sk_kwargs": basic}))
    yield case("skresnet50", {"architecture": {"name": "skresnet50", "blocks": ONES}},
               timm_resnet(sknet.SelectiveKernelBottleneck, block_args={"sk_kwargs": {"split_input": True}}))
    yield case("resnest14d", {"architecture": "resnest14d"}, lambda: timm.create_model("resnest14d", num_classes=CLASSES))
    yield case("mobilenetv1_025", {"architecture": "mobilenetv1_025"},
               lambda: efficientnet._gen_mobilenet_v1("mobilenetv1_100", 0.25, num_classes=CLASSES))
    yield case("xception", {"architecture": "xception", "width": 4},
               lambda: Xception(num_classes=CLASSES), 64, factor=8)


if __name__ == "__main__":
    CASES = list(torchvision_cases()) + list(timm_cases())
    path = pathlib.Path(__file__).resolve().parent / "libraries.json"
    path.write_text(json.dumps(CASES) + "\n")
    print(f"{path.name}: {len(CASES)} cases with PyTorch {torch.__version__}, torchvision {torchvision.__version__}, "
          f"timm {timm.__version__}, {path.stat().st_size:,} bytes")
