"""What the scripts have in common that time a library's training step: options, child processes, tables.

Every combination of network, mode, way to aggregate dynamic kernels, and allocator is timed. An allocator is chosen by
environment variables, so the script runs itself once for each of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Callable

import subjects
from measuring import CLOCKS, allocator_environments, positive, run_json, system_description
from subjects import Subject

CHILD_MARK = "LABRUN_BENCHMARK_ALLOCATOR"


@dataclass(frozen=True)
class StepScript:
    """A script that times one library's training step."""

    # The script's file and documentation.
    file: str
    description: str
    # The library as a heading names it, and what a reader needs to know about it.
    library: str
    system: dict[str, Any]
    modes: tuple[str, ...]
    aggregations: tuple[str, ...]
    default_aggregation: str
    # The variables of a measuring process's environment, for a number of threads.
    environment: Callable[[int], dict[str, str]]
    # Times a network in one mode with one way to aggregate, and returns the result's own keys.
    measure: Callable[[Subject, str, str, argparse.Namespace], dict[str, Any]]

    def run(self) -> None:
        """Measures in children, one an allocator, and prints what they report."""
        environments = allocator_environments()
        options = self._options(list(environments))
        if CHILD_MARK in os.environ:
            json.dump(self._measure_here(options, os.environ[CHILD_MARK]), sys.stdout)
            return
        children = [self._measure_in_child(name, environments[name], options) for name in options.allocator]
        results = [result for child in children for result in child["results"]]
        report = {
            "system": system_description(options.threads) | self.system,
            "allocators": {name: environments[name] for name in options.allocator},
            "results": results, "clock": options.clock, "best": fastest(results, options.clock),
            "failures": [failure for child in children for failure in child["failures"]],
        }
        if options.json:
            json.dump(report, sys.stdout, indent=2)
            print()
        else:
            print_table(report, self.library)
        if not results:
            sys.exit("Nothing could be measured.")

    def _measure_here(self, options: argparse.Namespace, allocator: str) -> dict[str, Any]:
        """Times every asked-for combination in this process, whose allocator has been chosen at its start."""
        results, failures = [], []
        for subject in options.subjects:
            # A static convolution has nothing to aggregate.
            aggregations = options.aggregation if subject.is_dynamic else options.aggregation[:1]
            for mode in options.mode:
                for aggregation in aggregations:
                    key = {
                        "subject": subject.name, "conv": subject.conv, "width": subject.width, "size": subject.size,
                        "batch": options.batch or subject.batch, "mode": mode, "aggregation": aggregation, "allocator": allocator}
                    try:
                        result = key | self.measure(subject, mode, aggregation, options)
                    except Exception as error:  # compilers fail in many ways, and the other modes go on
                        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                        failures.append(key | {"reason": reason})
                        print(f"{label(key)}: not measured: {reason}", file=sys.stderr)
                    else:
                        results.append(result)
                        print(f"{label(result)}: {result[CLOCKS[options.clock]]:.1f} ms", file=sys.stderr)
        return {"results": results, "failures": failures}

    def _measure_in_child(
        self, allocator: str, variables: dict[str, str], options: argparse.Namespace,
    ) -> dict[str, Any]:
        """Runs the script again with an allocator's environment variables and returns what it measured."""
        environment = os.environ | variables | self.environment(options.threads) | {CHILD_MARK: allocator}
        report, _ = run_json([sys.executable, os.path.abspath(self.file), *sys.argv[1:]], environment)
        return report

    def _options(self, allocators: list[str]) -> argparse.Namespace:
        """Reads the command line; `all` stands for every value of an option."""
        parser = argparse.ArgumentParser(
            description=self.description, formatter_class=argparse.RawDescriptionHelpFormatter)
        subjects.add_options(parser)
        choices = {
            "mode": (self.modes, "all", f"how {self.library} runs"),
            "aggregation": (self.aggregations, self.default_aggregation, "how dynamic convolutions sum their kernels"),
            "allocator": (allocators, "all", "memory allocators, of those found here"),
        }
        for name, (values, default, text) in choices.items():
            parser.add_argument(
                f"--{name}", nargs="+", choices=[*values, "all"], default=[default], metavar="NAME",
                help=f"{text}: {', '.join(values)} or all (default: {default})")
        parser.add_argument("--batch", type=positive, help="images a step (default: the subject's, mostly 64)")
        parser.add_argument("--threads", type=positive, default=1, help="threads (default: 1)")
        parser.add_argument("--steps", type=positive, default=20, help="measured steps (default: 20)")
        parser.add_argument("--warmup", type=positive, default=3, help="steps before the measured ones (default: 3)")
        parser.add_argument(
            "--clock", choices=list(CLOCKS), default="wall", help="which clock names the best mode (default: wall)")
        parser.add_argument("--json", action="store_true", help="print JSON")
        options = parser.parse_args()
        options.subjects = subjects.chosen_subjects(options)
        for name, (values, _, _) in choices.items():
            chosen = getattr(options, name)
            setattr(options, name, [value for value in values if value in chosen or "all" in chosen])
        return options


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


def print_table(report: dict[str, Any], library: str) -> None:
    """Prints the results as aligned text."""
    system = report["system"]
    print(f"{system['cpu']}, {system['threads']} thread(s), {library} {system['version']}, "
          f"load average {system['load_average']}")
    print(f"{'subject':<24} {'mode':<23} {'aggregation':<12} {'allocator':<10} "
          f"{'median ms':>10} {'min':>8} {'max':>8} {'processor':>10}")
    for result in report["results"]:
        aggregation = "" if result["conv"] == "static" else result["aggregation"]
        times = ("median_milliseconds", "min_milliseconds", "max_milliseconds", "median_processor_milliseconds")
        median, least, most, processor = (result[key] for key in times)
        print(f"{result['subject']:<24} {result['mode']:<23} {aggregation:<12} {result['allocator']:<10} "
              f"{median:>10.1f} {least:>8.1f} {most:>8.1f} {processor:>10.1f}")
    for result in report["best"]:
        milliseconds = result[CLOCKS[report["clock"]]]
        print(f"Best: {label(result)}: {milliseconds:.1f} ms a step ({report['clock']} clock).")
    for failure in report["failures"]:
        print(f"Not measured: {label(failure)}: {failure['reason']}")
