import decimal
import fcntl
import fractions
import json
import math
import os
import signal
import sys
import threading
import time
from unittest import mock

import labrun
from tests.support import NEEDS_NUMPY, NEEDS_TORCH, RunTestCase, numpy, torch


class RunJSONTests(RunTestCase):
    def test_a_run_is_what_its_capsule_asks_for(self):
        run, capsule = self.managed(
            {"lr": 0.1, "model": {"width": 8}}, seed=3, attempt=2, threads=4, devices=["cuda:0"],
            deadline="2126-01-31T12:00:00.250Z", level={"conv": "odconv"}, variant="odconv + focal")
        self.assertTrue(run.is_managed)
        self.assertEqual((run.config.lr, run.config.model.width, run.seed, run.attempt, run.threads), (0.1, 8, 3, 2, 4))
        self.assertEqual((run.devices, run.levels, run.variant), (["cuda:0"], {"conv": "odconv"}, "odconv + focal"))
        self.assertEqual(run.deadline.isoformat(), "2126-01-31T12:00:00.250000+00:00")
        self.assertEqual((run.folder, run.checkpoint), (capsule.run_folder, capsule.run_folder / "checkpoint"))
        self.assertEqual(run.identity, capsule.content["run"])
        self.assertFalse(run.is_resuming)
        self.assertIs(labrun.current(), run)

    def test_a_checkpoint_of_an_earlier_attempt_is_seen(self):
        (self.folder / "run").mkdir()
        (self.folder / "run" / "checkpoint").mkdir()
        run, _ = self.managed()
        self.assertTrue(run.is_resuming)

    def test_what_is_no_capsule_is_an_error(self):
        capsule = self.capsule()
        os.environ["LABRUN_CAPSULE"] = str(capsule.folder)
        path = capsule.folder / "run.json"
        for text, expected in [
            (None, "cannot be read"), ("{", "cannot be read"), ("[]", "version None"), ('{"capsule": 2}', "version 2"),
            (json.dumps({**capsule.content, "program": None}), "asks for no program"),
            (json.dumps({**capsule.content, "configuration": {"model": {}}}), "'parameters' is missing"),
        ]:
            with self.subTest(text):
                path.unlink() if text is None else path.write_text(text)
                with self.assertRaisesRegex(RuntimeError, expected):
                    labrun.current()


