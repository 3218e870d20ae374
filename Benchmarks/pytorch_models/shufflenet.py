"""ShuffleNetV2 for images of 32 pixels: half of the channels pass a block unchanged, a shuffle mixes both halves."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .convolutions import convolution

STAGES = ((4, 116), (8, 232), (4, 464))


def _pointwise(in_channels: int, channels: int) -> list[nn.Module]:
    """Makes a 1x1 convolution with its normalisation and ReLU."""
    return [convolution(in_channels, channels, 1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    """Makes a depth-wise 3x3 convolution with its normalisation."""
    return [convolution(channels, channels, 3, stride, groups=channels), nn.BatchNorm2d(channels)]


def _interleaved(a: Tensor, b: Tensor) -> Tensor:
    """Returns the channels of both in turn, which is their concatenation and its shuffle in one copy."""
    if a.is_contiguous(memory_format=torch.channels_last) or b.is_contiguous(memory_format=torch.channels_last):
        last = torch.stack((a.permute(0, 2, 3, 1), b.permute(0, 2, 3, 1)), dim=-1)
        return last.flatten(3).permute(0, 3, 1, 2)
    return torch.stack((a, b), dim=2).flatten(1, 2)


class ShuffleUnit(nn.Module):
    """A block; one that halves the resolution changes both halves, others one."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        half, inner = channels // 2, in_channels if stride == 2 else channels // 2
        self.branch1: nn.Module | None = None
        if stride == 2:
            self.branch1 = nn.Sequential(*_depthwise(in_channels, 2), *_pointwise(in_channels, half))
        self.branch2 = nn.Sequential(*_pointwise(inner, half), *_depthwise(half, stride), *_pointwise(half, half))

    def forward(self, x: Tensor) -> Tensor:
        if self.branch1 is not None:
            return _interleaved(self.branch1(x), self.branch2(x))
        passed, changed = x.chunk(2, dim=1)
        return _interleaved(passed, self.branch2(changed))


class ShuffleNetV2(nn.Module):
    """The network in its size x1.0, with a 3x3 stem without stride or pooling."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(convolution(3, 24, 3), nn.BatchNorm2d(24), nn.ReLU(inplace=True))
        in_channels = 24
        stages = []
        for blocks, channels in STAGES:
            units = [ShuffleUnit(in_channels, channels, 2)]
            units += [ShuffleUnit(channels, channels, 1) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(*units))
            in_channels = channels
        self.stage2, self.stage3, self.stage4 = stages
        self.conv5 = nn.Sequential(*_pointwise(in_channels, 1024))
        self.fc = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv5(self.stage4(self.stage3(self.stage2(self.conv1(x)))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))
