#!/usr/bin/env python3
"""Times a sweep of many runs of one step each: what a run costs beside its training.

The spec has twelve variants of a thin network and seven seeds, 84 runs of one step and one evaluation of 64 images each.
Every sweep has a results folder of its own; the data set is decoded to its cache before. With --against, two programs
take turns, and the table gives the ratio of their times.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

SPEC = {
    "name": "small-runs",
    "dataset": {"name": "fashion-mnist", "train_limit": 64, "test_limit": 64},
    "model": {"architecture": "resnet", "depth": 8, "width": 8},
    "training": {"epochs": 1, "batch_size": 64},
    "factors": {
        "conv": ["static", "odconv-1x", "odconv-4x"],
        "downsample": ["strided", "spd"],
        "loss": ["cross-entropy", "focal"],
    },
    "baseline": {"conv": "static", "downsample": "strided", "loss": "cross-entropy"},
    "design": "factorial",
    "seeds": 7,
}


def sweep(program: str, spec: str) -> float:
    """Returns the seconds of one sweep."""
    with tempfile.TemporaryDirectory() as results:
        begin = time.perf_counter()
        done = subprocess.run(
            [program, "sweep", spec, "--results", results], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"'{program} sweep' ended with exit code {done.returncode}: {done.stderr.strip()}")
        return time.perf_counter() - begin


def main() -> None:
    """Warms the cache, lets the programs take turns, prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the labrun program (default: %(default)s)")
    parser.add_argument("--against", help="another one, such as that of an earlier commit")
    parser.add_argument("--repetitions", type=int, default=7, help="the sweeps of each (default: %(default)s)")
    options = parser.parse_args()
    programs = [os.path.abspath(path) for path in (options.labrun, options.against) if path]
    for program in programs:
        if not os.access(program, os.X_OK):
            sys.exit(f"There is no program at {program}; build it with: make build")
    with tempfile.TemporaryDirectory() as folder:
        spec = os.path.join(folder, "small-runs.json")
        with open(spec, "w", encoding="utf-8") as file:
            json.dump(SPEC, file)
        sweep(programs[0], spec)
        rounds = [[sweep(program, spec) for program in programs] for _ in range(options.repetitions)]
    for index, program in enumerate(programs):
        seconds = [times[index] for times in rounds]
        print(
            f"{program}: median {statistics.median(seconds):.2f} s, least {min(seconds):.2f} s, most {max(seconds):.2f} s")
    if options.against:
        ratios = [times[1] / times[0] for times in rounds]
        print(
            f"the other's time is {statistics.median(ratios):.2f} times this one's "
            f"(least {min(ratios):.2f}, most {max(ratios):.2f})")


if __name__ == "__main__":
    main()