class LogTests(RunTestCase):
    def test_a_report_is_a_line(self):
        run, capsule = self.managed()
        run.log(epoch=3, test_accuracy=0.91, train_loss=2)
        run.log({"test_accuracy": 0.93})
        self.assertEqual(
            (capsule.folder / "reports.jsonl").read_text(),
            '{"epoch": 3, "test_accuracy": 0.91, "train_loss": 2.0}\n{"test_accuracy": 0.93}\n')

    def test_numbers_that_are_not_finite_are_written_as_python_does(self):
        run, capsule = self.managed()
        run.log(a=math.nan, b=math.inf, c=-math.inf)
        self.assertEqual(
            (capsule.folder / "reports.jsonl").read_text(), '{"a": NaN, "b": Infinity, "c": -Infinity}\n')
        self.assertTrue(math.isnan(capsule.reports()[0]["a"]))

    def test_numbers_of_other_kinds_are_numbers(self):
        run, capsule = self.managed()
        run.log(a=fractions.Fraction(1, 4), b=decimal.Decimal("0.5"), c=10**20)
        self.assertEqual(capsule.reports(), [{"a": 0.25, "b": 0.5, "c": 1e20}])

    @NEEDS_NUMPY
    def test_numbers_of_numpy_are_numbers(self):
        run, capsule = self.managed()
        run.log(epoch=numpy.int64(2), a=numpy.float32(0.25), b=numpy.int8(3), c=numpy.array(0.5), d=numpy.array([[7]]))
        run.log(epoch=numpy.array([3]), a=numpy.float64("nan"))
        self.assertEqual(capsule.reports()[0], {"epoch": 2, "a": 0.25, "b": 3.0, "c": 0.5, "d": 7.0})
        self.assertEqual(capsule.reports()[1]["epoch"], 3)
        with self.assertRaisesRegex(TypeError, "an array of one"):
            run.log(a=numpy.zeros(2))
        with self.assertRaises(TypeError):
            run.log(a=numpy.bool_(True))
        with self.assertRaises(TypeError):
            run.log(a=numpy.complex128(1))

    @NEEDS_TORCH
    def test_numbers_of_torch_are_numbers(self):
        run, capsule = self.managed()
        run.log(
            epoch=torch.tensor(2), a=torch.tensor(0.25, requires_grad=True), b=torch.tensor([3]),
            c=torch.tensor(0.5, dtype=torch.bfloat16))
        self.assertEqual(capsule.reports(), [{"epoch": 2, "a": 0.25, "b": 3.0, "c": 0.5}])
        with self.assertRaisesRegex(TypeError, "an array of one"):
            run.log(a=torch.zeros(2))

    def test_what_is_no_number_is_an_error(self):
        run, capsule = self.managed()
        for value in ("0.9", True, None, [0.9], {}, 1j, object()):
            with self.subTest(value), self.assertRaisesRegex(TypeError, "^test_accuracy is .*expected a number"):
                run.log(test_accuracy=value)
        with self.assertRaisesRegex(ValueError, "too large"):
            run.log(test_accuracy=10**400)
        self.assertEqual(capsule.reports(), [])

    def test_names_that_are_not_allowed_are_errors(self):
        run, capsule = self.managed()
        for name in ("Accuracy", "test/acc", "1st", "_a", "", "té", "test acc", "a\n", 3):
            with self.subTest(name), self.assertRaisesRegex(ValueError, "cannot be the name of a metric"):
                run.log({name: 1})
        for name in ("message", "progress", "artifact", "predictions", "kind", "epoch"):
            with self.subTest(name), self.assertRaisesRegex(ValueError, "means something else"):
                run.log({name: 1})
        self.assertEqual(capsule.reports(), [])

    def test_epochs_are_whole_numbers_from_1_on(self):
        run, capsule = self.managed()
        for epoch, expected in ((0, 'expected 1 or more, or "first_epoch": 0'), (-1, "expected 0 or more")):
            with self.subTest(epoch), self.assertRaisesRegex(ValueError, expected):
                run.log(epoch=epoch, loss=1)
        for epoch in (1.0, "1", True, [1]):
            with self.subTest(epoch), self.assertRaisesRegex(TypeError, "expected a whole number"):
                run.log(epoch=epoch, loss=1)
        self.assertEqual(capsule.reports(), [])

    def test_epochs_count_from_0_where_the_spec_says_so(self):
        run, capsule = self.managed(first_epoch=0)
        run.log(epoch=0, loss=1)
        run.progress(epoch=0, epochs=1)
        with self.assertRaisesRegex(ValueError, "epoch 1 is beyond the last one, 0"):
            run.progress(epoch=1, epochs=1)
        self.assertEqual(capsule.reports(), [{"epoch": 0, "loss": 1.0}, {"progress": {"epoch": 0, "epochs": 1}}])

    def test_nothing_to_report_is_an_error(self):
        run, _ = self.managed()
        for arguments in ({}, {"epoch": 1}):
            with self.assertRaisesRegex(ValueError, "nothing to report"):
                run.log(**arguments)


