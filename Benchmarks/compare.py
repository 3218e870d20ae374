#!/usr/bin/env python3
"""Compares labrun's training step with PyTorch's on the same network, measured in turn on the same machine.

PyTorch is first tried in every mode with every allocator, and its fastest combination for each convolution competes.
Then both are measured alternately for several rounds. A ratio is PyTorch's median step time divided by labrun's in
the same round, so above 1 labrun is faster; a machine that slows down for a while slows both. On a machine that
others use, `--clock processor` compares the processor time of both processes instead of the wall clock's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

PYTORCH_SCRIPT = Path(__file__).resolve().with_name("pytorch_step.py")
CONVOLUTIONS = ["static", "odconv-1x", "odconv-4x"]
CLOCKS = {"wall": "medianMilliseconds", "processor": "medianProcessorMilliseconds"}
HEADER = ["conv", "labrun ms", "PyTorch ms", "PyTorch's mode", "ratio", "least", "most", "peak share"]


def run_json(command: list[str]) -> dict[str, Any]:
    """Runs a command and reads the JSON that it prints; its standard error passes through."""
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(f"'{' '.join(command)}' ended with exit code {finished.returncode}.")
    try:
        return json.loads(finished.stdout)
    except json.JSONDecodeError as error:
        sys.exit(f"'{' '.join(command)}' printed no valid JSON: {error}.")


def measure_labrun(options: argparse.Namespace, conv: str, steps: int) -> dict[str, Any]:
    """Returns labrun's result for one convolution."""
    report = run_json([
        options.labrun, "bench", "resnet", "--json", "--conv", conv, "--width", str(options.width), "--steps", str(steps)])
    for result in report["results"]:
        if result["conv"] != conv:
            continue
        if CLOCKS[options.clock] not in result:
            sys.exit(f"'{options.labrun} bench' reports no {CLOCKS[options.clock]} for --clock {options.clock}.")
        return result
    sys.exit(f"'{options.labrun} bench' reported nothing for {conv}.")


def measure_pytorch(
    options: argparse.Namespace, like: dict[str, Any], steps: int, modes: list[str], aggregations: list[str],
    allocators: list[str],
) -> dict[str, Any]:
    """Returns PyTorch's report for the network of one of labrun's results."""
    return run_json([
        options.python, str(PYTORCH_SCRIPT), "--json", "--conv", like["conv"], "--width", str(options.width),
        "--batch", str(like["batch"]), "--threads", "1", "--steps", str(steps), "--clock", options.clock,
        "--mode", *modes, "--aggregation", *aggregations, "--allocator", *allocators])


def spread(values: list[float]) -> dict[str, float]:
    """Returns the least, middle and largest of some values."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Finds PyTorch's fastest combination for each convolution, then measures both in turn."""
    rivals: dict[str, dict[str, Any]] = {}
    searches = []
    for conv in options.conv:
        note(f"Looking for PyTorch's fastest mode for {conv}")
        like = measure_labrun(options, conv, steps=1)
        searches.append(measure_pytorch(
            options, like, options.search_steps, options.mode, options.aggregation, options.allocator))
        rivals[conv] = searches[-1]["best"][0]

    pairs: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {conv: [] for conv in options.conv}
    for turn in range(1, options.rounds + 1):
        for conv in options.conv:
            note(f"Round {turn} of {options.rounds}, {conv}")
            rival = rivals[conv]
            ours = measure_labrun(options, conv, options.steps)
            theirs = measure_pytorch(
                options, ours, options.steps, [rival["mode"]], [rival["aggregation"]], [rival["allocator"]])
            pairs[conv].append((ours, theirs["best"][0]))

    return {
        "system": searches[0]["system"],
        "rounds": options.rounds,
        "steps": options.steps,
        "clock": options.clock,
        "search": [result for search in searches for result in search["results"]],
        "notMeasured": [failure for search in searches for failure in search["failures"]],
        "comparisons": [summarise(rivals[conv], pairs[conv], CLOCKS[options.clock]) for conv in options.conv],
    }


