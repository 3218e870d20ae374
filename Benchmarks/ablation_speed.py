#!/usr/bin/env python3
"""Times the whole ablation of a spec in PyTorch and, with --labrun, in labrun.

The runs are those of the spec: the same networks, data, batches, epochs, optimiser, schedule and evaluations. Worker
processes with one thread each take them from a queue, keep metrics in a SQLite file and save weights. PyTorch's
fastest mode and way to sum dynamic kernels for each network are found before the clock starts.

By default PyTorch trains every variant with seed 0 only. Where it does not train every run, the time of the whole is
estimated from those that it did: the same queue, in which a run that was not trained takes the mean time of the runs
of its network (of all runs where there is none). labrun always trains everything.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from measuring import TUNED_MALLOC, allocator_environments, cpu_name, note, positive, run_json
from pytorch_ablation.spec import Cell, cells_of, read_spec

MODES = ["eager", "channels_last", "compiled", "compiled_channels_last"]
# Those whose start takes no time, of which --mode fastest takes one for each network.
IMMEDIATE_MODES = ["eager", "channels_last"]
SPEC = Path(__file__).resolve().parents[1] / "Experiments" / "ablation.json"


def pool(spec: dict[str, Any], folder: Path, workers: int) -> ProcessPoolExecutor:
    """Makes worker processes that have loaded PyTorch and the data."""
    from pytorch_ablation.training import Worker
    limits = [spec["dataset"].get(key) for key in ("train_limit", "test_limit")]
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=Worker.prepare, initargs=(folder, *limits))


def chosen_modes(spec: dict[str, Any], cells: list[Cell], mode: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Returns the mode and the aggregation of each network, found by a few steps in a process of its own."""
    from pytorch_ablation.training import fastest
    examples = {cell.network: cell for cell in cells}
    modes = IMMEDIATE_MODES if mode == "fastest" else [mode]
    chosen = {}
    with tempfile.TemporaryDirectory() as folder, pool(spec, Path(folder), workers=1) as executor:
        for network, cell in examples.items():
            chosen[network] = executor.submit(fastest, cell, modes).result()
            note(f"{', '.join(network)}: {', '.join(chosen[network])}")
    return chosen


def train(spec: dict[str, Any], cells: list[Cell], options: argparse.Namespace) -> dict[str, Any]:
    """Trains runs in PyTorch and returns their results and the elapsed time, start of the processes included."""
    from pytorch_ablation.training import train_run
    # glibc's settings are read when a process starts, and workers are new processes.
    if "tuned" in allocator_environments():
        os.environ.update(TUNED_MALLOC)
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    modes = chosen_modes(spec, cells, options.mode)
    results: dict[Cell, dict[str, Any]] = {}
    begin = time.time()
    with pool(spec, options.folder, options.workers) as executor:
        futures: dict[Future, Cell] = {
            executor.submit(train_run, cell, *modes[cell.network]): cell for cell in cells}
        for future in as_completed(futures):
            cell = futures[future]
            mode, aggregation = modes[cell.network]
            results[cell] = future.result() | {"mode": mode, "aggregation": aggregation}
            note(f"{len(results)} of {len(cells)}: {cell.variant}, seed {cell.seed}: "
                 f"{results[cell]['seconds']:.1f} s, accuracy {100 * results[cell]['accuracy']:.2f} %")
    start = min(result["began"] for result in results.values()) - begin
    return {"results": results, "elapsed_seconds": time.time() - begin, "start_seconds": start}


def estimated_seconds(trained: dict[str, Any], cells: list[Cell], workers: int) -> float:
    """Returns the time of all runs, taken from a queue in their order by workers, with times of the trained ones."""
    results = trained["results"]

    def seconds(cell: Cell) -> float:
        if cell in results:
            return results[cell]["seconds"]
        alike = [result["seconds"] for other, result in results.items() if other.network == cell.network]
        return statistics.mean(alike or [result["seconds"] for result in results.values()])

    free = [trained["start_seconds"]] * workers
    for cell in cells:
        heapq.heapreplace(free, free[0] + seconds(cell))
    return max(free)