class OtherReportTests(RunTestCase):
    def test_progress_is_told_as_often_as_people_look(self):
        run, capsule = self.managed()
        run.progress(epoch=3, epochs=30, step=12, steps=100, loss=0.3)
        for step in range(13, 100):
            run.progress(epoch=3, epochs=30, step=step, steps=100)
        self.assertEqual(
            capsule.reports(), [{"progress": {"epoch": 3, "epochs": 30, "step": 12, "steps": 100, "loss": 0.3}}])
        with mock.patch("time.monotonic", return_value=time.monotonic() + 1):
            run.progress(epoch=4, epochs=30)
        self.assertEqual(capsule.reports()[1:], [{"progress": {"epoch": 4, "epochs": 30}}])

    def test_progress_that_cannot_be_is_an_error(self):
        run, capsule = self.managed()
        for arguments in (
            {"epoch": 0, "epochs": 3}, {"epoch": 4, "epochs": 3}, {"epoch": 1, "epochs": 3, "step": 1},
            {"epoch": 1, "epochs": 3, "step": -1, "steps": 3}, {"epoch": 1, "epochs": 3, "step": 0, "steps": 0},
        ):
            with self.subTest(arguments), self.assertRaises(ValueError):
                run.progress(**arguments)
        with self.assertRaises(TypeError):
            run.progress(epoch=1, epochs=3, loss="low")
        self.assertEqual(capsule.reports(), [])

    def test_messages_are_texts(self):
        run, capsule = self.managed()
        run.message('läuft: "schon"\nzwei Zeilen')
        run.message("a name that is no UTF-8: \udcff")
        self.assertEqual(
            capsule.reports(), [{"message": 'läuft: "schon"\nzwei Zeilen'}, {"message": "a name that is no UTF-8: ?"}])
        with self.assertRaises(TypeError):
            run.message(3)
        with self.assertRaises(ValueError):
            run.message(" \n")

    def test_artifacts_lie_in_the_folder_of_the_run(self):
        run, capsule = self.managed()
        (run.folder / "sub").mkdir()
        (run.folder / "sub" / "weights.pt").write_bytes(b"x")
        (self.folder / "outside").write_bytes(b"x")
        (run.folder / "link").symlink_to(self.folder / "outside")
        run.artifact("sub/weights.pt", kind="weights")
        run.artifact(run.folder / "sub" / "weights.pt")
        run.artifact("sub", kind="checkpoint")
        self.assertEqual(capsule.reports(), [
            {"artifact": "sub/weights.pt", "kind": "weights"}, {"artifact": "sub/weights.pt", "kind": "other"},
            {"artifact": "sub", "kind": "checkpoint"}])
        for path in ("../outside", self.folder / "outside", "link", "."):
            with self.subTest(path), self.assertRaisesRegex(ValueError, "lies outside"):
                run.artifact(path)
        for path in ("missing", "sub"):
            with self.subTest(path), self.assertRaises(FileNotFoundError):
                run.artifact(path)
        with self.assertRaisesRegex(ValueError, "weights, checkpoint, other"):
            run.artifact("sub/weights.pt", kind="model")
        self.assertEqual(len(capsule.reports()), 3)


