"""The page on capsules, its schemas, and this client say the same."""

import copy
import json
import re
import unittest
from pathlib import Path

from tests.support import RunTestCase

try:
    import jsonschema
    import referencing
except ImportError:
    jsonschema = None

DOCUMENTATION = Path(__file__).resolve().parents[3] / "Documentation"
HASH = "0" * 64


def blocks(language):
    """The blocks of the page in a language."""
    page = (DOCUMENTATION / "Capsules.md").read_text(encoding="utf-8")
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", page)


@unittest.skipIf(jsonschema is None, "jsonschema is not installed")
@unittest.skipUnless(DOCUMENTATION.is_dir(), "the pages lie elsewhere")
class PageTests(RunTestCase):
    @classmethod
    def setUpClass(cls):
        schemas = {kind: json.loads((DOCUMENTATION / f"capsule-{kind}.schema.json").read_text(encoding="utf-8"))
                   for kind in ("run", "event", "report")}
        registry = referencing.Registry().with_resources(
            (f"capsule-{kind}.schema.json", referencing.Resource.from_contents(schema))
            for kind, schema in schemas.items())
        for schema in schemas.values():
            jsonschema.Draft202012Validator.check_schema(schema)
        cls.validators = {
            kind: jsonschema.Draft202012Validator(
                {**schema, "$id": f"capsule-{kind}.schema.json"}, registry=registry,
                format_checker=jsonschema.FormatChecker()) for kind, schema in schemas.items()}

    def expect(self, kind, content, is_valid=True):
        errors = [f"{error.json_path}: {error.message}" for error in self.validators[kind].iter_errors(content)]
        self.assertEqual(not errors, is_valid, f"{content}: {errors}")

    def test_the_examples_of_the_page_are_what_it_says(self):
        (run,) = blocks("json")
        self.expect("run", json.loads(run))
        reports, events = ([json.loads(line) for line in block.splitlines()] for block in blocks("jsonl"))
        for report in reports:
            self.expect("report", report)
        for event in events:
            self.expect("event", event)
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        kinds = {"start", "progress", "epoch", "artifact", "log", "remark", "final"}
        self.assertEqual({event["event"] for event in events}, kinds)

    def test_every_member_that_a_schema_demands_is_demanded(self):
        (text,) = blocks("json")
        reports, events = ([json.loads(line) for line in block.splitlines()] for block in blocks("jsonl"))
        optional = {
            "run": {"program.deadline", "program.devices"},
            "event": {"loss", "images_per_second", "timing", "timing.peak_memory_bytes", "provenance.repository", "level",
                      "record.best_epoch", "record.evaluated_epoch", "record.confusion", "record.weights_hash"},
        }
        for kind, examples in (("run", [json.loads(text)]), ("event", events)):
            for example in examples:
                inner = [(f"{key}.{name}") for key, value in example.items() if isinstance(value, dict)
                         and key in ("program", "provenance", "timing", "record", "resume") for name in value]
                for path in [*example, *inner]:
                    changed = copy.deepcopy(example)
                    head, _, name = path.partition(".")
                    del (changed[head] if name else changed)[name or head]
                    if path == "event":
                        continue
                    with self.subTest(path):
                        self.expect(kind, changed, path in optional[kind])

    def test_other_runs(self):
        (text,) = blocks("json")
        run = json.loads(text)
        engine = {key: value for key, value in run.items() if key != "program"}
        engine["configuration"] = {"model": {"architecture": "resnet"}}
        engine["engine"] = {"spec_hash": HASH, "spec_folder": "/here", "checkpoint_seconds": 600, "database": "x"}
        engine["resume"] = {
            "checkpoint": "/c.h5", "best_weights": "/b.h5", "best_weights_hash": HASH, "choices": {}, "epochs": [{
                "epoch": 0, "metrics": {"train_loss": None}, "timing": {
                    "train_seconds": 1, "evaluation_seconds": 0, "images_per_second": "inf", "mean_step_milliseconds": 1}}]}
        self.expect("run", engine)
        self.expect("run", {**engine, "program": run["program"]}, False)
        self.expect("run", {key: value for key, value in engine.items() if key != "engine"}, False)
        self.expect("run", {**run, "configuration": {}}, False)
        self.expect("run", {**run, "capsule": 2}, False)
        self.expect("run", {**run, "seed": -1}, False)
        self.expect("run", {**run, "run": "3f9d"}, False)
        self.expect("run", {**run, "anything": "else"})
        self.expect("run", {**engine, "resume": {**engine["resume"], "epochs": [{"epoch": 0}]}}, False)

    def test_other_events(self):
        head = {"seq": 3, "at": "2026-01-31T12:00:00.000Z"}
        for event, is_valid in [
            ({"event": "final", "outcome": "interrupted", "reason": "stopped on request", "epochs": 3}, True),
            ({"event": "final", "outcome": "failed", "reason": "no", "epochs": 0, "is_retriable": True}, True),
            ({"event": "final", "outcome": "diverged", "epochs": 0}, False),
            ({"event": "final", "outcome": "running", "reason": "no", "epochs": 0}, False),
            ({"event": "final", "outcome": "completed", "reason": "no", "epochs": 0}, False),
            ({"event": "something", "else": 3}, True),
            ({"event": "log", "message": "hello"}, True),
            ({"event": "log", "message": "hello", "level": "loud"}, False),
            ({"event": "epoch", "epoch": 0, "metrics": {"a": "nan"}}, False),
            ({"event": "epoch", "epoch": 0, "metrics": {"a": "-inf", "b": None}, "timing": None}, True),
            ({"event": "progress", "epoch": 0, "epochs": 1, "step": 0, "steps_per_epoch": 1, "loss": "nan"}, True),
            *(({"event": "artifact", "files": [{"kind": kind, "name": name, "sha256": HASH, "bytes": 0}]}, is_valid)
              for kind, name, is_valid in [
                  ("predictions", "a", True), ("other", "a", False), ("predictions", "a/b", False),
                  ("predictions", "..", False)]),
        ]:
            with self.subTest(event):
                self.expect("event", {**head, **event}, is_valid)
        self.expect("event", {"seq": 0, "at": head["at"], "event": "something"}, False)
        self.expect("event", {"seq": 1, "at": "today", "event": "something"}, False)

    def test_other_reports(self):
        for report, is_valid in [
            ({"a": 1, "b": float("nan")}, True), ({"epoch": 1, "a": 1}, True), ({"epoch": 1}, False), ({}, False),
            ({"epoch": 0, "a": 1}, False), ({"epoch": 1.5, "a": 1}, False), ({"A": 1}, False), ({"a": "1"}, False),
            ({"kind": 1}, False), ({"message": "a", "b": 1}, False), ({"artifact": "/a", "kind": "other"}, False),
            ({"artifact": "a"}, False), ({"progress": {"epoch": 1, "epochs": 2, "step": 1}}, False),
        ]:
            with self.subTest(report):
                self.expect("report", report, is_valid)

    def test_what_this_client_reads_and_writes_is_so(self):
        run, capsule = self.managed(
            {"lr": 0.1}, deadline="2126-01-31T12:00:00.250Z", devices=["cuda:0"], level={"lr": 0.1})
        self.expect("run", json.loads((capsule.folder / "run.json").read_text(encoding="utf-8")))
        run.log(epoch=1, loss=float("inf"))
        run.log(test_accuracy=0.5)
        run.message("hello")
        run.progress(epoch=1, epochs=2, step=1, steps=3, loss=0.5)
        run.predictions([[0.5, 1]], [1])
        run.artifact("predictions.npz")
        self.assertEqual(len(capsule.reports()), 6)
        for report in capsule.reports():
            self.expect("report", report)

    def test_the_page_names_every_member(self):
        page = (DOCUMENTATION / "Capsules.md").read_text(encoding="utf-8")
        names = set()

        def collect(schema):
            if isinstance(schema, dict):
                for key, value in schema.items():
                    names.update(value if key == "properties" else [])
                    names.update(value if key == "enum" else [])
                    collect(value)
            elif isinstance(schema, list):
                for value in schema:
                    collect(value)

        for validator in self.validators.values():
            collect(validator.schema)
        missing = [name for name in names if name and f"`{name}`" not in page and f".{name}`" not in page
                   and f'`"{name}"`' not in page and name != "capsule"]
        self.assertEqual(missing, [])
