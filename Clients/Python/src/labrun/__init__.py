"""Lets a program be trained by labrun: it is told what to do, and tells what came of it.

    import labrun

    def train(run):
        for epoch in range(1, run.config.epochs + 1):
            ...
            run.log(epoch=epoch, train_loss=loss)
            if run.should_stop:
                run.stop()
        run.log(test_accuracy=0.913)

    labrun.main(train, defaults={"lr": 0.1, "epochs": 30})

Started by hand, the same program takes `--lr 0.05` and prints what it reports. `Documentation/Capsules.md` is the
contract that this module keeps.
"""

from __future__ import annotations

import argparse
import array
import ctypes
import datetime
import difflib
import json
import math
import numbers
import operator
import os
import re
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Callable, TypeVar

__all__ = ["Config", "Run", "Stopped", "current", "main"]
__version__ = "0.2.0.dev0"

CAPSULE_VERSION = 1
"""The version of capsules that this module reads."""

STOPPED_STATUS = 75
"""The exit status of a program that has stopped before its end (`EX_TEMPFAIL`)."""

_METRIC_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED_NAMES = frozenset({"epoch", "message", "progress", "artifact", "kind", "predictions"})
_ARTIFACT_KINDS = ("weights", "checkpoint", "other")
_SECONDS_BETWEEN_PROGRESS = 0.5
_SECONDS_BETWEEN_PRINTED_PROGRESS = 10.0
# What writing a checkpoint may take, before a deadline.
_SECONDS_TO_SAVE = 30.0
# Says to processes that the program starts that somebody reports already, and to which capsule.
_WRITER = "LABRUN_WRITER"

Function = TypeVar("Function", bound=Callable[..., Any])


class Stopped(SystemExit):
    """Ends the program with the status that says: go on from the checkpoint later."""

    def __init__(self) -> None:
        super().__init__(STOPPED_STATUS)


# MARK: Configuration


