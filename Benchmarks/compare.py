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
JAX_SCRIPT = Path(__file__).resolve().with_name("jax_step.py")
HEADER = [
    "subject", "labrun ms", "PyTorch ms", "PyTorch's mode", "ratio", "least", "most", "peak share", "labrun MB",
    "PyTorch MB"]
JAX_HEADER = ["JAX ms", "JAX's mode", "JAX's ratio", "JAX MB"]
TEXT_COLUMNS = ("subject", "PyTorch's mode", "JAX's mode")


def labrun_parameters(options: argparse.Namespace, subject: Subject) -> int:
    """Returns the number of parameters of labrun's network."""
    report, _ = run_json([options.labrun, *subject.describe_arguments, "--json"])
    return report["total"]["parameters"]


def measure_labrun(options: argparse.Namespace, subject: Subject, steps: int) -> dict[str, Any]:
    """Returns labrun's result for one network."""
    report, peak = run_json([options.labrun, *subject.bench_arguments, "--json", "--steps", str(steps)])
    if not report["results"]:
        sys.exit(f"'{options.labrun} bench' reported nothing for {subject.name}.")
    result = report["results"][0]
    if CLOCKS[options.clock] not in result:
        sys.exit(f"'{options.labrun} bench' reports no {CLOCKS[options.clock]} for --clock {options.clock}.")
    # The process itself also measures a second, profiled step.
    return result | {"peak_bytes": result.get("resident_bytes") or peak}


def measure_library(
    options: argparse.Namespace, script: Path, subject: Subject, batch: int, steps: int, modes: list[str],
    aggregations: list[str], allocators: list[str],
) -> dict[str, Any]:
    """Returns a script's report of PyTorch or JAX for one network."""
    width = [] if options.width is None else ["--width", str(options.width)]
    report, _ = run_json([
        options.python, str(script), "--json", "--subject", subject.name, *width,
        "--batch", str(batch), "--threads", "1", "--steps", str(steps), "--clock", options.clock,
        "--mode", *modes, "--aggregation", *aggregations, "--allocator", *allocators])
    return report


def search_fastest(
    options: argparse.Namespace, subject: Subject, batch: int, parameters: int,
) -> dict[str, dict[str, Any]]:
    """Returns the reports of PyTorch's search for the fastest combination, and of JAX's where it has the network."""
    note(f"Looking for PyTorch's fastest mode for {subject.name}")
    searches = {"pytorch": measure_library(
        options, PYTORCH_SCRIPT, subject, batch, options.search_steps, options.mode, options.aggregation,
        options.allocator)}
    if options.with_jax and subject.has_jax:
        note(f"Looking for JAX's fastest mode for {subject.name}")
        searches["jax"] = measure_library(
            options, JAX_SCRIPT, subject, batch, options.search_steps, options.jax_mode, ["all"], options.allocator)
    for library, search in searches.items():
        theirs = search["best"][0]["parameters"]
        if theirs != parameters:
            name = {"pytorch": "PyTorch", "jax": "JAX"}[library]
            sys.exit(f"{subject.name} is not the same network: labrun's has {parameters:,} parameters, "
                     f"{name}'s {theirs:,}.")
    return searches


def spread(values: list[float]) -> dict[str, float]:
    """Returns the least, middle and largest of some values."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Finds the rivals' fastest combination for each network, then measures all in turn."""
    parameters = {subject.name: labrun_parameters(options, subject) for subject in options.subjects}
    searches: dict[str, dict[str, dict[str, Any]]] = {}
    for subject in options.subjects:
        batch = measure_labrun(options, subject, steps=1)["batch"]
        searches[subject.name] = search_fastest(options, subject, batch, parameters[subject.name])

    rounds: dict[str, list[dict[str, dict[str, Any]]]] = {subject.name: [] for subject in options.subjects}
    for turn in range(1, options.rounds + 1):
        for subject in options.subjects:
            note(f"Round {turn} of {options.rounds}, {subject.name}")
            results = {"labrun": measure_labrun(options, subject, options.steps)}
            for library, search in searches[subject.name].items():
                rival = search["best"][0]
                script = JAX_SCRIPT if library == "jax" else PYTORCH_SCRIPT
                report = measure_library(
                    options, script, subject, rival["batch"], options.steps, [rival["mode"]], [rival["aggregation"]],
                    [rival["allocator"]])
                results[library] = report["best"][0]
            rounds[subject.name].append(results)

    reports = [(library, search) for found in searches.values() for library, search in found.items()]
    systems = {library: search["system"] for library, search in reports}
    return {
        "system": systems.get("jax", {}) | systems["pytorch"],
        "rounds": options.rounds,
        "steps": options.steps,
        "clock": options.clock,
        "search": [{"library": library, **result} for library, search in reports for result in search["results"]],
        "not_measured": [
            {"library": library, **failure} for library, search in reports for failure in search["failures"]],
        "comparisons": [summarise(rounds[subject.name], CLOCKS[options.clock]) for subject in options.subjects],
    }


