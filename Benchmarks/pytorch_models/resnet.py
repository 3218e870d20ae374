"""Residual networks of basic blocks: the CIFAR family (depth 6n + 2) and ResNet-18 for larger images."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import ATTENTIONS, FUSIONS, SpaceToDepth
from .convolutions import MakeConvolution, convolution, convolution_maker


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, which is a 1x1 convolution where the shape changes.

    With `spd`, space-to-depth behind convolutions of stride 1 halves the resolution, and the block's second
    convolution sees four times the channels.
    """

    def __init__(
        self, in_channels: int, channels: int, stride: int, make: MakeConvolution, spd: bool, attention: str | None,
    ) -> None:
        super().__init__()
        unshuffles = spd and stride == 2
        stride, growth = (1, 4) if unshuffles else (stride, 1)
        self.conv1 = make(in_channels, channels, 3, stride)
        self.reduce = SpaceToDepth() if unshuffles else nn.Identity()
        self.bn1 = nn.BatchNorm2d(growth * channels)
        self.conv2 = make(growth * channels, channels, 3)
        self.bn2 = nn.BatchNorm2d(channels)
        self.se = ATTENTIONS[attention](channels) if attention else nn.Identity()
        self.downsample: nn.Module | None = None
        if unshuffles or stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                convolution(growth * in_channels, channels, 1, stride), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(self.reduce(x))
        y = F.relu(self.bn1(self.reduce(self.conv1(x))), inplace=True)
        return F.relu(self.se(self.bn2(self.conv2(y))) + shortcut, inplace=True)


def _stage(
    blocks: int, in_channels: int, channels: int, stride: int, make: MakeConvolution, spd: bool = False,
    attention: str | None = None,
) -> nn.Sequential:
    """Makes a stage of blocks, of which the first one changes the shape."""
    return nn.Sequential(*(
        BasicBlock(channels if index else in_channels, channels, 1 if index else stride, make, spd, attention)
        for index in range(blocks)))


class ResNet(nn.Module):
    """The CIFAR ResNet: three stages of `width`, 2 and 4 times `width` channels.

    The stem and the shortcuts are always static; `conv` chooses the 3x3 convolutions of the blocks.
    """

    def __init__(
        self, depth: int = 20, width: int = 16, conv: str = "static", aggregation: str = "broadcast",
        downsample: str = "strided", attention: str | None = None, fusion: str | None = None, image_channels: int = 3,
        classes: int = 10,
    ) -> None:
        super().__init__()
        make, spd, blocks = convolution_maker(conv, aggregation), downsample == "spd", (depth - 2) // 6
        self.conv1 = convolution(image_channels, width, 3)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(blocks, width, width, 1, make, spd, attention)
        self.layer2 = _stage(blocks, width, 2 * width, 2, make, spd, attention)
        self.layer3 = _stage(blocks, 2 * width, 4 * width, 2, make, spd, attention)
        self.fusion = FUSIONS[fusion](4 * width) if fusion else nn.Identity()
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.fusion(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Bottleneck(nn.Module):
    """A 1x1, a 3x3 and a 1x1 convolution to four times the channels, and a shortcut."""

    def __init__(self, in_channels: int, channels: int, stride: int, make: MakeConvolution) -> None:
        super().__init__()
        width = 4 * channels
        self.conv1 = make(in_channels, channels, 1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = make(channels, channels, 3, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = make(channels, width, 1)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != width:
            self.downsample = nn.Sequential(convolution(in_channels, width, 1, stride), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        return F.relu(self.bn3(self.conv3(y)) + shortcut, inplace=True)


class LargeImageResNet(nn.Module):
    """ResNet-18 or ResNet-50: a 7x7 stem with stride 2, a pooling, and four stages of 64 to 512 channels.

    The stem and the shortcuts are always static; `conv` chooses the convolutions of the blocks.
    """

    def __init__(self, depth: int, conv: str = "static", aggregation: str = "broadcast", classes: int = 10) -> None:
        super().__init__()
        make = convolution_maker(conv, aggregation)
        self.conv1 = convolution(3, 64, 7, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for index, (blocks, width) in enumerate(zip({18: [2, 2, 2, 2], 50: [3, 4, 6, 3]}[depth], [64, 128, 256, 512])):
            stride = 1 if index == 0 else 2
            if depth == 18:
                stage = _stage(blocks, channels, width, stride, make)
                channels = width
            else:
                stage = nn.Sequential(*(
                    Bottleneck(4 * width if block else channels, width, 1 if block else stride, make)
                    for block in range(blocks)))
                channels = 4 * width
            setattr(self, f"layer{index + 1}", stage)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, stride=2, padding=1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))