class Config(Mapping[str, Any]):
    """The parameters of a run: by attribute (`config.lr`), by item (`config["lr"]`), by path (`config["model.width"]`).

    It is read only. Parameters called like a method (`items`, `keys`, …) are there by item.
    """

    __slots__ = ("_path", "_unread", "_values")

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._path = path
        self._values: dict[str, Any] = {
            key: Config(value, f"{path}{key}.") if isinstance(value, Mapping) else value
            for key, value in values.items()}
        # The seed is the run's, too.
        self._unread = {
            key for key, value in self._values.items() if not isinstance(value, Config) and f"{path}{key}" != "seed"}

    def __getitem__(self, key: str) -> Any:
        if not isinstance(key, str):
            raise TypeError(f"a parameter is known by its name, not by {key!r}")
        if key in self._values:
            self._unread.discard(key)
            return self._values[key]
        head, dot, rest = key.partition(".")
        inner = self._values.get(head)
        if dot and isinstance(inner, Config):
            return inner[rest]
        raise KeyError(f'there is no parameter "{self._path}{key}"{_hint(key, self._values)}')

    def __getattr__(self, name: str) -> Any:
        # Copying and pickling look for attributes before there are values.
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in Config.__slots__:
            raise AttributeError(f'"{self._path}{name}" cannot be set: a run has the parameters that it is known by')
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Config({self._values!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Config, (self.to_dict(), self._path))

    def to_dict(self) -> dict[str, Any]:
        """Returns the parameters as plain dictionaries."""
        self._unread.clear()
        return {
            key: value.to_dict() if isinstance(value, Config) else value for key, value in self._values.items()}

    def _unread_paths(self) -> list[str]:
        """The paths of parameters that nobody has read."""
        paths = []
        for key, value in self._values.items():
            if isinstance(value, Config):
                paths += value._unread_paths()
            elif key in self._unread:
                paths.append(f"{self._path}{key}")
        return paths


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    if near:
        return f' (did you mean "{near[0]}"?)'
    return f"; there are {', '.join(known)}" if known else ""


def _fit(value: Any, default: Any, path: str) -> Any:
    """Returns a parameter's value in the type of the program's default."""
    problem = f'the parameter "{path}" is {value!r}, and the program\'s default is {default!r}'
    if default is None or value is None:
        return value
    if isinstance(default, Mapping):
        if not isinstance(value, Mapping):
            raise TypeError(f"{problem}: expected an object")
        return _overlay(default, value, f"{path}.") if default else value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise TypeError(f"{problem}: expected true or false")
    elif isinstance(default, int):
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{problem}: expected a whole number")
    elif isinstance(default, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{problem}: expected a number")
        return float(value)
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise TypeError(f"{problem}: expected a text")
    elif isinstance(default, (list, tuple)) and not isinstance(value, (list, tuple)):
        raise TypeError(f"{problem}: expected a list")
    return value


def _overlay(defaults: Mapping[str, Any], values: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Returns defaults with the values that are given.

    What the program does not know is an error: a factor that nobody reads would be compared in earnest.
    """
    for key in values:
        if key not in defaults:
            raise ValueError(
                f'the parameter "{path}{key}" is none of the program\'s{_hint(key, defaults)}: '
                "take it out of the spec, or give it a default")
    return {key: _fit(values[key], default, f"{path}{key}") if key in values else default
            for key, default in defaults.items()}


def _leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The values that are no objects, with their paths."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Objects of values by their paths."""
    values: dict[str, Any] = {}
    for path, value in leaves.items():
        *parents, key = path.split(".")
        inner = values
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[key] = value
    return values


# MARK: The command line


class _Flag(argparse.Action):
    """`--flag`, `--no-flag`, and `--flag true`, as `{args}` of a spec writes it."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
        option_string: str | None = None,
    ) -> None:
        is_negated = (option_string or "").startswith("--no-")
        text = "true" if values is None else str(values).lower()
        if text not in ("true", "false") or (is_negated and values is not None):
            parser.error(f"argument {option_string}: expected true or false, or nothing")
        setattr(namespace, self.dest, (text == "true") != is_negated)


def _text_or_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parser(defaults: Mapping[str, Any], description: str | None, by_hand: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, allow_abbrev=False, argument_default=argparse.SUPPRESS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    for path, default in _leaves(defaults):
        names = list(dict.fromkeys([f"--{path}", f"--{path.replace('_', '-')}"]))
        text = f"default: {json.dumps(default, default=str)}".replace("%", "%%")
        if isinstance(default, bool):
            names += [f"--no-{name[2:]}" for name in names]
            parser.add_argument(*names, dest=path, action=_Flag, nargs="?", metavar="true|false", help=text)
        elif isinstance(default, (list, tuple)):
            kind = type(default[0]) if default and type(default[0]) in (int, float, str) else _text_or_json
            parser.add_argument(*names, dest=path, type=kind, nargs="*", metavar="VALUE", help=text)
        else:
            kind = type(default) if type(default) in (int, float, str) else _text_or_json
            parser.add_argument(*names, dest=path, type=kind, metavar=path.split(".")[-1].upper(), help=text)
    if "seed" not in defaults:
        parser.add_argument("--seed", type=int, help="the seed (default: 0)")
    if by_hand and "folder" not in defaults:
        parser.add_argument("--folder", dest="labrun folder", metavar="FOLDER",
                            help="where the run's files lie, and its checkpoint (default: a temporary folder)")
    return parser


# MARK: Runs


class Run:
    """What a program is to train, and whom it tells what came of it; made by `labrun.current()` and `labrun.main`."""

    config: Config
    """The parameters of this run."""
    seed: int
    """The seed."""
    identity: str | None
    """The run's identity in hexadecimal digits; None by hand."""
    attempt: int
    """The number of this attempt at the run, from 1."""
    threads: int
    """The threads that the run may use."""
    devices: list[str]
    """The devices that the run may use, such as `cuda:0`; empty where the spec names none."""
    deadline: datetime.datetime | None
    """When the run must have stopped; None where there is no such time."""
    variant: str | None
    """The label of the run's variant; None by hand."""
    levels: dict[str, Any]
    """The variant's levels by their factors; empty by hand."""

    def __init__(
        self, capsule: Path | None, config: Mapping[str, Any], seed: int, folder: Path | None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        content = content or {}
        program = content.get("program") or {}
        self._capsule = capsule
        self.config = Config(config)
        self.seed = seed
        self.identity = content.get("run")
        self.attempt = content.get("attempt", 1)
        self.threads = content.get("threads") or os.cpu_count() or 1
        self.devices = list(program.get("devices") or [])
        self._first_epoch = 1 if program.get("first_epoch") is None else int(program["first_epoch"])
        """What the spec counts epochs from; by hand, nobody says, and both will do."""
        self.deadline = _date(program["deadline"]) if program.get("deadline") else None
        self.variant = program.get("variant")
        self.levels = dict(program.get("level") or {})
        self._folder = folder
        self._checkpoint = Path(program["checkpoint"]) if program.get("checkpoint") else None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._is_resuming = folder is not None and self.checkpoint.exists()

        self._process = os.getpid()
        self._parent = os.getppid()
        self._lock = threading.RLock()
        self._descriptor: int | None = None
        self._signal: int | None = None
        self._has_told_stop = False
        self._has_questions = False
        self._asked: float | None = None
        self._longest_gap = 0.0
        self._last_progress = -math.inf
        self._handlers: dict[int, Any] = {}

        # Another process may report to this capsule already, whose child this one is.
        self._writer: int | None = None
        if capsule is not None:
            pid, _, of = os.environ.get(_WRITER, "").partition(" ")
            if of == str(capsule) and pid.isdigit() and int(pid) != self._process:
                self._writer = int(pid)
            else:
                os.environ[_WRITER] = f"{self._process} {capsule}"
        self._handle_signals()

    @property
    def is_managed(self) -> bool:
        """Whether labrun has started the program."""
        return self._capsule is not None

    @property
    def folder(self) -> Path:
        """The run's own folder, which outlives attempts."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="labrun-"))
            self._print(f"files lie in {self._folder}")
        return self._folder

    @property
    def checkpoint(self) -> Path:
        """Where the program keeps what it needs to go on: a file or a folder of its own, there or not."""
        return self._checkpoint or self.folder / "checkpoint"

    @property
    def is_resuming(self) -> bool:
        """Whether an earlier attempt has left a checkpoint, from which this one goes on."""
        # Who keeps checkpoints will ask whether to stop, too.
        self._has_questions = True
        return self._is_resuming

    # MARK: Reports

    def log(self, metrics: Mapping[str, Any] | None = None, *, epoch: Any = None, **more: Any) -> None:
        """Reports metrics, of an epoch or of the run.

        Without an epoch, they are the run's final ones; of a name that comes again, the last value counts.

        Args:
            metrics: numbers by their names, where keywords will not do.
            epoch: the epoch that they are of, from 1; from 0 where the spec says `"first_epoch": 0`.
            more: numbers by their names. Shares such as accuracies are from 0 to 1.

        Raises:
            TypeError: a value is no number, or an epoch no whole one.
            ValueError: a name is not allowed, an epoch is before the first one, or there is nothing to report.
        """
        report: dict[str, Any] = {} if epoch is None else {"epoch": self._epoch(epoch)}
        for name, value in {**(metrics or {}), **more}.items():
            report[_metric_name(name)] = _number(value, name)
        if len(report) == (epoch is not None):
            raise ValueError("there is nothing to report: give metrics by their names, such as test_accuracy=0.91")
        self._report(report, _metrics_text)

    def _epoch(self, value: Any) -> int:
        epoch = _whole(value, "epoch", least=0)
        if self.is_managed and epoch < self._first_epoch:
            raise ValueError(
                f'epoch is {epoch}: expected {self._first_epoch} or more, or "first_epoch": 0 in the spec\'s "program"')
        return epoch

    def progress(
        self, *, epoch: Any, epochs: Any, step: Any = None, steps: Any = None, loss: Any = None
    ) -> None:
        """Reports how far the run is, for people who watch it; call it as often as you like.

        Args:
            epoch: the current epoch, counted like those of `log`.
            epochs: the number of epochs.
            step: steps done in this epoch.
            steps: steps of an epoch.
            loss: the last loss.

        Raises:
            TypeError: a value is no number.
            ValueError: one is out of its range, or one of `step` and `steps` is missing.
        """
        progress: dict[str, Any] = {"epoch": self._epoch(epoch), "epochs": _whole(epochs, "epochs", least=1)}
        last = progress["epochs"] - 1 + (self._first_epoch if self.is_managed else 1)
        if progress["epoch"] > last:
            raise ValueError(f"epoch {progress['epoch']} is beyond the last one, {last}")
        if (step is None) != (steps is None):
            raise ValueError("step and steps go together: the steps done in this epoch, and those that it has")
        if step is not None:
            progress |= {"step": _whole(step, "step", least=0), "steps": _whole(steps, "steps", least=1)}
        if loss is not None:
            progress["loss"] = _number(loss, "loss")
        now = time.monotonic()
        least = _SECONDS_BETWEEN_PROGRESS if self.is_managed else _SECONDS_BETWEEN_PRINTED_PROGRESS
        # One that only people look at is not worth more lines than they can see.
        if now - self._last_progress >= least:
            self._last_progress = now
            self._report({"progress": progress}, _progress_text)

    def message(self, text: str) -> None:
        """Reports a sentence that is kept in the run's log.

        Raises:
            TypeError: it is no text.
            ValueError: it is empty.
        """
        if not isinstance(text, str):
            raise TypeError(f"a message is a text, and this is {_kind(text)}")
        if not text.strip():
            raise ValueError("a message without text says nothing")
        self._report({"message": _plain(text)}, lambda report: report["message"])

    def artifact(self, path: str | os.PathLike[str], kind: str = "other") -> None:
        """Reports a file in the run's folder that belongs to its result.

        Args:
            path: the file, from the run's folder on or absolute. A checkpoint may be a folder.
            kind: `weights`, `checkpoint` or `other`.

        Raises:
            ValueError: the kind is none of these, or the file lies outside of the run's folder.
            FileNotFoundError: there is no such file.
        """
        if kind not in _ARTIFACT_KINDS:
            raise ValueError(f"{kind!r} is no kind of artifact; there are {', '.join(_ARTIFACT_KINDS)}")
        self._check_process()
        folder = self.folder.resolve()
        file = (folder / path).resolve()
        if folder not in file.parents:
            raise ValueError(f"{path} lies outside of the run's folder, {folder}: write it there")
        if not (file.is_file() or (kind == "checkpoint" and file.is_dir())):
            raise FileNotFoundError(f"there is no file {file}")
        self._report(
            {"artifact": _plain(file.relative_to(folder).as_posix()), "kind": kind},
            lambda report: f"{report['kind']}: {self.folder / report['artifact']}")

    def predictions(
        self, logits: Any = None, labels: Any = None, ids: Any = None, *, probabilities: Any = None
    ) -> None:
        """Reports what the trained model says of each test sample, from which labrun computes metrics.

        Arrays may be NumPy's or PyTorch's, on any device, or nested lists.

        Args:
            logits: a row a sample and a column a class. Shape [N, C].
            labels: the true class of each sample, from 0. Shape [N].
            ids: a number for each sample, by which it is known in other runs; without them, its place. Shape [N].
            probabilities: in place of logits. Shape [N, C].

        Raises:
            TypeError: something is missing, or not of numbers, or labels are not of whole ones.
            ValueError: shapes do not fit, a label is no class, or a number stands for two samples.
        """
        if (logits is None) == (probabilities is None):
            raise TypeError("predictions are logits or probabilities, one of both")
        if labels is None:
            raise TypeError("predictions need labels, the true class of each sample")
        name = "logits" if probabilities is None else "probabilities"
        scores = _Array.of(logits if probabilities is None else probabilities, name, dimensions=2, is_whole=False)
        truths = _Array.of(labels, "labels", dimensions=1, is_whole=True)
        arrays = {name: scores, "labels": truths}
        if ids is not None:
            arrays["ids"] = _Array.of(ids, "ids", dimensions=1, is_whole=True)
        count, class_count = scores.shape
        if count == 0 or class_count == 0:
            raise ValueError(f"{name} have the shape [{count}, {class_count}]: there is nothing in them")
        for other, content in arrays.items():
            if content.shape[0] != count:
                raise ValueError(f"there are {count} rows of {name} and {content.shape[0]} {other}")
        wholes = truths.integers()
        if min(wholes) < 0 or max(wholes) >= class_count:
            wrong = min(wholes) if min(wholes) < 0 else max(wholes)
            raise ValueError(f"the label {wrong} is no class: {name} have {class_count} columns, from class 0 on")
        if ids is not None and len(set(arrays["ids"].integers())) != count:
            raise ValueError("ids name samples, and two samples have the same one")
        self._check_process()
        if self._is_silent:
            return
        file = self.folder / "predictions.npz"
        part = self.folder / f"predictions.npz.tmp-{os.getpid()}"
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            for other, content in arrays.items():
                # Without a date, equal predictions are equal files.
                archive.writestr(zipfile.ZipInfo(f"{other}.npy"), content.npy())
        with open(part, "rb") as written:
            os.fsync(written.fileno())
        os.replace(part, file)
        self._report({"predictions": file.name}, lambda report: f"predictions: {file}")

    # MARK: Stopping

    @property
    def should_stop(self) -> bool:
        """Whether the program should write a checkpoint and call `stop()`.

        So it is after SIGTERM or SIGINT, where the deadline would pass before the next time that the program asks, and
        where labrun is gone. Ask as often as a checkpoint could be written, after each epoch at least. A program that
        has asked neither this nor for `is_resuming` is ended by these signals at once.
        """
        self._has_questions = True
        now = time.monotonic()
        if self._asked is not None:
            self._longest_gap = max(self._longest_gap, now - self._asked)
        self._asked = now
        if self.stop_reason is None:
            return False
        self._has_told_stop = True
        return True

    @property
    def stop_reason(self) -> str | None:
        """Why the program should stop, in a few words; None where it should go on."""
        if self._signal is not None:
            return signal.Signals(self._signal).name
        if self._is_orphan:
            return "labrun is gone"
        if self.deadline is not None:
            left = (self.deadline - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
            if left <= _SECONDS_TO_SAVE + 1.25 * self._longest_gap:
                return "the deadline is near"
        return None

    def stop(self) -> None:
        """Ends the program, after which labrun has it go on from its checkpoint later.

        Raises:
            Stopped: always; it is a `SystemExit` of status 75.
        """
        if not self.is_managed:
            self._print(f"stopped{f': {self.stop_reason}' if self.stop_reason else ''}")
        raise Stopped()

    @property
    def _is_orphan(self) -> bool:
        # A signal at the parent's death would be the system's own way, but it comes at the death of the thread that
        # started this process, which says nothing of the parent.
        return self.is_managed and os.getpid() == self._process and os.getppid() != self._parent

    def _handle_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            previous = signal.getsignal(number)
            # Whoever had it ignored, as nohup does, meant that.
            if previous is signal.SIG_IGN or previous is None:
                continue
            try:
                signal.signal(number, self._receive)
            except ValueError:
                # Only the main thread can; a run that is made elsewhere is ended by signals as any program is.
                return
            self._handlers[number] = previous

    def _receive(self, number: int, frame: FrameType | None) -> None:
        previous = self._handlers.get(number, signal.SIG_DFL)
        if os.getpid() != self._process:
            # A forked process, such as a worker that loads data, has inherited the handler: signals end it as before.
            signal.signal(number, previous)
            os.kill(os.getpid(), number)
            return
        if callable(previous) and previous is not signal.default_int_handler:
            previous(number, frame)
        is_again = self._signal is not None and number == signal.SIGINT
        self._signal = number
        # Whoever has never asked will not ask now.
        if not self._has_questions or is_again:
            raise KeyboardInterrupt if number == signal.SIGINT and not self.is_managed else Stopped()
        if number == signal.SIGINT and not self.is_managed:
            os.write(2, b"stopping after a checkpoint; once more stops at once\n")

    # MARK: Writing

    @property
    def _is_silent(self) -> bool:
        """Whether this is one of several processes that train one model, and not the first of them."""
        rank = os.environ.get("RANK", "")
        if rank.isdigit():
            return int(rank) != 0
        distributed = sys.modules.get("torch.distributed")
        if distributed is None or not (distributed.is_available() and distributed.is_initialized()):
            return False
        return bool(distributed.get_rank() != 0)

    def _check_process(self) -> None:
        owner = self._writer or self._process
        if self._is_silent or os.getpid() == owner:
            return
        raise RuntimeError(
            f"process {os.getpid()} reports to a run that process {owner} reports to: give what is to be reported back "
            "to the process that trains, and report it there")

    def _report(self, report: Mapping[str, Any], text: Callable[[Mapping[str, Any]], str]) -> None:
        self._check_process()
        if not self._has_questions and self._is_orphan:
            # Nobody listens, and the program will not ask.
            raise Stopped()
        if self._is_silent:
            return
        if self._capsule is None:
            self._print(text(report))
            return
        line = (json.dumps(report, ensure_ascii=False) + "\n").encode()
        with self._lock:
            if self._descriptor is None:
                path = self._capsule / "reports.jsonl"
                self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            written = os.write(self._descriptor, line)
            while written < len(line):
                written += os.write(self._descriptor, line[written:])

    def _print(self, text: str) -> None:
        if not self._is_silent:
            print(text, flush=True)


def _date(text: str) -> datetime.datetime:
    date = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    return date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)


def _metrics_text(report: Mapping[str, Any]) -> str:
    head = f"epoch {report['epoch']}" if "epoch" in report else "final"
    return "  ".join([head] + [f"{name} {value:.6g}" for name, value in report.items() if name != "epoch"])


def _progress_text(report: Mapping[str, Any]) -> str:
    progress = report["progress"]
    text = f"epoch {progress['epoch']}/{progress['epochs']}"
    if "step" in progress:
        text += f", step {progress['step']}/{progress['steps']}"
    return text + (f", loss {progress['loss']:.6g}" if "loss" in progress else "")


# MARK: Values


def _kind(value: Any) -> str:
    return "None" if value is None else f"{value!r:.60} of the type {type(value).__name__}"


def _plain(text: str) -> str:
    """The text without what no UTF-8 has."""
    return text.encode("utf-8", "replace").decode()


def _metric_name(name: Any) -> str:
    if not isinstance(name, str) or not _METRIC_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a metric: expected small letters, digits and _, a letter first, such as "
            "test_accuracy")
    if name in _RESERVED_NAMES:
        raise ValueError(f'"{name}" cannot be the name of a metric: in a report it means something else')
    return name


def _scalar(value: Any) -> Any:
    """What an array or a tensor of one element holds, and anything else as it is."""
    if isinstance(value, (int, float, str)) or not callable(getattr(value, "item", None)):
        return value
    try:
        return value.item()
    except (ValueError, RuntimeError, TypeError):
        return value


def _number(value: Any, name: str) -> float:
    number = _scalar(value)
    if isinstance(number, numbers.Real) and not isinstance(number, bool):
        try:
            return float(number)
        except OverflowError:
            raise ValueError(f"{name} is too large for a number of double precision") from None
    # Decimal is a number, but none of Python's tower.
    if hasattr(number, "as_tuple") and hasattr(number, "__float__"):
        return float(number)
    raise TypeError(f"{name} is {_kind(value)}: expected a number, or an array of one")


def _whole(value: Any, name: str, least: int) -> int:
    number = _scalar(value)
    if isinstance(number, bool):
        raise TypeError(f"{name} is {_kind(value)}: expected a whole number")
    try:
        whole = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} is {_kind(value)}: expected a whole number") from None
    if whole < least:
        raise ValueError(f"{name} is {whole}: expected {least} or more")
    return whole


class _Array:
    """An array as NumPy's files have it, by whomever it was made."""

    def __init__(self, shape: tuple[int, ...], data: bytes, is_whole: bool) -> None:
        self.shape = shape
        self.data = data
        self.is_whole = is_whole

    @staticmethod
    def of(value: Any, name: str, dimensions: int, is_whole: bool) -> _Array:
        if hasattr(value, "cpu") and hasattr(value, "data_ptr"):
            array_ = _Array._of_tensor(value, name, is_whole)
        else:
            for method in ("to_numpy", "numpy"):
                if callable(getattr(value, method, None)):
                    value = getattr(value, method)()
                    break
            if all(hasattr(value, member) for member in ("astype", "tobytes", "dtype", "shape")):
                array_ = _Array._of_array(value, name, is_whole)
            else:
                array_ = _Array._of_lists(value, name, is_whole)
        if len(array_.shape) != dimensions:
            expected = "[N, C], a row a sample and a column a class" if dimensions == 2 else "[N], a number a sample"
            raise ValueError(
                f"{name} have the shape {list(array_.shape)}: expected {expected}; join batches before")
        return array_

    @staticmethod
    def _of_tensor(tensor: Any, name: str, is_whole: bool) -> _Array:
        tensor = tensor.cpu()
        _Array._check_type(tensor.dtype, name, is_whole)
        tensor = (tensor.long() if is_whole else tensor.float()).contiguous()
        data = ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()) if tensor.numel() else b""
        return _Array(tuple(tensor.shape), _little_endian(data, 8 if is_whole else 4), is_whole)

    @staticmethod
    def _of_array(values: Any, name: str, is_whole: bool) -> _Array:
        _Array._check_type(values.dtype, name, is_whole)
        return _Array(tuple(values.shape), values.astype("<i8" if is_whole else "<f4").tobytes(), is_whole)

    @staticmethod
    def _check_type(dtype: Any, name: str, is_whole: bool) -> None:
        # NumPy's types have a kind, PyTorch's and those that were added to NumPy's a name only.
        text = str(dtype).rpartition(".")[2]
        kind = getattr(dtype, "kind", "V")
        is_integer = kind in "iu" if kind != "V" else text.startswith(("int", "uint"))
        is_real = kind == "f" if kind != "V" else "float" in text
        if not is_integer and (is_whole or not is_real):
            raise TypeError(f"{name} are of {text}: expected {'whole ' if is_whole else ''}numbers")

    @staticmethod
    def _of_lists(values: Any, name: str, is_whole: bool) -> _Array:
        rows = _sequence(values)
        if rows is None:
            raise TypeError(f"{name} are {_kind(values)}: expected an array, a tensor or lists")
        shape = [len(rows)]
        while rows and _sequence(rows[0]) is not None:
            inner = [_sequence(row) for row in rows]
            lengths = {-1 if row is None else len(row) for row in inner}
            if len(lengths) > 1:
                raise ValueError(f"the rows of {name} have different lengths")
            shape += lengths
            rows = [element for row in inner for element in row or []]
        data: array.array[Any] = array.array("q" if is_whole else "f")
        for element in rows:
            number = _scalar(element)
            if is_whole:
                if isinstance(number, bool) or not isinstance(number, int):
                    raise TypeError(f"{name} have {_kind(element)}: expected whole numbers")
            elif isinstance(number, bool) or not isinstance(number, numbers.Real):
                raise TypeError(f"{name} have {_kind(element)}: expected numbers")
            try:
                data.append(number if is_whole else float(number))
            except OverflowError:
                raise ValueError(f"{name} have {element}, which is too large") from None
        return _Array(tuple(shape), _little_endian(data.tobytes(), data.itemsize), is_whole)

    def integers(self) -> array.array[int]:
        """The whole numbers that it has."""
        return array.array("q", _little_endian(self.data, 8))

    def npy(self) -> bytes:
        """The array as a file of NumPy's format 1.0."""
        shape = "(" + ", ".join(map(str, self.shape)) + ("," if len(self.shape) == 1 else "") + ")"
        kind = "<i8" if self.is_whole else "<f4"
        header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode("ascii")
        # The numbers begin at a multiple of 64 bytes.
        header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + self.data


def _sequence(value: Any) -> list[Any] | None:
    """The elements of lists, tuples, arrays and ranges; None of what is no row of numbers."""
    if isinstance(value, (list, tuple, range, array.array)):
        return list(value)
    if getattr(value, "shape", None) and callable(getattr(value, "tolist", None)):
        return list(value.tolist())
    return None


def _little_endian(data: bytes, size: int) -> bytes:
    if sys.byteorder == "little":
        return data
    swapped = array.array("q" if size == 8 else "f", data)
    swapped.byteswap()
    return swapped.tobytes()


# MARK: The run of this process

_current: Run | None = None
_making = threading.Lock()


def current() -> Run:
    """Returns the run of this process, the same one every time.

    Started by hand, a run has no parameters (`labrun.main` gives it some), the seed of `LABRUN_SEED` or 0, and the
    folder of `LABRUN_FOLDER` or a temporary one.

    Raises:
        RuntimeError: `LABRUN_CAPSULE` names a folder that is no capsule of this version.
    """
    return _run(None, None)


def main(
    train: Function | None = None, *, defaults: Mapping[str, Any] | None = None
) -> Any:
    """Starts `train(run)`, as a function or as a decorator, and ends the program with the right status.

    Where a module is imported that has it at its top level, as processes that load data do, it starts nothing.

    Args:
        train: is called with the run. Where it returns after it was told to stop, the program ends as by `run.stop()`;
            an exception fails the run with its message.
        defaults: the program's parameters with their values, which may be nested. They are what the command line takes
            by hand (`--lr 0.05`, `--model.width 16`, `--no-augment`), and a spec may set these and no others. Without
            them the command line is left alone.

    Returns:
        `train`, or a decorator where there is none.

    Raises:
        ValueError: the spec has a parameter that the program does not have, or the command line says something else.
        TypeError: a parameter has another type than its default.
        Stopped: the program has stopped before its end.
    """
    if defaults is not None and not isinstance(defaults, Mapping):
        raise TypeError(f"defaults are {_kind(defaults)}: expected a dictionary of parameters")

    def decorate(function: Function) -> Function:
        if _is_program(sys._getframe(1)):
            _start(function, defaults)
        return function

    if train is None:
        return decorate
    if not callable(train):
        raise TypeError(f"train is {_kind(train)}: expected a function of a run")
    if _is_program(sys._getframe(1)):
        _start(train, defaults)
    return train


def _is_program(frame: FrameType) -> bool:
    return frame.f_code.co_name != "<module>" or frame.f_globals.get("__name__") == "__main__"


def _start(train: Callable[[Run], Any], defaults: Mapping[str, Any] | None) -> None:
    run = _run(defaults, train.__doc__)
    train(run)
    if run._has_told_stop:
        run.stop()
    unread = run.config._unread_paths()
    if unread:
        run.message(f"parameters that the program has not read: {', '.join(unread)}")


def _run(defaults: Mapping[str, Any] | None, description: str | None) -> Run:
    global _current
    with _making:
        if _current is None:
            if defaults is not None:
                defaults = _nested(dict(_leaves(defaults)))
            capsule = os.environ.get("LABRUN_CAPSULE")
            _current = _managed(Path(capsule), defaults, description) if capsule else _by_hand(defaults, description)
    return _current


def _managed(capsule: Path, defaults: Mapping[str, Any] | None, description: str | None) -> Run:
    path = capsule / "run.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuntimeError(f"LABRUN_CAPSULE names {capsule}, and {path} cannot be read: {error}") from None
    version = content.get("capsule") if isinstance(content, dict) else None
    if version != CAPSULE_VERSION:
        raise RuntimeError(f"{path} is a capsule of version {version}, and this module reads version {CAPSULE_VERSION}")
    try:
        parameters = content["configuration"]["parameters"]
        seed = content["seed"]
        folder = Path(content["program"]["folder"])
    except (KeyError, TypeError) as error:
        raise RuntimeError(f"{path} asks for no program to be run: {error} is missing") from None
    if defaults is None:
        return Run(capsule, parameters, seed, folder, content)
    config = _overlay(defaults, parameters)
    if "seed" in defaults:
        config["seed"] = seed
    _compare_with_arguments(defaults, description, config, seed)
    run = Run(capsule, config, seed, folder, content)
    given = {path for path, _ in _leaves(parameters)} | {"seed"}
    own = [f"{path} {json.dumps(value, default=str)}" for path, value in _leaves(defaults) if path not in given]
    if own and run._writer is None:
        run.message(f"not in the spec, and so by the program's defaults: {', '.join(own)}")
    return run


def _compare_with_arguments(
    defaults: Mapping[str, Any], description: str | None, config: Mapping[str, Any], seed: int
) -> None:
    """Refuses a command line that says something else than the run: its result would be taken for the run's."""
    for path, value in vars(_parser(defaults, description, by_hand=False).parse_args()).items():
        expected: Any = {**config, "seed": seed}
        for key in path.split("."):
            expected = expected[key]
        if value != (list(expected) if isinstance(expected, tuple) else expected):
            raise ValueError(
                f"the command sets --{path} to {value!r}, and the run's parameter is {expected!r}: set it in the "
                "spec's parameters only")


def _by_hand(defaults: Mapping[str, Any] | None, description: str | None) -> Run:
    arguments: dict[str, Any] = {}
    if defaults is not None:
        arguments = vars(_parser(defaults, description, by_hand=True).parse_args())
    folder = arguments.pop("labrun folder", None) or os.environ.get("LABRUN_FOLDER")
    config = dict(defaults or {})
    seed = arguments.get("seed")
    if seed is None:
        text = os.environ.get("LABRUN_SEED")
        try:
            seed = int(text) if text else config.get("seed") or 0
        except ValueError:
            raise ValueError(f"LABRUN_SEED is {text!r}: expected a whole number") from None
    if "seed" in config:
        arguments["seed"] = seed
    else:
        arguments.pop("seed", None)
    config = _overlay(config, _nested(arguments))
    return Run(None, config, seed, Path(folder).absolute() if folder else None)
