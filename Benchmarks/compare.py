#!/usr/bin/env python3
"""Compares labrun's training step with PyTorch's on the same networks, measured in turn on the same machine.

PyTorch is first tried in every mode with every allocator, and its fastest combination for each network competes.
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

import subjects
from measuring import CLOCKS, note, positive, run_json
from subjects import Subject

PYTORCH_SCRIPT = Path(__file__).resolve().with_name("pytorch_step.py")
HEADER = [
    "subject", "labrun ms", "PyTorch ms", "PyTorch's mode", "ratio", "least", "most", "peak share", "labrun MB",
    "PyTorch MB"]
TEXT_COLUMNS = (0, 3)


def labrun_parameters(options: argparse.Namespace, subject: Subject) -> int:
    """Returns the number of parameters of labrun's network."""
    report, _ = run_json([options.labrun, *subject.describe_arguments, "--json"])
    return report["total"]["parameters"]


def check_parameters(subject: Subject, ours: int, theirs: int, name: str) -> None:
    """Ends with one sentence where two networks are not the same."""
    if ours != theirs:
        sys.exit(f"{subject.name} is not the same network: labrun's has {ours:,} parameters, {name}'s {theirs:,}.")


def measure_labrun(options: argparse.Namespace, subject: Subject, steps: int) -> dict[str, Any]:
    """Returns labrun's result for one network."""
    report, peak = run_json([options.labrun, *subject.bench_arguments, "--json", "--steps", str(steps)])
    if not report["results"]:
        sys.exit(f"'{options.labrun} bench' reported nothing for {subject.name}.")
    result = report["results"][0]
    if CLOCKS[options.clock] not in result:
        sys.exit(f"'{options.labrun} bench' reports no {CLOCKS[options.clock]} for --clock {options.clock}.")
    return result | {"peakBytes": peak}


def measure_pytorch(
    options: argparse.Namespace, subject: Subject, batch: int, steps: int, modes: list[str], aggregations: list[str],
    allocators: list[str],
) -> dict[str, Any]:
    """Returns PyTorch's report for one network."""
    width = [] if options.width is None else ["--width", str(options.width)]
    report, _ = run_json([
        options.python, str(PYTORCH_SCRIPT), "--json", "--subject", subject.name, *width,
        "--batch", str(batch), "--threads", "1", "--steps", str(steps), "--clock", options.clock,
        "--mode", *modes, "--aggregation", *aggregations, "--allocator", *allocators])
    return report


def spread(values: list[float]) -> dict[str, float]:
    """Returns the least, middle and largest of some values."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Finds PyTorch's fastest combination for each network, then measures both in turn."""
    parameters = {subject.name: labrun_parameters(options, subject) for subject in options.subjects}
    rivals: dict[str, dict[str, Any]] = {}
    searches = []
    for subject in options.subjects:
        note(f"Looking for PyTorch's fastest mode for {subject.name}")
        batch = measure_labrun(options, subject, steps=1)["batch"]
        searches.append(measure_pytorch(
            options, subject, batch, options.search_steps, options.mode, options.aggregation, options.allocator))
        rival = rivals[subject.name] = searches[-1]["best"][0]
        check_parameters(subject, parameters[subject.name], rival["parameters"], "PyTorch")

    rounds: dict[str, list[dict[str, dict[str, Any]]]] = {subject.name: [] for subject in options.subjects}
    for turn in range(1, options.rounds + 1):
        for subject in options.subjects:
            note(f"Round {turn} of {options.rounds}, {subject.name}")
            rival = rivals[subject.name]
            ours = measure_labrun(options, subject, options.steps)
            theirs = measure_pytorch(
                options, subject, ours["batch"], options.steps, [rival["mode"]], [rival["aggregation"]],
                [rival["allocator"]])
            rounds[subject.name].append({"labrun": ours, "pytorch": theirs["best"][0]})

    return {
        "system": searches[0]["system"],
        "rounds": options.rounds,
        "steps": options.steps,
        "clock": options.clock,
        "search": [result for search in searches for result in search["results"]],
        "notMeasured": [failure for search in searches for failure in search["failures"]],
        "comparisons": [
            summarise(rivals[subject.name], rounds[subject.name], CLOCKS[options.clock])
            for subject in options.subjects],
    }


def summarise(rival: dict[str, Any], rounds: list[dict[str, dict[str, Any]]], key: str) -> dict[str, Any]:
    """Returns one network's step times, ratios and memory over the rounds."""
    copied = ("subject", "conv", "width", "size", "batch", "parameters", "mode", "aggregation", "allocator")
    shares = [turn["labrun"].get("convolutionPeakShare") for turn in rounds]
    shares = [share for share in shares if share is not None]
    ratios = [turn["pytorch"][key] / turn["labrun"][key] for turn in rounds]
    return {
        **{name: rival[name] for name in copied},
        "labrunMilliseconds": spread([turn["labrun"][key] for turn in rounds]),
        "pytorchMilliseconds": spread([turn["pytorch"][key] for turn in rounds]),
        "ratios": ratios,
        "ratio": spread(ratios),
        "convolutionPeakShare": statistics.median(shares) if shares else None,
        "labrunPlannedBytes": rounds[0]["labrun"].get("plannedBytes"),
        "labrunPeakBytes": max(turn["labrun"]["peakBytes"] for turn in rounds),
        "pytorchPeakBytes": max(turn["pytorch"]["peakBytes"] for turn in rounds),
    }


def table_rows(report: dict[str, Any]) -> list[list[str]]:
    """Returns the comparison as cells of text, one row a network."""
    rows = []
    for item in report["comparisons"]:
        mode = [item["mode"], f"{item['allocator']} allocator"]
        if item["conv"] != "static":
            mode.insert(1, item["aggregation"])
        share = item["convolutionPeakShare"]
        rows.append([
            item["subject"], f"{item['labrunMilliseconds']['median']:.1f}",
            f"{item['pytorchMilliseconds']['median']:.1f}",
            ", ".join(mode), *(f"{item['ratio'][key]:.2f}" for key in ("median", "min", "max")),
            "–" if share is None else f"{100 * share:.0f} %",
            *(f"{item[key] / 1e6:.0f}" for key in ("labrunPeakBytes", "pytorchPeakBytes"))])
    return rows


def print_table(report: dict[str, Any], markdown: bool) -> None:
    """Prints the comparison as aligned text or as a Markdown table."""
    system, rows = report["system"], table_rows(report)
    caption = (f"{system['cpu']}, one thread, PyTorch {system['torch']}, {report['rounds']} rounds of "
               f"{report['steps']} steps, {report['clock']} clock; a ratio above 1 means that labrun is faster.")
    if markdown:
        print(f"{caption}\n")
        rule = ["---" if index in TEXT_COLUMNS else "---:" for index in range(len(HEADER))]
        for row in [HEADER, rule, *rows]:
            print("| " + " | ".join(row) + " |")
        return
    print(caption)
    widths = [max(map(len, column)) for column in zip(HEADER, *rows)]
    for row in [HEADER, *rows]:
        print("  ".join(
            cell.ljust(width) if index in TEXT_COLUMNS else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))).rstrip())


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


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the labrun program (default: %(default)s)")
    parser.add_argument("--python", default=sys.executable, help="the Python that has PyTorch (default: this one)")
    subjects.add_options(parser)
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
    options = parser.parse_args()
    options.subjects = subjects.chosen_subjects(options)
    return options


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
