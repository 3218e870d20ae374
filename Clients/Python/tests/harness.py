"""Stands in for labrun: makes capsules as it does, runs programs in them, and reads what they report.

    python3 -m tests.harness ../../Examples/scikit-learn --seeds 2

trains every cell of an example, with no statistics at all: it is there to try programs, and for tests.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parent.parent / "src"


class Capsule:
    """A folder that tells a program what to train."""

    def __init__(
        self, folder: Path, parameters: Mapping[str, Any], *, seed: int = 0, attempt: int = 1, threads: int = 1,
        run_folder: Path | None = None, **program: Any,
    ) -> None:
        self.folder = folder / f"capsule-{attempt}"
        self.folder.mkdir(parents=True)
        self.run_folder = run_folder or folder / "run"
        self.run_folder.mkdir(exist_ok=True)
        self.seed = seed
        self.parameters = dict(parameters)
        identity = hashlib.sha256(json.dumps([self.parameters, seed], sort_keys=True).encode()).hexdigest()
        self.content = {
            "capsule": 1, "run": identity, "attempt": attempt, "token": "6F1C34C4-4B7E-4C57-9C4A-0B3B0C9B7E10",
            "configuration": {"parameters": self.parameters, "program": {}}, "data_hash": "0" * 64, "seed": seed,
            "epochs": 0, "threads": threads, "resume": {"epochs": [], "choices": {}},
            "program": {
                "folder": str(self.run_folder), "checkpoint": str(self.run_folder / "checkpoint"), "level": {},
                "variant": "baseline", **program},
        }
        (self.folder / "run.json").write_text(json.dumps(self.content), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What a program's environment has of the capsule."""
        return {
            "LABRUN_CAPSULE": str(self.folder), "LABRUN_SEED": str(self.seed), "LABRUN_FOLDER": str(self.run_folder)}

    def start(self, command: list[str], working_folder: Path) -> subprocess.Popen[str]:
        """Starts a program as labrun does: in a process group of its own, without input."""
        python_path = os.pathsep.join([str(SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": python_path, **self.environment}
        environment.pop("LABRUN_WRITER", None)
        return subprocess.Popen(
            command, cwd=working_folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)

    def run(self, command: list[str], working_folder: Path, timeout_seconds: float = 120) -> Result:
        """Runs a program to its end."""
        return self.end(self.start(command, working_folder), timeout_seconds)

    def end(self, process: subprocess.Popen[str], timeout_seconds: float = 120) -> Result:
        """Waits for a program's end."""
        try:
            output, errors = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        assert self.is_whole or process.returncode == -signal.SIGKILL, "the last line has no end"
        return Result(process.returncode, output, errors, self.reports())

    def reports(self) -> list[dict[str, Any]]:
        """The lines that the program has appended, without a last one that has no end yet."""
        path = self.folder / "reports.jsonl"
        if not path.exists():
            return []
        lines = path.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]

    @property
    def is_whole(self) -> bool:
        """Whether the last line has its end."""
        path = self.folder / "reports.jsonl"
        return not path.exists() or path.read_bytes().endswith(b"\n")


class Result:
    """How a program ended, and what it reported."""

    def __init__(self, status: int, output: str, errors: str, reports: list[dict[str, Any]]) -> None:
        self.status = status
        self.output = output
        self.errors = errors
        self.reports = reports

    @property
    def epochs(self) -> dict[int, dict[str, float]]:
        """The metrics of each epoch."""
        epochs: dict[int, dict[str, float]] = {}
        for report in self.reports:
            if "epoch" in report:
                epochs.setdefault(report["epoch"], {}).update(
                    {name: value for name, value in report.items() if name != "epoch"})
        return epochs

    @property
    def final(self) -> dict[str, float]:
        """The run's metrics."""
        special = {"message", "progress", "artifact", "predictions", "epoch"}
        final: dict[str, float] = {}
        for report in self.reports:
            if not special & set(report):
                final.update(report)
        return final

    @property
    def messages(self) -> list[str]:
        """The sentences of its log."""
        return [report["message"] for report in self.reports if "message" in report]


# MARK: Specs of programs


def read_spec(path: Path) -> dict[str, Any]:
    """Reads JSON with comments and trailing commas."""
    text = re.sub(r"(?m)(^|\s)//.*$", "", path.read_text(encoding="utf-8"))
    return dict(json.loads(re.sub(r",(\s*[}\]])", r"\1", text)))


def cells(spec: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """All combinations of levels, each with its parameters."""
    factors = spec.get("factors", {})
    for levels in itertools.product(*factors.values()):
        parameters = json.loads(json.dumps(spec.get("parameters", {})))
        chosen = dict(zip(factors, levels))
        for factor, level in chosen.items():
            values = factors[factor][level] if isinstance(factors[factor], dict) else level
            for path, value in (values if isinstance(values, dict) else {factor: values}).items():
                *parents, key = path.split(".")
                inner = parameters
                for parent in parents:
                    inner = inner.setdefault(parent, {})
                inner[key] = value
        yield chosen, parameters


def leaves(parameters: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Parameters by their paths."""
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def expanded(words: list[str], parameters: Mapping[str, Any], seed: int, folder: Path) -> list[str]:
    """A command with its placeholders filled in; the Python that runs this stands for `python3`."""

    def text(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    values = dict(leaves(parameters))
    result: list[str] = []
    for word in words:
        if word == "{args}":
            for path, value in values.items():
                result += [f"--{path}", *([text(each) for each in value] if isinstance(value, list) else [text(value)])]
        elif word == "{hydra}":
            result += [f"{path}={text(value)}" for path, value in values.items()]
        elif word == "{json}":
            file = folder / "parameters.json"
            file.write_text(json.dumps(parameters), encoding="utf-8")
            result.append(str(file))
        else:
            result.append(re.sub(
                r"\{([\w.]+)\}", lambda match: str(seed) if match[1] == "seed" else text(values[match[1]]), word))
    return [sys.executable, *result[1:]] if result[0] == "python3" else result


def printed_metrics(spec: Mapping[str, Any], output: str) -> dict[str, float]:
    """The metrics that a program printed in the spec's pattern; those in percent become shares."""
    pattern = spec["program"].get("pattern")
    if pattern is None:
        return {}
    names = re.findall(r"\{(\w+)\}", pattern)
    expression = re.sub(r"\\\{\w+\\\}", r"([-+.\\w]+)", re.escape(pattern))
    metrics: dict[str, float] = {}
    for match in re.finditer(expression, output):
        for name, value in zip(names, match.groups()):
            is_percent = spec["program"]["metrics"].get(name, {}).get("unit") == "%"
            metrics[name] = float(value) / (100 if is_percent else 1)
    return metrics


def made(
    spec: Mapping[str, Any], levels: Mapping[str, Any], parameters: Mapping[str, Any], seed: int,
    folder: Path, attempt: int = 1,
) -> tuple[Capsule, list[str]]:
    """Makes the capsule of a cell, and the command that trains it."""
    values = {**parameters, "seed": seed} if "seed" in parameters else dict(parameters)
    capsule = Capsule(
        folder, values, seed=seed, attempt=attempt, level=dict(levels), variant=" + ".join(map(str, levels.values())))
    return capsule, expanded(spec["program"]["command"], values, seed, capsule.folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains every cell of an example.")
    parser.add_argument("example", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    example = arguments.example.resolve()
    spec = read_spec(example / "experiment.json")
    for (levels, parameters), seed in itertools.product(cells(spec), range(arguments.seeds)):
        with tempfile.TemporaryDirectory() as folder:
            capsule, command = made(spec, levels, parameters, seed, Path(folder))
            result = capsule.run(command, example)
            metrics = {**result.final, **printed_metrics(spec, result.output)}
            print(f"{levels} seed {seed}: status {result.status}, {metrics}, {len(result.epochs)} epochs", flush=True)
            for line in result.messages + result.errors.splitlines()[-3:]:
                print(f"  {line}")


if __name__ == "__main__":
    main()
