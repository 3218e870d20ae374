"""One training run in PyTorch with labrun's defaults: SGD with momentum, a cosine schedule, no augmentation."""

from __future__ import annotations

import math
import resource
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from measuring import peak_bytes
from pytorch_models.convolutions import AGGREGATIONS, INITIAL_TEMPERATURE, SHORT, SHORT_SHARE, set_temperature
from pytorch_models.resnet import ResNet

from .data import CLASSES, Split, load
from .metrics import confusion_of, metrics_of
from .spec import Cell
from .store import Store

LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 5e-4
TEMPERATURE_EPOCHS = 10
FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
CALIBRATION_STEPS = 4


def loss_per_sample(name: str, logits: Tensor, labels: Tensor) -> Tensor:
    """Returns each sample's cross entropy or focal loss."""
    entropy = F.cross_entropy(logits, labels, reduction="none")
    if name == "cross-entropy":
        return entropy
    return FOCAL_ALPHA * (1 - torch.exp(-entropy)) ** FOCAL_GAMMA * entropy


def network_of(cell: Cell, aggregation: str = AGGREGATIONS[0]) -> ResNet:
    """Makes a run's network."""
    return ResNet(
        depth=cell.depth, width=cell.width, conv=cell.conv, aggregation=aggregation, downsample=cell.downsample,
        image_channels=1, classes=CLASSES)


class Training:
    """A network with what trains it: optimiser, schedule, mode."""

    def __init__(self, cell: Cell, mode: str, aggregation: str, train: Split) -> None:
        torch.manual_seed(cell.seed)
        self.cell, self.train = cell, train
        self.layout = torch.channels_last if mode.endswith("channels_last") else torch.contiguous_format
        self.network = network_of(cell, aggregation)
        for parameter in self.network.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=self.layout)
        self.run: nn.Module = self.network
        if mode.startswith("compiled"):
            torch.compiler.reset()
            self.run = torch.compile(self.network)
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, fused=True)
        self.order = torch.Generator().manual_seed(cell.seed)
        self.steps_per_epoch = math.ceil(len(train.labels) / cell.batch_size)
        self.step = 0

    def shuffled(self) -> Tensor:
        """Returns the rows of the training split in an epoch's order."""
        return torch.randperm(len(self.train.labels), generator=self.order)

    def take_step(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Trains on some images and returns the sum of their losses and how many were classified correctly."""
        total = self.steps_per_epoch * self.cell.epochs
        rate = LEARNING_RATE * (1 + math.cos(math.pi * min(self.step, total) / total)) / 2
        self.optimizer.param_groups[0]["lr"] = rate
        self.set_temperature()
        images, labels = self.train.batch(rows, self.layout)
        self.optimizer.zero_grad()
        logits = self.run(images)
        losses = loss_per_sample(self.cell.loss, logits, labels)
        losses.mean().backward()
        self.optimizer.step()
        self.step += 1
        return losses.detach().sum(), (logits.detach().argmax(1) == labels).sum()

    def set_temperature(self) -> None:
        """Sets the attentions' temperature, which falls linearly to 1, in a tenth of the training with the short recipe."""
        is_short = self.cell.conv.endswith(SHORT)
        length = (SHORT_SHARE * self.cell.epochs if is_short else TEMPERATURE_EPOCHS) * self.steps_per_epoch
        fallen = max(0.0, (INITIAL_TEMPERATURE - 1) * (length - self.step) / length)
        set_temperature(self.network, 1 + fallen)

    def train_epoch(self) -> dict[str, float]:
        """Trains on every image once and returns loss, accuracy and time."""
        self.network.train()
        start, losses, hits = time.perf_counter(), [], []
        for rows in self.shuffled().split(self.cell.batch_size):
            loss, correct = self.take_step(rows)
            losses.append(loss)
            hits.append(correct)
        count = len(self.train.labels)
        return {
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "train_loss": torch.stack(losses).sum().item() / count,
            "train_accuracy": torch.stack(hits).sum().item() / count,
            "train_seconds": time.perf_counter() - start,
        }

    @torch.inference_mode()
    def logits(self, split: Split) -> Tensor:
        """Returns the logits of a split's images."""
        self.network.eval()
        self.set_temperature()
        size = self.cell.batch_size
        return torch.cat([
            self.network(split.batch(slice(start, start + size), self.layout)[0])
            for start in range(0, len(split.labels), size)])


class Worker:
    """A process's data and store, loaded once for all of its runs."""

    current: Worker

    def __init__(self, folder: Path, train_limit: int | None, test_limit: int | None) -> None:
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        self.train, self.test = load(train_limit, test_limit)
        self.store = Store(folder)

    @staticmethod
    def prepare(folder: Path, train_limit: int | None, test_limit: int | None) -> None:
        """Makes this process's worker."""
        Worker.current = Worker(folder, train_limit, test_limit)

    def train_run(self, cell: Cell, mode: str, aggregation: str) -> dict[str, Any]:
        """Trains a run, evaluates and stores it after each epoch, and returns its times and accuracy."""
        began = time.time()
        training = Training(cell, mode, aggregation, self.train)
        parameters = sum(parameter.numel() for parameter in training.network.parameters())
        run = self.store.begin(cell, mode, parameters)
        seconds, accuracy = 0.0, 0.0
        for epoch in range(cell.epochs):
            values: dict[str, Any] = {"epoch": epoch, **training.train_epoch()}
            logits = training.logits(self.test)
            values["test_loss"] = loss_per_sample(cell.loss, logits, self.test.labels).mean().item()
            values |= {f"test_{name}": value for name, value in metrics_of(logits, self.test.labels).items()}
            self.store.add_epoch(run, values)
            self.store.save(run, training.network, training.optimizer)
            seconds, accuracy = seconds + values["train_seconds"], values["test_accuracy"]
        self.store.save(run, training.network)
        self.store.finish(run, seconds, confusion_of(logits, self.test.labels).tolist())
        return {
            "began": began, "seconds": time.time() - began, "train_seconds": seconds, "accuracy": accuracy,
            "parameters": parameters, "peak_bytes": peak_bytes(resource.getrusage(resource.RUSAGE_SELF)),
        }

    def fastest(self, cell: Cell, modes: list[str]) -> tuple[str, str]:
        """Returns the mode and the aggregation in which a few steps of the run's network take least."""
        times = {}
        for mode in modes:
            for aggregation in AGGREGATIONS if cell.conv != "static" else AGGREGATIONS[:1]:
                training = Training(cell, mode, aggregation, self.train)
                measured = []
                for rows in training.shuffled().split(cell.batch_size)[:CALIBRATION_STEPS]:
                    start = time.process_time()
                    training.take_step(rows)
                    measured.append(time.process_time() - start)
                times[mode, aggregation] = min(measured)
        return min(times, key=lambda key: times[key])


def train_run(cell: Cell, mode: str, aggregation: str) -> dict[str, Any]:
    """Trains a run in this worker process."""
    return Worker.current.train_run(cell, mode, aggregation)


def fastest(cell: Cell, modes: list[str]) -> tuple[str, str]:
    """Finds the fastest mode in this worker process."""
    return Worker.current.fastest(cell, modes)
