#!/usr/bin/env python3
"""Writes optimizers.json: training steps of a small network in PyTorch, in double precision.

    python3 make_optimizers.py

The network is a 3x3 convolution with bias, a normalisation, ReLU, the mean of each channel and a linear layer. Images
and first weights are single-precision numbers. Each case has a configuration as a spec would hold it, the losses and
gradient norms of the steps, and all tensors after the last one; with a moving average also those under `ema.`.
"""

import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(7)
STEPS, SAMPLES, CLASSES = 5, 6, 3
IMAGES = torch.randn(STEPS, SAMPLES, 2, 4, 4).to(torch.float32)
LABELS = torch.randint(0, CLASSES, (STEPS, SAMPLES))
LABELS2 = torch.randint(0, CLASSES, (STEPS, SAMPLES))
MIX = torch.rand(STEPS, SAMPLES).to(torch.float32)


class Network(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4) if norm == "batch" else nn.GroupNorm(2, 4)
        self.fc = nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.fc(F.relu(self.norm(self.conv(x))).mean((2, 3)))


def state(network):
    return {
        name: tensor.detach().double().flatten().tolist()
        for name, tensor in network.state_dict().items() if "num_batches" not in name}


def initial(norm):
    torch.manual_seed(11)
    network = Network(norm)
    with torch.no_grad():
        for parameter in network.norm.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network


def run(configuration, optimizer, norm="batch", mixed=False, clip=None, rate=None, ema=None):
    network = initial(norm)
    first = state(network)
    network = network.double()
    optimizer = optimizer(network)
    losses, norms, averages = [], [], {name: torch.tensor(v).double() for name, v in first.items()}
    for step in range(STEPS):
        logits = network(IMAGES[step].double())
        loss = F.cross_entropy(logits, LABELS[step], reduction="none")
        if mixed:
            share = MIX[step].double()
            loss = share * loss + (1 - share) * F.cross_entropy(logits, LABELS2[step], reduction="none")
        loss = loss.mean()
        optimizer.zero_grad()
        loss.backward()
        trained = [p for p in network.parameters() if p.requires_grad]
        norms.append(float(nn.utils.clip_grad_norm_(trained, clip or float("inf"))))
        for group in optimizer.param_groups:
            if rate:
                group["lr"] = rate(step)
        optimizer.step()
        losses.append(loss.item())
        if ema:
            decay = ema(step)
            for name, value in state(network).items():
                averages[name] = decay * averages[name] + (1 - decay) * torch.tensor(value).double()
    final = state(network)
    if ema:
        final.update({f"ema.{name}": value.tolist() for name, value in averages.items()})
    return {
        "configuration": configuration, "norm": norm, "mixes_labels": mixed,
        "initial": first, "losses": losses, "gradient_norms": norms, "final": final}


def sgd(**options):
    return lambda network: torch.optim.SGD(network.parameters(), **options)


def no_decay(network, decay):
    weights = [p for n, p in network.named_parameters() if n in ("conv.weight", "fc.weight")]
    others = [p for n, p in network.named_parameters() if n not in ("conv.weight", "fc.weight")]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def transfer(network):
    network.conv.requires_grad_(False)
    return torch.optim.SGD([
        {"params": network.norm.parameters(), "lr": 0.1, "weight_decay": 0.01},
        {"params": network.fc.parameters(), "lr": 1.0, "weight_decay": 0.0}], momentum=0.9)


BASE = {"schedule": "constant", "learning_rate": 0.1, "weight_decay": 0}
CASES = {
    "sgd without momentum": run({**BASE, "optimizer": {"name": "sgd", "momentum": 0}}, sgd(lr=0.1)),
    "sgd with momentum": run(
        {**BASE, "optimizer": "sgd", "weight_decay": 0.01}, sgd(lr=0.1, momentum=0.9, weight_decay=0.01)),
    "nesterov": run(
        {**BASE, "optimizer": "nesterov", "weight_decay": 0.01},
        sgd(lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True)),
    "adam": run(
        {**BASE, "optimizer": "adam", "learning_rate": 0.01, "weight_decay": 0.1},
        lambda n: torch.optim.Adam(n.parameters(), lr=0.01, weight_decay=0.1)),
    "adamw": run(
        {**BASE, "optimizer": {"name": "adamw", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6},
         "learning_rate": 0.01, "weight_decay": 0.5},
        lambda n: torch.optim.AdamW(n.parameters(), lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.5)),
    "no decay on norm and bias": run(
        {**BASE, "optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.5, "no_decay_on_norm_and_bias": True},
        lambda n: torch.optim.AdamW(no_decay(n, 0.5), lr=0.01)),
    "clipped": run(
        {**BASE, "optimizer": "sgd", "gradient_clip_norm": 0.3}, sgd(lr=0.1, momentum=0.9), clip=0.3),
    "parameter groups": run(
        {**BASE, "optimizer": "sgd", "weight_decay": 0.01, "parameter_groups": [
            {"pattern": "conv.*", "learning_rate_factor": 0},
            {"pattern": "tag:head", "learning_rate_factor": 10, "weight_decay": 0}]}, transfer),
    "group normalisation": run({**BASE, "optimizer": "sgd"}, sgd(lr=0.1, momentum=0.9), norm="group"),
    "mixed": run({**BASE, "optimizer": "sgd"}, sgd(lr=0.1, momentum=0.9), mixed=True),
    "cosine and moving average": run(
        {**BASE, "optimizer": "sgd", "schedule": {"name": "cosine", "final_factor": 0.1}, "ema_decay": 0.25},
        sgd(lr=0.1, momentum=0.9),
        rate=lambda i: 0.1 * (0.1 + 0.9 * (1 + torch.cos(torch.tensor(torch.pi * i / STEPS).double()).item()) / 2),
        ema=lambda i: min(0.25, (1 + i) / (10 + i))),
}
fixture = {
    "images": IMAGES.double().flatten(1).tolist(), "labels": LABELS.tolist(), "labels2": LABELS2.tolist(),
    "mix": MIX.double().tolist(), "cases": CASES}
path = pathlib.Path(__file__).resolve().parent / "optimizers.json"
path.write_text(json.dumps(fixture) + "\n")
print(f"{path.name}: {len(CASES)} cases with PyTorch {torch.__version__}, {path.stat().st_size:,} bytes")
