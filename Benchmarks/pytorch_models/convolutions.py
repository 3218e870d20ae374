"""Convolutions: static, dynamic (DyConv) and omni-dimensional dynamic (ODConv)."""

from __future__ import annotations

from typing import Callable, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

AGGREGATIONS = ("broadcast", "matmul")
INITIAL_TEMPERATURE = 30.0
# What ends the name of a convolution with the recipe for short trainings, and the share of a training in which its
# temperature falls.
SHORT, SHORT_SHARE = "-short", 0.1

# Makes the convolution of a block from its input channels, filters, extent of the window, stride and groups.
MakeConvolution = Callable[..., nn.Module]


def convolution(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1, bias: bool = False,
) -> nn.Conv2d:
    """Makes a static convolution that keeps the extent at stride 1, with Kaiming's initial weights."""
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, groups=groups, bias=bias)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Attentions(NamedTuple):
    """A dynamic convolution's attentions for each sample; None for one that it does not have."""

    channel: Tensor | None  # [B, I, 1, 1]
    filter: Tensor | None  # [B, O, 1, 1]
    spatial: Tensor | None  # [B, k * k]
    kernel: Tensor | None  # [B, K]


class OmniAttention(nn.Module):
    """The four attentions of an ODConv layer, from the globally averaged input; depth-wise ones have none over filters."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, kernels: int, is_depthwise: bool = False,
    ) -> None:
        super().__init__()
        hidden = max(in_channels // 16, 16)
        self.register_buffer("temperature", torch.tensor(INITIAL_TEMPERATURE), persistent=False)
        self.fc = convolution(in_channels, hidden, 1)
        self.bn = nn.BatchNorm2d(hidden)
        self.channel_fc = convolution(hidden, in_channels, 1, bias=True)
        self.filter_fc = None if is_depthwise else convolution(hidden, out_channels, 1, bias=True)
        self.spatial_fc = convolution(hidden, kernel_size * kernel_size, 1, bias=True) if kernel_size > 1 else None
        self.kernel_fc = convolution(hidden, kernels, 1, bias=True) if kernels > 1 else None

    def forward(self, x: Tensor) -> Attentions:
        z = F.relu(self.bn(self.fc(F.adaptive_avg_pool2d(x, 1))))
        channel = torch.sigmoid(self.channel_fc(z) / self.temperature)
        filters = None if self.filter_fc is None else torch.sigmoid(self.filter_fc(z) / self.temperature)
        spatial = None if self.spatial_fc is None else torch.sigmoid(self.spatial_fc(z).flatten(1) / self.temperature)
        kernel = None if self.kernel_fc is None else F.softmax(self.kernel_fc(z).flatten(1) / self.temperature, dim=1)
        return Attentions(channel, filters, spatial, kernel)


class KernelAttention(nn.Module):
    """The attention over kernels of a DyConv layer, from the globally averaged input."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, kernels: int, is_depthwise: bool = False,
    ) -> None:
        super().__init__()
        hidden = max(in_channels // 4, 1)
        self.register_buffer("temperature", torch.tensor(INITIAL_TEMPERATURE), persistent=False)
        self.fc1 = convolution(in_channels, hidden, 1)
        self.fc2 = convolution(hidden, kernels, 1, bias=True)

    def forward(self, x: Tensor) -> Attentions:
        logits = self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))).flatten(1)
        return Attentions(None, None, None, F.softmax(logits / self.temperature, dim=1))


class DynamicConv2d(nn.Module):
    """A dynamic convolution as one convolution with a group a sample, over weights aggregated for each sample.

    `aggregation` is how the K kernels are summed: "broadcast" multiplies them into a [B,K,O,I,k,k] tensor as ODConv's
    authors do, "matmul" contracts K first and never makes that tensor. Both give the same numbers.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, attention: type[nn.Module], kernels: int,
        kernel_size: int = 3, groups: int = 1, aggregation: str = "broadcast",
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.groups, self.aggregation = stride, kernel_size // 2, groups, aggregation
        is_depthwise = groups == in_channels == out_channels
        self.attention = attention(in_channels, out_channels, kernel_size, kernels, is_depthwise)
        self.weight = nn.Parameter(torch.empty(kernels, out_channels, in_channels // groups, kernel_size, kernel_size))
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
        attentions = self.attention(x)
        weight = self.aggregate(samples, attentions.spatial, attentions.kernel)
        weight = weight.expand(samples, -1, -1, -1, -1).flatten(0, 1)
        if attentions.channel is not None:
            x = x * attentions.channel
        x = x.reshape(1, samples * in_channels, height, width)
        y = F.conv2d(x, weight, stride=self.stride, padding=self.padding, groups=samples * self.groups)
        y = y.view(samples, -1, y.shape[-2], y.shape[-1])
        return y if attentions.filter is None else y * attentions.filter


def convolution_maker(conv: str, aggregation: str = "broadcast") -> MakeConvolution:
    """Returns what makes the convolutions of blocks: `static`, `odconv-1x`, `odconv-4x` or `dyconv`.

    With `-short` behind its name, ODConv's attentions begin uniform: the layers that end them have no weights yet.
    """
    if conv == "static":
        return convolution
    kernels = 4 if conv == "dyconv" else int(conv.removesuffix(SHORT).removeprefix("odconv-").removesuffix("x"))
    attention = KernelAttention if conv == "dyconv" else OmniAttention

    def make(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1) -> nn.Module:
        layer = DynamicConv2d(in_channels, out_channels, stride, attention, kernels, kernel_size, groups, aggregation)
        if conv.endswith(SHORT):
            for name, part in layer.attention.named_children():
                if name.endswith("_fc"):
                    nn.init.zeros_(part.weight)
        return layer

    return make


def set_temperature(network: nn.Module, temperature: float) -> None:
    """Sets the temperature of every dynamic convolution's attentions."""
    for module in network.modules():
        if isinstance(module, (OmniAttention, KernelAttention)):
            module.temperature.fill_(temperature)
