#!/usr/bin/env python3
"""Writes sampling.json: PyTorch's affine_grid and grid_sample with gradients, in double precision.

    python3 make_sampling.py
"""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(7)


def case(shape, spread):
    x = torch.randn(shape, generator=generator).float().double().requires_grad_()
    identity = torch.tensor([1.0, 0, 0, 0, 1, 0])
    matrices = (identity + spread * torch.randn((shape[0], 6), generator=generator)).float().double().requires_grad_()
    grid = F.affine_grid(matrices.reshape(-1, 2, 3), shape, align_corners=False)
    y = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    upstream = torch.randn(shape, generator=generator).float().double()
    y.backward(upstream)
    numbers = {"x": x, "transformations": matrices, "upstream": upstream, "y": y, "x_gradient": x.grad,
               "transformations_gradient": matrices.grad}
    return {"shape": list(shape), **{name: tensor.detach().flatten().tolist() for name, tensor in numbers.items()}}


CASES = [case((2, 3, 5, 4), 0.2), case((3, 1, 4, 7), 1.0), case((1, 2, 6, 6), 0.05)]
path = pathlib.Path(__file__).resolve().parent / "sampling.json"
path.write_text(json.dumps(CASES) + "\n")
print(f"{path.name}: {len(CASES)} cases with PyTorch {torch.__version__}, {path.stat().st_size:,} bytes")
