#!/usr/bin/env python3
"""Times the start of a sweep: from the start of the process to the end of its first training step.

The data set is decoded to its cache before, so that what is timed is what every start pays: loading the program,
checking the spec, building and compiling every variant, opening the store, claiming and preparing the first run. Each
start has a results folder of its own, in which nothing is complete.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

MARK = "first training step"


def start(options: argparse.Namespace) -> tuple[float, list[str]]:
    """Returns the seconds to the first step, and the program's own log of the way there."""
    with tempfile.TemporaryDirectory() as results:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [options.labrun, "sweep", options.spec, "--results", results], env=os.environ | {"LABRUN_LOG": "debug"},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        log = []
        seconds = None
        for line in process.stderr:
            if " after " in line and "debug" in line:
                log.append(line.rsplit("] ", 1)[-1].strip())
            if MARK in line:
                seconds = time.perf_counter() - begin
                process.kill()
                break
        process.stderr.close()
        process.wait()
    if seconds is None:
        sys.exit(f"'{options.labrun} sweep {options.spec}' ended with exit code {process.returncode} before a step.")
    return seconds, log


def main() -> None:
    """Warms the cache, times several starts, prints the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the labrun program (default: %(default)s)")
    parser.add_argument("--spec", default="Experiments/ablation.json", help="the spec (default: %(default)s)")
    parser.add_argument("--repetitions", type=int, default=7, help="how often it is started (default: %(default)s)")
    options = parser.parse_args()
    options.labrun = os.path.abspath(options.labrun)
    if not os.access(options.labrun, os.X_OK):
        sys.exit(f"There is no program at {options.labrun}; build it with: make build")
    start(options)
    measured = [start(options) for _ in range(options.repetitions)]
    seconds = [one[0] for one in measured]
    for line in measured[-1][1]:
        print(f"  {line}")
    print(f"{options.spec}: first step after median {statistics.median(seconds):.2f} s, "
          f"least {min(seconds):.2f}, most {max(seconds):.2f}")


if __name__ == "__main__":
    main()
