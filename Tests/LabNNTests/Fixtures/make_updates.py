#!/usr/bin/env python3
"""Writes updates.json: what PyTorch's adaptive optimisers make of given gradients, in double precision.

    python3 make_updates.py

Parameters and gradients are single-precision numbers. Each case has the optimiser's settings and the parameters after
20 steps, with their moving average of a constant decay that starts at 0.
"""

import json
import pathlib

import torch

torch.manual_seed(23)
STEPS, COUNT, DECAY = 20, 37, 0.9995
# Small, so that twenty steps are a large part of where they end.
PARAMETERS = (torch.randn(COUNT) * 0.02).to(torch.float32)
GRADIENTS = (torch.randn(STEPS, COUNT) * torch.logspace(-3, 1, COUNT)).to(torch.float32)


def run(name, **options):
    parameter = torch.nn.Parameter(PARAMETERS.double())
    optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]([parameter], **options)
    average = torch.zeros(COUNT).double()
    for gradient in GRADIENTS:
        parameter.grad = gradient.double()
        optimizer.step()
        average = DECAY * average + (1 - DECAY) * parameter.detach()
    betas = options.get("betas", (0.9, 0.999))
    return {
        "optimizer": name, "learning_rate": options["lr"], "beta1": betas[0], "beta2": betas[1],
        "epsilon": options.get("eps", 1e-8), "weight_decay": options.get("weight_decay", 0.0),
        "final": parameter.detach().tolist(), "average": average.tolist()}


CASES = {
    "adam": run("adam", lr=0.001, weight_decay=0.0),
    "adam with decay": run("adam", lr=0.01, weight_decay=0.1),
    "adam with short memories": run("adam", lr=0.01, betas=(0.5, 0.95), eps=1e-6),
    "adam with a long memory": run("adam", lr=0.001, betas=(0.95, 0.9999)),
    "adamw": run("adamw", lr=0.001, weight_decay=0.01),
    "adamw with large decay": run("adamw", lr=0.003, betas=(0.9, 0.99), weight_decay=0.3),
}
fixture = {
    "parameters": PARAMETERS.double().tolist(), "gradients": GRADIENTS.double().tolist(), "decay": DECAY,
    "cases": CASES}
path = pathlib.Path(__file__).resolve().parent / "updates.json"
path.write_text(json.dumps(fixture) + "\n")
print(f"{path.name}: {len(CASES)} cases with PyTorch {torch.__version__}, {path.stat().st_size:,} bytes")
