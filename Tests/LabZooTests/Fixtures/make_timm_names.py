#!/usr/bin/env python3
"""Writes timm_names.json: names, shapes and logits of timm's MobileNetV2, whose parameters have other names here.

    pip install torchvision timm
    python3 make_timm_names.py

The small case has logits as those of libraries.json, for weights that are computed from timm's names; the others
have names and shapes only, as their files of weights do.
"""

import json
import pathlib

import timm
import torch
from timm.models import efficientnet

from make_libraries import CLASSES, case


def shapes(name):
    with torch.device("meta"):
        state = timm.create_model(name, num_classes=1000).state_dict()
    return {
        "name": name, "configuration": {"architecture": name}, "image": [3, 224, 224], "classes": 1000,
        "temperature": 1.0, "tensors": {n: list(t.shape) for n, t in state.items() if "num_batches" not in n},
        "parameters": sum(t.numel() for n, t in state.items() if "running" not in n and "num_batches" not in n),
        "logits": []}


CASES = [
    case("mobilenetv2_025", {"architecture": {"name": "mobilenet_v2", "multiplier": 0.25}},
         lambda: efficientnet._gen_mobilenet_v2("mobilenetv2_100", 0.25, num_classes=CLASSES)),
    shapes("mobilenetv2_050"), shapes("mobilenetv2_075"), shapes("mobilenetv2_100"),
]
path = pathlib.Path(__file__).resolve().parent / "timm_names.json"
path.write_text(json.dumps(CASES) + "\n")
print(f"{path.name}: {len(CASES)} cases with timm {timm.__version__}, {path.stat().st_size:,} bytes")
