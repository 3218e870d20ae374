"""MobileNetV2 for images of 32 pixels: inverted residuals with depth-wise convolutions."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .convolutions import MakeConvolution, convolution, convolution_maker

# Expansion, channels, blocks, stride of the first block. For small images neither the stem nor the second stage has
# the stride that the paper gives them.
STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)


def _unit(
    in_channels: int, channels: int, kernel_size: int, stride: int = 1, groups: int = 1,
    make: MakeConvolution = convolution,
) -> nn.Sequential:
    """Makes a convolution with its normalisation and ReLU6."""
    return nn.Sequential(
        make(in_channels, channels, kernel_size, stride, groups), nn.BatchNorm2d(channels), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """A 1x1 convolution to many channels, a depth-wise 3x3, a 1x1 to few without a non-linearity."""

    def __init__(self, in_channels: int, channels: int, expansion: int, stride: int, make: MakeConvolution) -> None:
        super().__init__()
        hidden = in_channels * expansion
        widened = [_unit(in_channels, hidden, 1, make=make)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *widened, _unit(hidden, hidden, 3, stride, hidden, make), make(hidden, channels, 1),
            nn.BatchNorm2d(channels))
        self.is_residual = stride == 1 and in_channels == channels

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.is_residual else self.conv(x)


class MobileNetV2(nn.Module):
    """The network with the paper's channels, and a dropout of 0.2 in front of its last layer.

    `conv` is the convolution of all layers but the first one, `aggregation` how a dynamic one sums its kernels.
    """

    def __init__(self, classes: int = 10, conv: str = "static", aggregation: str = "broadcast") -> None:
        super().__init__()
        make = convolution_maker(conv, aggregation)
        layers: list[nn.Module] = [_unit(3, 32, 3)]
        in_channels = 32
        for expansion, channels, blocks, stride in STAGES:
            for index in range(blocks):
                layers.append(InvertedResidual(in_channels, channels, expansion, 1 if index else stride, make))
                in_channels = channels
        layers.append(_unit(in_channels, 1280, 1, make=make))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))
        nn.init.normal_(self.classifier[1].weight, std=0.01)
        nn.init.zeros_(self.classifier[1].bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), 1).flatten(1))
