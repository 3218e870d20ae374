"""What networks have besides convolutions: attention, space-to-depth, multi-scale fusion."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .convolutions import convolution


class SqueezeExcitation(nn.Module):
    """A weight for each channel, from all channels' means (Hu et al., 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # A sixteenth of the channels, rounded to a multiple of 8.
        hidden = max(8, (channels // 16 + 4) // 8 * 8)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class ChannelAttention(nn.Module):
    """CBAM's weight for each channel, from all channels' means and maxima."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, (channels + 8) // 16)
        self.fc1 = nn.Conv2d(channels, hidden, 1, bias=False)
        self.fc2 = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mean = self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1))))
        maximum = self.fc2(F.relu(self.fc1(F.adaptive_max_pool2d(x, 1))))
        return x * torch.sigmoid(mean + maximum)


class SpatialAttention(nn.Module):
    """CBAM's weight for each pixel, from the mean and the maximum over the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential()
        self.conv.add_module("conv", convolution(2, 1, 7))
        self.conv.add_module("bn", nn.BatchNorm2d(1))

    def forward(self, x: Tensor) -> Tensor:
        summary = torch.cat((x.mean(1, keepdim=True), x.max(1, keepdim=True).values), dim=1)
        return x * torch.sigmoid(self.conv(summary))


class CBAM(nn.Module):
    """A weight for each channel, then one for each pixel (Woo et al., 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels)
        self.spatial = SpatialAttention()

    def forward(self, x: Tensor) -> Tensor:
        return self.spatial(self.channel(x))


class SpaceToDepth(nn.Module):
    """Moves blocks of 2x2 pixels into channels, in another order than labrun, which nothing depends on."""

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_unshuffle(x, 2)


class MultiScaleFusion(nn.Module):
    """The sum of convolutions 1x1, 3x3, 5x5 and 7x7, and its non-linearity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(channels, channels, 1)
        self.conv3x3 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv5x5 = nn.Conv2d(channels, channels, 5, padding=2)
        self.conv7x7 = nn.Conv2d(channels, channels, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv1x1(x) + self.conv3x3(x) + self.conv5x5(x) + self.conv7x7(x))


ATTENTIONS: dict[str, type[nn.Module]] = {"se": SqueezeExcitation, "cbam": CBAM}
FUSIONS: dict[str, type[nn.Module]] = {"multiscale": MultiScaleFusion}
