"""Weights and images that are computed from a tensor's name and an element's position, here as in the tests."""

import math

import torch


def numbers(name, count):
    """Numbers in [0, 1) that look random and need no generator."""
    phase = sum(name.encode())
    return torch.tensor([math.modf(abs(math.sin(phase + 12.9898 * i)) * 43758.5453)[0] for i in range(count)]).double()


def tensor_values(name, shape):
    """A tensor of a state_dict; a convolution's weights may have a dimension of kernels in front."""
    u = numbers(name, math.prod(shape)).reshape(shape)
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        values = 0.5 + u
    elif last in ("running_mean", "bias"):
        values = 0.4 * u - 0.2
    elif len(shape) == 1:
        values = 0.75 + 0.5 * u
    else:
        values = (2 * u - 1) * math.sqrt(6 / math.prod(shape[2:] if len(shape) == 5 else shape[1:]))
    return values.to(torch.float32).double()