class WritingTests(RunTestCase):
    def test_a_line_is_appended_by_one_write(self):
        run, _ = self.managed()
        with mock.patch("os.write", wraps=os.write) as write:
            run.log(test_accuracy=0.5)
            run.message("x" * 100_000)
        self.assertEqual(write.call_count, 2)
        self.assertTrue(fcntl.fcntl(run._descriptor, fcntl.F_GETFL) & os.O_APPEND)
        self.assertFalse(os.get_inheritable(run._descriptor))

    def test_a_short_write_is_finished(self):
        run, capsule = self.managed()
        write = os.write
        with mock.patch("os.write", side_effect=lambda file, data: write(file, data[:5])):
            run.log(test_accuracy=0.5)
        self.assertEqual(capsule.reports(), [{"test_accuracy": 0.5}])

    def test_threads_do_not_mix_their_lines(self):
        run, capsule = self.managed()
        text = "x" * 5000

        def work(thread):
            for index in range(100):
                run.message(f"{thread} {index} {text}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = [report["message"] for report in capsule.reports()]
        self.assertEqual(sorted(found), sorted(f"{a} {b} {text}" for a in range(8) for b in range(100)))
        for number in range(8):
            own = [int(message.split()[1]) for message in found if message.startswith(f"{number} ")]
            self.assertEqual(own, list(range(100)))

    def test_a_forked_process_must_not_report(self):
        run, capsule = self.managed()
        run.log(test_accuracy=0.5)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                run.log(test_accuracy=0.6)
            except RuntimeError as error:
                os.write(writer, str(error).encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        message = os.read(reader, 1000).decode()
        os.close(reader)
        self.assertEqual(
            message, f"process {child} reports to a run that process {os.getpid()} reports to: give what is to be "
            "reported back to the process that trains, and report it there")
        self.assertEqual(capsule.reports(), [{"test_accuracy": 0.5}])

    def test_signals_end_a_forked_process_as_any_other(self):
        run, _ = self.managed()
        self.assertFalse(run.should_stop)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, b"x")
            time.sleep(60)
            os._exit(1)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        os.kill(child, signal.SIGTERM)
        self.assertEqual(os.WTERMSIG(os.waitpid(child, 0)[1]), signal.SIGTERM)
        self.assertFalse(run.should_stop)

    def test_a_spawned_process_must_not_report(self):
        result = self.run_program("""
            import multiprocessing
            import labrun

            def work(pipe):
                try:
                    labrun.current().log(loss=1)
                except RuntimeError as error:
                    pipe.send(str(error))
                else:
                    pipe.send("reported")

            @labrun.main
            def train(run):
                context = multiprocessing.get_context("spawn")
                receiver, sender = context.Pipe()
                process = context.Process(target=work, args=(sender,))
                process.start()
                run.message(receiver.recv())
                process.join()
            """)
        self.assertEqual(result.status, 0, result.errors)
        self.assertEqual(len(result.reports), 1)
        self.assertIn("reports to a run that process", result.messages[0])

    def test_other_ranks_are_silent(self):
        run, capsule = self.managed()
        os.environ["RANK"] = "1"
        run.log(test_accuracy=0.5)
        run.message("hello")
        run.predictions([[0.1, 0.9]], [1])
        with self.assertRaises(TypeError):
            run.log(test_accuracy="high")
        self.assertEqual((capsule.reports(), os.listdir(run.folder)), ([], []))
        os.environ["RANK"] = "0"
        run.log(test_accuracy=0.5)
        self.assertEqual(len(capsule.reports()), 1)

    @NEEDS_TORCH
    def test_ranks_of_torch_are_known(self):
        run, capsule = self.managed()
        distributed = torch.distributed
        with mock.patch.object(distributed, "is_initialized", return_value=True), \
                mock.patch.object(distributed, "get_rank", return_value=1):
            run.log(test_accuracy=0.5)
        self.assertEqual(capsule.reports(), [])

    def test_torn_descriptors_and_full_disks_are_errors(self):
        run, _ = self.managed()
        with mock.patch("os.write", side_effect=OSError(28, "No space left on device")), self.assertRaises(OSError):
            run.log(test_accuracy=0.5)


class ByHandTests(RunTestCase):
    def test_reports_are_printed(self):
        run = labrun.current()
        with mock.patch("sys.stdout") as output:
            run.log(epoch=3, test_accuracy=0.91, train_loss=0.25)
            run.log(test_accuracy=float("nan"))
            run.message("hello")
            run.progress(epoch=3, epochs=30, step=12, steps=100, loss=0.3)
        text = "".join(call.args[0] for call in output.write.call_args_list)
        self.assertEqual(
            text, "epoch 3  test_accuracy 0.91  train_loss 0.25\nfinal  test_accuracy nan\nhello\n"
            "epoch 3/30, step 12/100, loss 0.3\n")

    def test_seed_and_folder_come_from_the_environment(self):
        os.environ.update(LABRUN_SEED="7", LABRUN_FOLDER=str(self.folder / "mine"))
        run = labrun.current()
        self.assertEqual((run.seed, run.folder), (7, self.folder / "mine"))
        self.assertFalse(run.is_managed)
        self.assertTrue(run.folder.is_dir())
        self.assertIsNone(run.stop_reason)

    def test_a_seed_that_is_none_is_an_error(self):
        os.environ["LABRUN_SEED"] = "seven"
        with self.assertRaisesRegex(ValueError, "LABRUN_SEED is 'seven'"):
            labrun.current()

    def test_without_a_folder_it_is_a_temporary_one(self):
        run = labrun.current()
        self.assertFalse(run.is_resuming)
        with mock.patch("tempfile.mkdtemp", return_value=str(self.folder)) as made, mock.patch("sys.stdout"):
            self.assertEqual(run.checkpoint, self.folder / "checkpoint")
            self.assertEqual(run.folder, self.folder)
        self.assertEqual(made.call_count, 1)
        self.assertEqual(sys.modules["labrun"].current().folder, self.folder)