def summarise(
    rival: dict[str, Any], pairs: list[tuple[dict[str, Any], dict[str, Any]]], key: str,
) -> dict[str, Any]:
    """Returns one convolution's step times and ratios over the rounds."""
    shares = [ours["convolutionPeakShare"] for ours, _ in pairs if ours.get("convolutionPeakShare") is not None]
    return {
        **{name: rival[name] for name in ("conv", "width", "batch", "mode", "aggregation", "allocator")},
        "labrunMilliseconds": spread([ours[key] for ours, _ in pairs]),
        "pytorchMilliseconds": spread([theirs[key] for _, theirs in pairs]),
        "ratios": [theirs[key] / ours[key] for ours, theirs in pairs],
        "ratio": spread([theirs[key] / ours[key] for ours, theirs in pairs]),
        "convolutionPeakShare": statistics.median(shares) if shares else None,
    }


def table_rows(report: dict[str, Any]) -> list[list[str]]:
    """Returns the comparison as cells of text, one row a convolution."""
    rows = []
    for item in report["comparisons"]:
        mode = [item["mode"], f"{item['allocator']} allocator"]
        if item["conv"] != "static":
            mode.insert(1, item["aggregation"])
        share = item["convolutionPeakShare"]
        rows.append([
            item["conv"], f"{item['labrunMilliseconds']['median']:.1f}", f"{item['pytorchMilliseconds']['median']:.1f}",
            ", ".join(mode), *(f"{item['ratio'][key]:.2f}" for key in ("median", "min", "max")),
            "–" if share is None else f"{100 * share:.0f} %"])
    return rows


def print_table(report: dict[str, Any], markdown: bool) -> None:
    """Prints the comparison as aligned text or as a Markdown table."""
    system, rows = report["system"], table_rows(report)
    caption = (f"{system['cpu']}, one thread, PyTorch {system['torch']}, {report['rounds']} rounds of "
               f"{report['steps']} steps, {report['clock']} clock; a ratio above 1 means that labrun is faster.")
    if markdown:
        print(f"{caption}\n")
        for row in [HEADER, ["---", *["---:"] * 2, "---", *["---:"] * 4], *rows]:
            print("| " + " | ".join(row) + " |")
        return
    print(caption)
    widths = [max(map(len, column)) for column in zip(HEADER, *rows)]
    for row in [HEADER, *rows]:
        print("  ".join(
            cell.ljust(width) if index in (0, 3) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))).rstrip())


def note(text: str) -> None:
    """Prints a line of progress, apart from the results."""
    print(text, file=sys.stderr, flush=True)


def check(options: argparse.Namespace) -> None:
    """Ends with one sentence where a part of the comparison is missing."""
    if not os.access(options.labrun, os.X_OK):
        sys.exit(f"There is no program at {options.labrun}; build it with: make build")
    probe = subprocess.run([options.python, "-c", "import torch"], capture_output=True, check=False)
    if probe.returncode != 0:
        sys.exit(f"PyTorch is not installed; install it with: {options.python} -m pip install torch")
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        note(f"The load average is {load:.1f} on {cores} cores: other processes will disturb the measurement.")


def positive(text: str) -> int:
    """Reads a positive integer for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the labrun program (default: %(default)s)")
    parser.add_argument("--python", default=sys.executable, help="the Python that has PyTorch (default: this one)")
    parser.add_argument(
        "--conv", nargs="+", choices=CONVOLUTIONS, default=CONVOLUTIONS, metavar="NAME",
        help=f"convolutions: {', '.join(CONVOLUTIONS)} (default: all)")
    parser.add_argument(
        "--width", type=positive, default=16, help="channels of the first stage (default: %(default)s)")
    parser.add_argument("--rounds", type=positive, default=5, help="how often both are measured (default: %(default)s)")
    parser.add_argument("--steps", type=positive, default=20, help="steps a measurement (default: %(default)s)")
    parser.add_argument(
        "--search-steps", type=positive, default=10,
        help="steps a mode while looking for PyTorch's fastest (default: %(default)s)")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="which time is compared (default: wall)")
    for name, default in {"mode": "all", "aggregation": "broadcast", "allocator": "all"}.items():
        parser.add_argument(
            f"--{name}", nargs="+", default=[default], metavar="NAME",
            help=f"{name}s that PyTorch may use, as in pytorch_step.py (default: {default})")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print everything measured as JSON")
    output.add_argument("--markdown", action="store_true", help="print a Markdown table")
    return parser.parse_args()


def main() -> None:
    """Compares and prints."""
    options = parse_options()
    options.labrun = os.path.abspath(options.labrun)
    check(options)
    report = compare(options)
    if options.json:
        json.dump(report, sys.stdout, indent=2)
        print()
    else:
        print_table(report, options.markdown)


if __name__ == "__main__":
    main()
