#!/usr/bin/env python3
"""Times PyTorch's training step of the networks in subjects.py.

A step is forward, backward and an SGD update with momentum 0.9 on one fixed batch of random images. Every
combination of network, mode, aggregation and allocator is timed, and the fastest one of each network named.
Times are the wall clock's and the process's own processor time, which other processes disturb far less.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    sys.exit("PyTorch is not installed; install it with: python3 -m pip install torch")

from measuring import time_steps
from pytorch_models.convolutions import AGGREGATIONS
from step_script import StepScript
from subjects import CLASSES, Subject

MODES = ("eager", "channels_last", "compiled", "compiled_channels_last")


def measure(subject: Subject, mode: str, aggregation: str, options: argparse.Namespace) -> dict[str, Any]:
    """Times the steps of one network in one mode, which raises where `torch.compile` has no working compiler."""
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    torch.compiler.reset()
    layout = torch.channels_last if mode.endswith("channels_last") else torch.contiguous_format
    network = subject.network(aggregation)
    for parameter in network.parameters():
        if parameter.dim() == 4:  # channels_last exists for four dimensions only, dynamic weights have five
            parameter.data = parameter.data.contiguous(memory_format=layout)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, fused=True)
    images = torch.randn(options.batch or subject.batch, 3, subject.size, subject.size).to(memory_format=layout)
    labels = torch.randint(0, CLASSES, (options.batch or subject.batch,))

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(network(x), y)

    forward = torch.compile(loss_of, dynamic=False) if mode.startswith("compiled") else loss_of

    def step() -> None:
        optimizer.zero_grad()
        forward(images, labels).backward()
        optimizer.step()

    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        **time_steps(step, options.warmup, options.steps),
    }


def main() -> None:
    """Measures and prints."""
    StepScript(
        file=__file__, description=__doc__, library="PyTorch",
        system={
            "version": torch.__version__, "torch": torch.__version__,
            "instruction_set": torch.backends.cpu.get_cpu_capability()},
        modes=MODES, aggregations=AGGREGATIONS, default_aggregation="broadcast",
        environment=lambda threads: {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
        measure=measure,
    ).run()


if __name__ == "__main__":
    main()