def write_spec(spec: dict[str, Any], folder: Path) -> Path:
    """Writes the spec for labrun, with what the command line changed."""
    path = folder / "ablation.json"
    path.write_text(json.dumps({key: value for key, value in spec.items() if key != "$schema"}), encoding="utf-8")
    return path


def check_parameters(spec: dict[str, Any], cells: list[Cell], options: argparse.Namespace) -> None:
    """Ends with one sentence, before anything is trained, where a network of one side is not that of the other."""
    from pytorch_ablation.training import network_of
    with tempfile.TemporaryDirectory() as folder:
        plan, _ = run_json([
            options.labrun, "sweep", str(write_spec(spec, Path(folder))), "--dry-run", "--json", "--results", folder])
    ours = {row["variant"]: row["parameters"] for row in plan["rows"]}
    for cell in cells:
        theirs = sum(parameter.numel() for parameter in network_of(cell).parameters())
        if cell.variant not in ours:
            sys.exit(f"labrun has no variant called '{cell.variant}'.")
        if ours[cell.variant] != theirs:
            sys.exit(f"{cell.variant} is not the same network: labrun's has {ours[cell.variant]:,} parameters, "
                     f"PyTorch's {theirs:,}.")


def run_labrun(spec: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Trains the whole spec in labrun, in a results folder of its own, and returns its runs and the elapsed time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_spec(spec, folder)
        note(f"labrun trains the spec with {options.workers} workers")
        begin = time.time()
        finished = subprocess.run(
            [options.labrun, "sweep", str(path), "--fresh", "--workers", str(options.workers), "--results",
             str(folder / "Results")], stdout=subprocess.DEVNULL, check=False)
        elapsed = time.time() - begin
        if finished.returncode != 0:
            sys.exit(f"'{options.labrun} sweep' ended with exit code {finished.returncode}.")
        with closing(sqlite3.connect(folder / "Results" / "labrun.sqlite")) as database:
            rows = database.execute("SELECT variant, seed, train_seconds, test_accuracy FROM result").fetchall()
    runs = {(variant, seed): {"train_seconds": seconds, "accuracy": accuracy}
            for variant, seed, seconds, accuracy in rows}
    return {"elapsed_seconds": elapsed, "runs": runs}


def print_report(
    trained: dict[str, Any], labrun: dict[str, Any] | None, cells: list[Cell], whole: float, workers: int,
) -> None:
    """Prints a line for each run that PyTorch trained, and the times of the whole."""
    results = trained["results"]
    print(f"{cpu_name()}, {workers} workers with one thread each")
    print(f"{'variant':<25} {'seed':>4} {'mode':<24} {'PyTorch s':>9} {'training':>9} {'accuracy':>9}"
          + (f" {'labrun training':>16} {'accuracy':>9}" if labrun else ""))
    for cell in (cell for cell in cells if cell in results):
        result = results[cell]
        mode = result["mode"] + (f", {result['aggregation']}" if cell.conv != "static" else "")
        line = (f"{cell.variant:<25} {cell.seed:>4} {mode:<24} {result['seconds']:>9.1f} "
                f"{result['train_seconds']:>9.1f} {100 * result['accuracy']:>7.2f} %")
        if labrun:
            ours = labrun["runs"][cell.variant, cell.seed]
            line += f" {ours['train_seconds']:>16.1f} {100 * ours['accuracy']:>7.2f} %"
        print(line)
    count = f"{len(results)} of {len(cells)} runs"
    peak = max(result["peak_bytes"] for result in results.values())
    print(f"PyTorch: {count} in {trained['elapsed_seconds']:.1f} s, at most {peak / 1e6:.0f} MB a worker.")
    if len(results) < len(cells):
        print(f"PyTorch: all {len(cells)} runs would take about {whole:.1f} s, an estimate from the {len(results)} "
              f"that were trained.")
    if labrun:
        kind = "estimated" if len(results) < len(cells) else "measured"
        print(f"labrun: {len(labrun['runs'])} runs in {labrun['elapsed_seconds']:.1f} s. Ratio of PyTorch's {kind} time "
              f"to labrun's: {whole / labrun['elapsed_seconds']:.2f}.")


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=Path, default=SPEC, help="the spec (default: Experiments/ablation.json)")
    parser.add_argument("--labrun", help="the labrun program, to train the spec with it, too")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="PyTorch's seeds of the spec's (default: 0)")
    parser.add_argument("--runs", type=positive, help="train so many of those runs, evenly spread (default: all)")
    parser.add_argument("--workers", type=positive, default=2, help="processes (default: %(default)s)")
    parser.add_argument(
        "--mode", choices=["fastest", *MODES], default="fastest",
        help="how PyTorch runs; fastest takes eager or channels_last for each network (default: %(default)s)")
    parser.add_argument("--epochs", type=positive, help="epochs instead of the spec's, on both sides")
    parser.add_argument("--train-limit", type=positive, help="training images instead of the spec's, on both sides")
    parser.add_argument("--folder", type=Path, help="where PyTorch's results stay (default: a temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured as JSON, too")
    return parser.parse_args()


