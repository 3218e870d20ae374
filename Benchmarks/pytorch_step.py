#!/usr/bin/env python3
"""Times PyTorch's training step of the networks in subjects.py.

A step is forward, backward and an SGD update with momentum 0.9 on one fixed batch of random images. Every
combination of network, mode, aggregation and allocator is timed, and the fastest one of each network named.
Times are the wall clock's and the process's own processor time, which other processes disturb far less.
An allocator is chosen by environment variables, so the script runs itself once for each of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    sys.exit("PyTorch is not installed; install it with: python3 -m pip install torch")

import subjects
from measuring import CLOCKS, allocator_environments, positive, run_json, system_description, time_steps
from pytorch_models.convolutions import AGGREGATIONS
from subjects import Subject

MODES = ("eager", "channels_last", "compiled", "compiled_channels_last")
CHILD_MARK = "LABRUN_BENCHMARK_ALLOCATOR"


def measure(subject: Subject, mode: str, aggregation: str, options: argparse.Namespace) -> dict[str, Any]:
    """Times the steps of one network in one mode, which raises where `torch.compile` has no working compiler."""
    torch.manual_seed(0)
    torch.compiler.reset()
    layout = torch.channels_last if mode.endswith("channels_last") else torch.contiguous_format
    network = subject.network(aggregation)
    for parameter in network.parameters():
        if parameter.dim() == 4:  # channels_last exists for four dimensions only, dynamic weights have five
            parameter.data = parameter.data.contiguous(memory_format=layout)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, fused=True)
    images = torch.randn(options.batch, 3, subject.size, subject.size).to(memory_format=layout)
    labels = torch.randint(0, subjects.CLASSES, (options.batch,))

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(network(x), y)

    forward = torch.compile(loss_of, dynamic=False) if mode.startswith("compiled") else loss_of

    def step() -> None:
        optimizer.zero_grad()
        forward(images, labels).backward()
        optimizer.step()

    return {
        "subject": subject.name, "conv": subject.conv, "width": subject.width, "size": subject.size,
        "batch": options.batch, "mode": mode, "aggregation": aggregation,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        **time_steps(step, options.warmup, options.steps),
    }


def measure_here(options: argparse.Namespace, allocator: str) -> dict[str, Any]:
    """Times every asked-for combination in this process, whose allocator has been chosen at its start."""
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    results, failures = [], []
    for subject in options.subjects:
        # A static convolution has nothing to aggregate.
        aggregations = options.aggregation if subject.is_dynamic else options.aggregation[:1]
        for mode in options.mode:
            for aggregation in aggregations:
                tried = {"subject": subject.name, "conv": subject.conv, "mode": mode, "aggregation": aggregation,
                         "allocator": allocator}
                try:
                    result = measure(subject, mode, aggregation, options) | {"allocator": allocator}
                except Exception as error:  # torch.compile fails in many ways, and the other modes go on
                    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                    failures.append(tried | {"reason": reason})
                    print(f"{label(tried)}: not measured: {reason}", file=sys.stderr)
                else:
                    results.append(result)
                    print(f"{label(result)}: {result[CLOCKS[options.clock]]:.1f} ms", file=sys.stderr)
    return {"results": results, "failures": failures}


def measure_in_child(allocator: str, variables: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    """Runs this script again with an allocator's environment variables and returns what it measured."""
    threads = str(options.threads)
    environment = os.environ | variables
    environment |= {CHILD_MARK: allocator, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    report, _ = run_json([sys.executable, os.path.abspath(__file__), *sys.argv[1:]], environment)
    return report


def label(result: dict[str, Any]) -> str:
    """Returns a result's combination in words."""
    aggregation = "" if result["conv"] == "static" else f", {result['aggregation']}"
    return f"{result['subject']}, {result['mode']}{aggregation}, {result['allocator']} allocator"


def fastest(results: list[dict[str, Any]], clock: str) -> list[dict[str, Any]]:
    """Returns the result with the smallest median of each network."""
    key = CLOCKS[clock]
    best: dict[str, dict[str, Any]] = {}
    for result in results:
        known = best.get(result["subject"])
        if known is None or result[key] < known[key]:
            best[result["subject"]] = result
    return list(best.values())


def print_table(report: dict[str, Any]) -> None:
    """Prints the results as aligned text."""
    system = report["system"]
    print(f"{system['cpu']}, {system['instructionSet']}, {system['threads']} thread(s), PyTorch {system['torch']}, "
          f"load average {system['loadAverage']}")
    print(f"{'subject':<24} {'mode':<23} {'aggregation':<12} {'allocator':<10} "
          f"{'median ms':>10} {'min':>8} {'max':>8} {'processor':>10}")
    for result in report["results"]:
        aggregation = "" if result["conv"] == "static" else result["aggregation"]
        times = ("medianMilliseconds", "minMilliseconds", "maxMilliseconds", "medianProcessorMilliseconds")
        median, least, most, processor = (result[key] for key in times)
        print(f"{result['subject']:<24} {result['mode']:<23} {aggregation:<12} {result['allocator']:<10} "
              f"{median:>10.1f} {least:>8.1f} {most:>8.1f} {processor:>10.1f}")
    for result in report["best"]:
        milliseconds = result[CLOCKS[report["clock"]]]
        print(f"Best: {label(result)}: {milliseconds:.1f} ms a step ({report['clock']} clock).")
    for failure in report["failures"]:
        print(f"Not measured: {label(failure)}: {failure['reason']}")


def parse_options(allocators: list[str]) -> argparse.Namespace:
    """Reads the command line; `all` stands for every value of an option."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def several(name: str, values: list[str], default: str, text: str) -> None:
        parser.add_argument(
            name, nargs="+", choices=[*values, "all"], default=[default], metavar="NAME",
            help=f"{text}: {', '.join(values)} or all (default: {default})")

    subjects.add_options(parser)
    several("--mode", list(MODES), "all", "how PyTorch runs")
    several("--aggregation", list(AGGREGATIONS), "broadcast", "how dynamic convolutions sum their kernels")
    several("--allocator", allocators, "all", "memory allocators, of those found here")
    parser.add_argument("--batch", type=positive, default=64, help="images a step (default: 64)")
    parser.add_argument("--threads", type=positive, default=1, help="threads (default: 1)")
    parser.add_argument("--steps", type=positive, default=20, help="measured steps (default: 20)")
    parser.add_argument("--warmup", type=positive, default=3, help="steps before the measured ones (default: 3)")
    parser.add_argument(
        "--clock", choices=list(CLOCKS), default="wall", help="which clock names the best mode (default: wall)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    options.subjects = subjects.chosen_subjects(options)
    for name, values in {"mode": MODES, "aggregation": AGGREGATIONS, "allocator": allocators}.items():
        chosen = getattr(options, name)
        setattr(options, name, [value for value in values if value in chosen or "all" in chosen])
    return options


def main() -> None:
    """Measures in children, one an allocator, and prints what they report."""
    environments = allocator_environments()
    options = parse_options(list(environments))
    if CHILD_MARK in os.environ:
        json.dump(measure_here(options, os.environ[CHILD_MARK]), sys.stdout)
        return
    children = [measure_in_child(name, environments[name], options) for name in options.allocator]
    results = [result for child in children for result in child["results"]]
    report = {
        "system": system_description(options.threads) | {
            "torch": torch.__version__, "instructionSet": torch.backends.cpu.get_cpu_capability()},
        "allocators": {name: environments[name] for name in options.allocator},
        "results": results, "clock": options.clock, "best": fastest(results, options.clock),
        "failures": [failure for child in children for failure in child["failures"]],
    }
    if options.json:
        json.dump(report, sys.stdout, indent=2)
        print()
    else:
        print_table(report)
    if not results:
        sys.exit("Nothing could be measured.")


if __name__ == "__main__":
    main()
