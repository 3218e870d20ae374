"""The networks that the benchmarks compare: for each one labrun's arguments and a factory for PyTorch.

A subject is a row of `SUBJECTS`. PyTorch is imported by the factories only, so that this table can be read without it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from torch import nn

CLASSES = 10


def _resnet20(subject: Subject, aggregation: str) -> nn.Module:
    from pytorch_models.resnet import ResNet
    return ResNet(
        depth=20, width=subject.width or 16, conv=subject.conv, aggregation=aggregation, classes=CLASSES,
        **subject.settings)


def _large_image_resnet(subject: Subject, aggregation: str) -> nn.Module:
    from pytorch_models.resnet import LargeImageResNet
    return LargeImageResNet(int(subject.architecture.removeprefix("resnet")), subject.conv, aggregation, CLASSES)


def _mobilenet_v2(subject: Subject, aggregation: str) -> nn.Module:
    from pytorch_models.mobilenet import MobileNetV2
    return MobileNetV2(CLASSES, subject.conv, aggregation)


def _shufflenet_v2(_: Subject, __: str) -> nn.Module:
    from pytorch_models.shufflenet import ShuffleNetV2
    return ShuffleNetV2(CLASSES)


@dataclass(frozen=True)
class Subject:
    """A network of the comparison."""

    name: str
    # Makes the network in PyTorch from the subject and the way in which dynamic convolutions sum their kernels.
    factory: Callable[[Subject, str], nn.Module]
    architecture: str = "resnet"
    conv: str = "static"
    # Further keys of labrun's model, as in a spec.
    settings: dict[str, str] = field(default_factory=dict)
    # The channels of the first stage; None where the network has one width only.
    width: int | None = None
    # The side of an image in pixels.
    size: int = 32
    # Images a step.
    batch: int = 64

    @property
    def is_dynamic(self) -> bool:
        """Whether convolutions have several kernels or attentions, so that there is something to aggregate."""
        return self.conv != "static"

    @property
    def has_jax(self) -> bool:
        """Whether `jax_step.py` has the network, too: ResNet-20 with static convolutions or ODConv."""
        return self.architecture == "resnet" and not self.settings and self.conv != "dyconv"

    @property
    def model_arguments(self) -> list[str]:
        """The model as arguments of labrun's commands."""
        arguments = [self.architecture, "--conv", self.conv]
        if self.width is not None:
            arguments += ["--depth", "20", "--width", str(self.width)]
        for key, value in self.settings.items():
            arguments += ["--set", f"{key}={value}"]
        return arguments

    @property
    def bench_arguments(self) -> list[str]:
        """The arguments of `labrun` that measure a step."""
        return ["bench", *self.model_arguments, "--size", str(self.size), "--batch", str(self.batch)]

    @property
    def describe_arguments(self) -> list[str]:
        """The arguments of `labrun` that count parameters."""
        extents = f"3x{self.size}x{self.size}"
        return ["describe", *self.model_arguments, "--input", extents, "--classes", str(CLASSES)]

    def network(self, aggregation: str = "broadcast") -> nn.Module:
        """Makes the network in PyTorch."""
        return self.factory(self, aggregation)

    def widened(self, width: int) -> Subject:
        """Returns the subject with another number of channels in its first stage."""
        if self.width is None:
            sys.exit(f"{self.name} has one width only; --width is for the subjects of ResNet-20.")
        return replace(self, width=width)


def _large(depth: int, conv: str, size: int, batch: int) -> Subject:
    name = f"resnet{depth}-{size}" + ("" if conv == "static" else f"-{conv}")
    return Subject(name, _large_image_resnet, architecture=f"resnet{depth}", conv=conv, size=size, batch=batch)


def _resnet(name: str, conv: str = "static", width: int = 16, **settings: str) -> Subject:
    return Subject(name, _resnet20, conv=conv, settings=settings, width=width)


SUBJECTS = {subject.name: subject for subject in (
    _resnet("resnet20-static"),
    _resnet("resnet20-odconv-1x", "odconv-1x"),
    _resnet("resnet20-odconv-4x", "odconv-4x"),
    _resnet("resnet20-dyconv", "dyconv"),
    _resnet("resnet20-spd", downsample="spd"),
    _resnet("resnet20-multiscale", fusion="multiscale"),
    _resnet("resnet20-se", attention="se"),
    _resnet("resnet20-cbam", attention="cbam"),
    _resnet("resnet20-wide-static", width=32),
    _resnet("resnet20-wide-odconv-4x", "odconv-4x", width=32),
    *(_large(18, conv, 64, 32) for conv in ("static", "odconv-1x", "odconv-4x")),
    *(_large(18, conv, 224, 8) for conv in ("static", "odconv-1x", "odconv-4x")),
    *(_large(50, conv, 64, 16) for conv in ("static", "odconv-1x", "odconv-4x")),
    Subject("mobilenetv2", _mobilenet_v2, architecture="mobilenet_v2", settings={"stem": "cifar"}),
    *(Subject(
        f"mobilenetv2-{conv}", _mobilenet_v2, architecture="mobilenet_v2", conv=conv, settings={"stem": "cifar"})
      for conv in ("odconv-1x", "odconv-4x")),
    Subject("shufflenetv2", _shufflenet_v2, architecture="shufflenet_v2", settings={"stem": "cifar"}),
)}
# What `--conv` is short for.
CONVOLUTIONS = {conv: f"resnet20-{conv}" for conv in ("static", "odconv-1x", "odconv-4x", "dyconv")}
DEFAULT_SUBJECTS = ["resnet20-static", "resnet20-odconv-1x", "resnet20-odconv-4x"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that choose subjects."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--subject", nargs="+", choices=[*SUBJECTS, "all"], metavar="NAME",
        help=f"networks, or all; --list prints them (default: {' '.join(DEFAULT_SUBJECTS)})")
    chosen.add_argument(
        "--conv", nargs="+", choices=[*CONVOLUTIONS, "all"], metavar="NAME",
        help=f"short for the subjects resnet20-NAME: {', '.join(CONVOLUTIONS)} or all")
    parser.add_argument("--width", type=int, help="channels of the first stage of ResNet-20 (default: the subject's)")
    parser.add_argument("--list", action="store_true", help="print the subjects and end")


def chosen_subjects(options: argparse.Namespace) -> list[Subject]:
    """Returns the subjects that the options of `add_options` choose, in the order of the table; may print them all."""
    if options.list:
        for subject in SUBJECTS.values():
            print(f"{subject.name:<24} labrun {' '.join(subject.bench_arguments)}")
        sys.exit()
    if options.width is not None and options.width < 1:
        sys.exit(f"--width is a positive number, found {options.width}.")
    names = options.subject or DEFAULT_SUBJECTS
    if options.conv:
        names = [name for conv, name in CONVOLUTIONS.items() if conv in options.conv or "all" in options.conv]
    subjects = [subject for name, subject in SUBJECTS.items() if name in names or "all" in names]
    return subjects if options.width is None else [subject.widened(options.width) for subject in subjects]