def write_json(
    path: Path, trained: dict[str, Any], labrun: dict[str, Any] | None, whole: float, options: argparse.Namespace,
) -> None:
    """Writes everything that was measured."""
    report = {
        "cpu": cpu_name(), "workers": options.workers, "pytorch_elapsed_seconds": trained["elapsed_seconds"],
        "pytorch_whole_seconds": whole,
        "pytorch": [{**vars(cell), **result} for cell, result in trained["results"].items()],
    }
    if labrun:
        report["labrun_elapsed_seconds"] = labrun["elapsed_seconds"]
        report["labrun"] = [
            {"variant": variant, "seed": seed, **run} for (variant, seed), run in labrun["runs"].items()]
        report["ratio"] = whole / labrun["elapsed_seconds"]
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Trains, estimates what was not trained, and prints."""
    options = parse_options()
    spec = read_spec(options.spec)
    if options.epochs:
        spec["training"]["epochs"] = options.epochs
    if options.train_limit:
        spec["dataset"]["train_limit"] = options.train_limit
    if foreign := sorted(set(options.seeds) - set(spec["seeds"])):
        sys.exit(f"The spec has no seed {foreign[0]}; its seeds are {', '.join(map(str, spec['seeds']))}.")
    if options.labrun:
        options.labrun = os.path.abspath(options.labrun)
        if not os.access(options.labrun, os.X_OK):
            sys.exit(f"There is no program at {options.labrun}; build it with: make build")
    try:
        import torch  # noqa: F401
    except ImportError:
        sys.exit("PyTorch is not installed; install it with: python3 -m pip install torch")
    everything = cells_of(spec, spec["seeds"])
    cells = [cell for cell in everything if cell.seed in options.seeds]
    if options.runs:
        count = min(options.runs, len(cells))
        cells = [cells[index * len(cells) // count] for index in range(count)]
    if options.labrun:
        check_parameters(spec, cells, options)
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or Path(temporary)
        if (options.folder / "pytorch.sqlite").exists():
            sys.exit(f"{options.folder} has results already; name another folder.")
        try:
            trained = train(spec, cells, options)
        except BrokenProcessPool as error:
            sys.exit(f"A worker process of PyTorch ended early: {error}")
    whole = trained["elapsed_seconds"]
    if len(cells) < len(everything):
        whole = estimated_seconds(trained, everything, options.workers)
    labrun = run_labrun(spec, options) if options.labrun else None
    print_report(trained, labrun, everything, whole, options.workers)
    if options.json:
        write_json(options.json, trained, labrun, whole, options)


if __name__ == "__main__":
    main()
