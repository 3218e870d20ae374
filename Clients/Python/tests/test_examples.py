import importlib.util
import signal
import sys
import time
import unittest
from pathlib import Path

from tests.harness import cells, expanded, made, printed_metrics, read_spec
from tests.support import RunTestCase

EXAMPLES = Path(__file__).resolve().parents[3] / "Examples"


def needs(*modules):
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return unittest.skipIf(missing, f"there is no module {', '.join(missing)}")


@unittest.skipUnless(EXAMPLES.is_dir(), "the examples lie elsewhere")
class ExampleTests(RunTestCase):
    def start(self, name, attempt=1, folder=None, **changes):
        """The capsule of an example's first cell, and its program."""
        spec = read_spec(EXAMPLES / name / "experiment.json")
        levels, parameters = next(cells(spec))
        folder = folder or self.folder
        capsule, command = made(spec, levels, {**parameters, **changes}, 3, folder, attempt)
        return spec, capsule, capsule.start(command, EXAMPLES / name)

    def test_a_script_that_only_prints(self):
        spec, capsule, process = self.start("plain-script")
        result = capsule.end(process)
        self.assertEqual((result.status, result.reports), (0, []), result.errors)
        metrics = printed_metrics(spec, result.output)
        self.assertEqual(list(metrics), ["test_accuracy"])
        self.assertTrue(0.5 < metrics["test_accuracy"] < 1, metrics)

    @needs("sklearn")
    def test_scikit_learn(self):
        import numpy

        spec, capsule, process = self.start("scikit-learn")
        result = capsule.end(process)
        self.assertEqual(result.status, 0, result.errors)
        self.assertEqual(result.messages, [])
        self.assertGreater(result.final["test_accuracy"], 0.95)
        with numpy.load(capsule.run_folder / "predictions.npz") as read:
            self.assertEqual((read["logits"].shape, len(set(read["ids"]))), ((540, 10), 540))
            # labrun's own accuracy is that which the program has found.
            self.assertAlmostEqual(
                numpy.mean(read["logits"].argmax(1) == read["labels"]), result.final["test_accuracy"], places=12)

    @needs("sklearn", "torch")
    def test_pytorch_ends_with_the_same_numbers_after_a_stop(self):
        whole = self.folder / "whole"
        whole.mkdir()
        _, capsule, process = self.start("pytorch", folder=whole, epochs=4)
        expected = capsule.end(process, 600)
        self.assertEqual((expected.status, expected.messages), (0, []), expected.errors)
        self.assertEqual(list(expected.epochs), [1, 2, 3, 4])

        _, first, process = self.start("pytorch", epochs=4)
        deadline = time.monotonic() + 300
        while process.poll() is None and not any("epoch" in report for report in first.reports()):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        stopped = first.end(process, 600)
        self.assertEqual((stopped.status, stopped.final), (75, {}), stopped.errors)

        _, second, process = self.start("pytorch", attempt=2, epochs=4)
        rest = second.end(process, 600)
        self.assertEqual(rest.status, 0, rest.errors)
        self.assertEqual(rest.messages, [f"goes on after epoch {max(stopped.epochs)}"])
        self.assertEqual({**stopped.epochs, **rest.epochs}, expected.epochs)
        self.assertEqual(rest.final, expected.final)
        for name in ("predictions.npz", "weights.pt"):
            self.assertEqual((second.run_folder / name).read_bytes(), (capsule.run_folder / name).read_bytes(), name)


class HarnessTests(unittest.TestCase):
    PARAMETERS = {"C": 1.0, "kernel": "rbf", "on": True, "sizes": [1, 2], "model": {"width": 8}}

    def test_placeholders(self):
        here = Path(".")
        self.assertEqual(
            expanded(["a", "{args}"], self.PARAMETERS, 3, here),
            ["a", "--C", "1.0", "--kernel", "rbf", "--on", "true", "--sizes", "1", "2", "--model.width", "8"])
        self.assertEqual(
            expanded(["a", "{hydra}"], self.PARAMETERS, 3, here),
            ["a", "C=1.0", "kernel=rbf", "on=true", "sizes=[1, 2]", "model.width=8"])
        self.assertEqual(
            expanded(["python3", "-c={C}-{model.width}-{seed}"], self.PARAMETERS, 3, here),
            [sys.executable, "-c=1.0-8-3"])

    def test_cells_are_all_combinations_with_dotted_names_within(self):
        found = list(cells({
            "parameters": {"model": {"width": 8}, "lr": 1},
            "factors": {"model.width": [4, 8], "speed": {"slow": {"lr": 0.1}, "fast": {"lr": 1, "model.depth": 2}}}}))
        self.assertEqual([levels for levels, _ in found], [
            {"model.width": width, "speed": speed} for width in (4, 8) for speed in ("slow", "fast")])
        self.assertEqual(found[0][1], {"model": {"width": 4}, "lr": 0.1})
        self.assertEqual(found[3][1], {"model": {"width": 8, "depth": 2}, "lr": 1})
