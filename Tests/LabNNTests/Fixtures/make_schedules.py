#!/usr/bin/env python3
"""Writes schedules.json: the learning rates that PyTorch's schedulers give, step by step.

    python3 make_schedules.py

Each case has a configuration as a spec would hold it, the run's length, and the rate of every step. Where a scheduler is
stepped once an epoch, the rate is repeated for the epoch's steps.
"""

import json
import pathlib

import torch
from torch.optim import lr_scheduler as schedulers

BASE = 0.1


def rates(make, steps, per_epoch=1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(optimizer)
    values = []
    for step in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % per_epoch == 0:
            scheduler.step()
    return values


def warmed(start, length, after):
    def make(optimizer):
        warmup = schedulers.LinearLR(optimizer, start_factor=start, total_iters=length)
        return schedulers.SequentialLR(optimizer, [warmup, after(optimizer)], milestones=[length])

    return make


def chained(start, length, after):
    def make(optimizer):
        warmup = schedulers.LinearLR(optimizer, start_factor=start, total_iters=length)
        return schedulers.ChainedScheduler([warmup, after(optimizer)])

    return make


def case(name, configuration, epochs, steps_per_epoch, make, by_epoch=False):
    steps = epochs * steps_per_epoch
    values = rates(make, steps, steps_per_epoch if by_epoch else 1)
    return {
        "name": name, "configuration": {"learning_rate": BASE, **configuration}, "steps_per_epoch": steps_per_epoch,
        "rates": values}


CASES = [
    case("constant", {"schedule": "constant"}, 3, 4, lambda o: schedulers.ConstantLR(o, factor=1.0)),
    case("cosine by step", {"schedule": "cosine"}, 5, 7, lambda o: schedulers.CosineAnnealingLR(o, T_max=35)),
    case(
        "cosine by epoch with a floor",
        {"schedule": {"name": "cosine", "final_factor": 0.01, "interval": "epoch"}}, 6, 3,
        lambda o: schedulers.CosineAnnealingLR(o, T_max=6, eta_min=BASE * 0.01), by_epoch=True),
    case(
        "cosine after warm-up", {"schedule": "cosine", "warmup_steps": 5, "warmup_start_factor": 0.2}, 5, 6,
        warmed(0.2, 5, lambda o: schedulers.CosineAnnealingLR(o, T_max=25))),
    case(
        "warm-up over epochs", {"schedule": "constant", "warmup_epochs": 1.5, "warmup_start_factor": 0.01}, 4, 6,
        lambda o: schedulers.LinearLR(o, start_factor=0.01, total_iters=9)),
    case(
        "milestones", {"schedule": {"name": "step", "milestones": [2, 4], "gamma": 0.2}}, 6, 3,
        lambda o: schedulers.MultiStepLR(o, milestones=[2, 4], gamma=0.2), by_epoch=True),
    case(
        "milestones during warm-up",
        {"schedule": {"name": "step", "milestones": [1]}, "warmup_steps": 5, "warmup_start_factor": 0.5}, 3, 3,
        chained(0.5, 5, lambda o: schedulers.MultiStepLR(o, milestones=[3], gamma=0.1))),
    case(
        "every two epochs", {"schedule": {"name": "step", "every_epochs": 2, "gamma": 0.5}}, 7, 3,
        lambda o: schedulers.StepLR(o, step_size=2, gamma=0.5), by_epoch=True),
    case(
        "half and three quarters", {"schedule": "step"}, 8, 2,
        lambda o: schedulers.MultiStepLR(o, milestones=[8, 12], gamma=0.1)),
    case(
        "one cycle", {"schedule": "one-cycle"}, 5, 8,
        lambda o: schedulers.OneCycleLR(o, max_lr=BASE, total_steps=40, cycle_momentum=False)),
    case(
        "one cycle, linear",
        {"schedule": {
            "name": "one-cycle", "annealing": "linear", "rise_fraction": 0.45, "initial_divisor": 10,
            "final_divisor": 100}}, 3, 7,
        lambda o: schedulers.OneCycleLR(
            o, max_lr=BASE, total_steps=21, pct_start=0.45, div_factor=10, final_div_factor=100,
            anneal_strategy="linear", cycle_momentum=False)),
    case(
        "one cycle of three steps", {"schedule": "one-cycle"}, 1, 3,
        lambda o: schedulers.OneCycleLR(o, max_lr=BASE, total_steps=3, cycle_momentum=False)),
]

path = pathlib.Path(__file__).resolve().parent / "schedules.json"
path.write_text(json.dumps(CASES, indent=1) + "\n")
print(f"{path.name}: {len(CASES)} cases with PyTorch {torch.__version__}")
