"""The benchmark's networks in PyTorch: a CIFAR ResNet-20 with static or omni-dimensional dynamic convolutions.

The stem and the 1x1 shortcuts are always static; `conv` chooses the 3x3 convolutions of the blocks.
"""

from __future__ import annotations

from functools import partial
from typing import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CONVOLUTIONS = ("static", "odconv-1x", "odconv-4x")
AGGREGATIONS = ("broadcast", "matmul")

MakeConvolution = Callable[[int, int, int], nn.Module]


class OmniAttention(nn.Module):
    """The four attentions of an ODConv layer, from the globally averaged input."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, kernels: int, reduction: float) -> None:
        super().__init__()
        width = max(int(in_channels * reduction), 16)
        self.temperature = 30.0
        self.fc = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.channel_fc = nn.Conv2d(width, in_channels, 1)
        self.filter_fc = nn.Conv2d(width, out_channels, 1)
        self.spatial_fc = nn.Conv2d(width, kernel_size * kernel_size, 1) if kernel_size > 1 else None
        self.kernel_fc = nn.Conv2d(width, kernels, 1) if kernels > 1 else None
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        """Returns channel [B,I,1,1], filter [B,O,1,1], spatial [B,k*k] and kernel [B,K] attention."""
        z = F.relu(self.bn(self.fc(F.adaptive_avg_pool2d(x, 1))))
        channel = torch.sigmoid(self.channel_fc(z) / self.temperature)
        filters = torch.sigmoid(self.filter_fc(z) / self.temperature)
        spatial = None if self.spatial_fc is None else torch.sigmoid(self.spatial_fc(z).flatten(1) / self.temperature)
        kernel = None if self.kernel_fc is None else F.softmax(self.kernel_fc(z).flatten(1) / self.temperature, dim=1)
        return channel, filters, spatial, kernel


class ODConv2d(nn.Module):
    """ODConv as one convolution with a group a sample, over weights aggregated for each sample.

    `aggregation` is how the K kernels are summed: "broadcast" multiplies them into a [B,K,O,I,k,k] tensor as the
    authors' implementation does, "matmul" contracts K first and never makes that tensor. Both give the same numbers.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, kernels: int, kernel_size: int = 3,
        reduction: float = 1 / 16, aggregation: str = "broadcast",
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.aggregation = stride, kernel_size // 2, aggregation
        self.attention = OmniAttention(in_channels, out_channels, kernel_size, kernels, reduction)
        self.weight = nn.Parameter(torch.empty(kernels, out_channels, in_channels, kernel_size, kernel_size))
        for kernel in self.weight:
            nn.init.kaiming_normal_(kernel, mode="fan_out", nonlinearity="relu")

    def aggregate(self, samples: int, spatial: Tensor | None, kernel: Tensor | None) -> Tensor:
        """Returns the samples' weights [B,O,I,k,k]."""
        kernels, out_channels, in_channels, height, width = self.weight.shape
        if self.aggregation == "matmul":
            weight = self.weight[0][None] if kernel is None else (
                (kernel @ self.weight.flatten(1)).view(samples, out_channels, in_channels, height, width))
            return weight if spatial is None else weight * spatial.view(samples, 1, 1, height, width)
        weight = self.weight[None]
        if spatial is not None:
            weight = spatial.view(samples, 1, 1, 1, height, width) * weight
        if kernel is not None:
            weight = kernel.view(samples, kernels, 1, 1, 1, 1) * weight
        return weight.sum(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        samples, in_channels, height, width = x.shape
        channel, filters, spatial, kernel = self.attention(x)
        weight = self.aggregate(samples, spatial, kernel)
        weight = weight.expand(samples, -1, -1, -1, -1).flatten(0, 1)
        x = (x * channel).reshape(1, samples * in_channels, height, width)
        y = F.conv2d(x, weight, stride=self.stride, padding=self.padding, groups=samples)
        return y.view(samples, -1, y.shape[-2], y.shape[-1]) * filters


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, which is a strided 1x1 convolution where the shape changes."""

    def __init__(self, in_channels: int, channels: int, stride: int, convolution: MakeConvolution) -> None:
        super().__init__()
        self.conv1 = convolution(in_channels, channels, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = convolution(channels, channels, 1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + shortcut, inplace=True)


class ResNet20(nn.Module):
    """A CIFAR ResNet-20: three stages of three blocks, `width`, 2 and 4 times `width` channels."""

    def __init__(self, convolution: MakeConvolution, width: int = 16, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = self._stage(convolution, width, width, 1)
        self.layer2 = self._stage(convolution, width, 2 * width, 2)
        self.layer3 = self._stage(convolution, 2 * width, 4 * width, 2)
        self.fc = nn.Linear(4 * width, classes)

    @staticmethod
    def _stage(convolution: MakeConvolution, in_channels: int, channels: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            BasicBlock(in_channels, channels, stride, convolution),
            BasicBlock(channels, channels, 1, convolution),
            BasicBlock(channels, channels, 1, convolution))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def _static(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


def make_network(conv: str, width: int = 16, aggregation: str = "broadcast") -> ResNet20:
    """Makes the network with one of `CONVOLUTIONS` in its blocks."""
    if conv == "static":
        return ResNet20(_static, width)
    kernels = int(conv.removeprefix("odconv-").removesuffix("x"))
    return ResNet20(partial(ODConv2d, kernels=kernels, aggregation=aggregation), width)