def summarise(rounds: list[dict[str, dict[str, Any]]], key: str) -> dict[str, Any]:
    """Returns one network's step times, ratios and memory over the rounds."""
    copied = ("subject", "conv", "width", "size", "batch", "parameters", "mode", "aggregation", "allocator")
    shares = [turn["labrun"].get("convolution_peak_share") for turn in rounds]
    shares = [share for share in shares if share is not None]

    def against(library: str) -> dict[str, Any]:
        ratios = [turn[library][key] / turn["labrun"][key] for turn in rounds]
        return {
            f"{library}_milliseconds": spread([turn[library][key] for turn in rounds]),
            f"{library}_peak_bytes": max(turn[library]["peak_bytes"] for turn in rounds),
            ("ratios" if library == "pytorch" else f"{library}_ratios"): ratios,
            ("ratio" if library == "pytorch" else f"{library}_ratio"): spread(ratios),
        }

    summary = {
        **{name: rounds[0]["pytorch"][name] for name in copied},
        "labrun_milliseconds": spread([turn["labrun"][key] for turn in rounds]),
        "labrun_planned_bytes": rounds[0]["labrun"].get("planned_bytes"),
        "labrun_peak_bytes": max(turn["labrun"]["peak_bytes"] for turn in rounds),
        "convolution_peak_share": statistics.median(shares) if shares else None,
        **against("pytorch"),
    }
    if "jax" in rounds[0]:
        summary |= {"jax_mode": rounds[0]["jax"]["mode"], "jax_allocator": rounds[0]["jax"]["allocator"]}
        summary |= against("jax")
    return summary


def table_rows(report: dict[str, Any]) -> list[list[str]]:
    """Returns the comparison as cells of text, a heading and one row a network."""
    has_jax = any("jax_ratio" in item for item in report["comparisons"])
    rows = [HEADER + (JAX_HEADER if has_jax else [])]
    for item in report["comparisons"]:
        mode = [item["mode"], f"{item['allocator']} allocator"]
        if item["conv"] != "static":
            mode.insert(1, item["aggregation"])
        share = item["convolution_peak_share"]
        row = [
            item["subject"], f"{item['labrun_milliseconds']['median']:.1f}",
            f"{item['pytorch_milliseconds']['median']:.1f}",
            ", ".join(mode), *(f"{item['ratio'][key]:.2f}" for key in ("median", "min", "max")),
            "–" if share is None else f"{100 * share:.0f} %",
            *(f"{item[key] / 1e6:.0f}" for key in ("labrun_peak_bytes", "pytorch_peak_bytes"))]
        if "jax_ratio" in item:
            row += [
                f"{item['jax_milliseconds']['median']:.1f}", f"{item['jax_mode']}, {item['jax_allocator']} allocator",
                f"{item['jax_ratio']['median']:.2f}", f"{item['jax_peak_bytes'] / 1e6:.0f}"]
        elif has_jax:
            row += ["–"] * len(JAX_HEADER)
        rows.append(row)
    return rows


def print_table(report: dict[str, Any], markdown: bool) -> None:
    """Prints the comparison as aligned text or as a Markdown table."""
    system, rows = report["system"], table_rows(report)
    libraries = f"PyTorch {system['torch']}" + (f", JAX {system['jax']}" if "jax" in system else "")
    caption = (f"{system['cpu']}, one thread, {libraries}, {report['rounds']} rounds of "
               f"{report['steps']} steps, {report['clock']} clock; a ratio above 1 means that labrun is faster.")
    is_text = [name in TEXT_COLUMNS for name in rows[0]]
    if markdown:
        print(f"{caption}\n")
        for row in [rows[0], ["---" if left else "---:" for left in is_text], *rows[1:]]:
            print("| " + " | ".join(row) + " |")
        return
    print(caption)
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for left, cell, width in zip(is_text, row, widths)).rstrip())


def check(options: argparse.Namespace) -> None:
    """Ends with one sentence where a part of the comparison is missing."""
    if not os.access(options.labrun, os.X_OK):
        sys.exit(f"There is no program at {options.labrun}; build it with: make build")
    packages = {"torch": "PyTorch"} | ({"jax": "JAX"} if options.with_jax else {})
    for package, library in packages.items():
        probe = subprocess.run([options.python, "-c", f"import {package}"], capture_output=True, check=False)
        if probe.returncode != 0:
            sys.exit(f"{library} is not installed; install it with: {options.python} -m pip install {package}")
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        note(f"The load average is {load:.1f} on {cores} cores: other processes will disturb the measurement.")


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the labrun program (default: %(default)s)")
    parser.add_argument(
        "--python", default=sys.executable, help="the Python that has PyTorch and JAX (default: this one)")
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
    parser.add_argument("--with-jax", action="store_true", help="compare with JAX, too, on the subjects that it has")
    parser.add_argument(
        "--jax-mode", nargs="+", default=["all"], metavar="NAME", help="modes of JAX, as in jax_step.py (default: all)")
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
