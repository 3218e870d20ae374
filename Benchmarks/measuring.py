"""What the benchmark scripts share: clocks, memory, allocators, child processes, the description of the machine."""

from __future__ import annotations

import argparse
import ctypes.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

# The key of the median step time on each clock.
CLOCKS = {"wall": "median_milliseconds", "processor": "median_processor_milliseconds"}
# glibc's allocator told never to map large blocks and never to return memory, so that no step faults pages in anew.
TUNED_MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_MMAP_THRESHOLD_": "17179869184",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}


def allocator_environments() -> dict[str, dict[str, str]]:
    """Returns the allocators of this machine with the environment variables that choose them."""
    allocators: dict[str, dict[str, str]] = {"default": {}}
    if platform.system() != "Linux":
        return allocators
    if platform.libc_ver()[0] == "glibc":
        allocators["tuned"] = TUNED_MALLOC
    for name, libraries in {"jemalloc": ["jemalloc"], "tcmalloc": ["tcmalloc", "tcmalloc_minimal"]}.items():
        found = next(filter(None, map(ctypes.util.find_library, libraries)), None)
        if found:
            allocators[name] = {"LD_PRELOAD": found}
    return allocators


def cpu_name() -> str:
    """Returns the processor's name, or the architecture's where the system does not tell."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def system_description(threads: int) -> dict[str, Any]:
    """Returns what a reader needs to know to compare the numbers with another machine's."""
    return {
        "cpu": cpu_name(), "threads": threads, "python": platform.python_version(),
        "operating_system": platform.platform(), "load_average": round(os.getloadavg()[0], 2),
    }


def time_steps(step: Callable[[], None], warmup: int, steps: int) -> dict[str, Any]:
    """Returns the times of some steps after some others, and the peak of this process's memory so far."""
    for _ in range(warmup):
        step()
    milliseconds, processor_milliseconds = [], []
    for _ in range(steps):
        start, processor_start = time.perf_counter(), time.process_time()
        step()
        milliseconds.append(1000 * (time.perf_counter() - start))
        processor_milliseconds.append(1000 * (time.process_time() - processor_start))
    return {
        "steps": steps, "median_milliseconds": round(statistics.median(milliseconds), 3),
        "min_milliseconds": round(min(milliseconds), 3), "max_milliseconds": round(max(milliseconds), 3),
        "median_processor_milliseconds": round(statistics.median(processor_milliseconds), 3),
        # Not that of the compilers which torch.compile starts, as a parent would see it.
        "peak_bytes": peak_bytes(resource.getrusage(resource.RUSAGE_SELF)),
    }


def peak_bytes(usage: resource.struct_rusage) -> int:
    """Returns the largest resident size that a process had, which Linux counts in KiB."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def run_json(command: list[str], environment: dict[str, str] | None = None) -> tuple[dict[str, Any], int]:
    """Runs a command and returns the JSON that it prints and its peak memory; its standard error passes through."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    except OSError as error:
        sys.exit(f"'{command[0]}' cannot be started: {error}.")
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"'{' '.join(command)}' ended with exit code {process.returncode}.")
    try:
        return json.loads(output), peak_bytes(usage)
    except json.JSONDecodeError as error:
        sys.exit(f"'{' '.join(command)}' printed no valid JSON: {error}.")


def positive(text: str) -> int:
    """Reads a positive integer for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def note(text: str) -> None:
    """Prints a line of progress, apart from the results."""
    print(text, file=sys.stderr, flush=True)
