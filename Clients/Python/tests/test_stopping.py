import datetime
import os
import signal
import subprocess
import sys
import time
from unittest import mock

import labrun
from tests.harness import Capsule
from tests.support import RunTestCase

# Counts epochs in a checkpoint, and says that it is ready for signals.
COUNTING = """
    import time, labrun

    def train(run):
        done = int(run.checkpoint.read_text()) if run.is_resuming else 0
        for epoch in range(done + 1, run.config.epochs + 1):
            time.sleep(run.config.seconds)
            run.log(epoch=epoch, loss=1 / epoch)
            run.checkpoint.write_text(str(epoch))
            if run.should_stop:
                run.message(f"stops: {run.stop_reason}")
                run.stop()
        run.log(test_accuracy=0.5)

    labrun.main(train)
    """


class StoppingTests(RunTestCase):
    def start(self, text, capsule, *arguments):
        return capsule.start([sys.executable, str(self.program(text)), *arguments], self.folder)

    def wait_for(self, condition, process):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertIsNone(process.poll(), "the program has ended")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_sigterm_stops_after_a_checkpoint_and_the_next_attempt_goes_on(self):
        parameters = {"epochs": 1000, "seconds": 0.02}
        first = Capsule(self.folder, parameters)
        process = self.start(COUNTING, first)
        self.wait_for(lambda: len(first.reports()) >= 3, process)
        process.send_signal(signal.SIGTERM)
        result = first.end(process)
        self.assertEqual(result.status, 75, result.errors)
        self.assertEqual(result.messages, ["stops: SIGTERM"])
        self.assertEqual(result.final, {})
        done = max(result.epochs)
        self.assertEqual((first.run_folder / "checkpoint").read_text(), str(done))

        second = Capsule(self.folder, {"epochs": done + 2, "seconds": 0}, attempt=2)
        result = second.end(self.start(COUNTING, second))
        self.assertEqual(result.status, 0, result.errors)
        self.assertEqual(list(result.epochs), [done + 1, done + 2])
        self.assertEqual(result.final, {"test_accuracy": 0.5})

    def test_sigkill_loses_no_line(self):
        capsule = self.capsule({"epochs": 100_000, "seconds": 0})
        process = self.start(COUNTING, capsule)
        self.wait_for(lambda: (capsule.folder / "reports.jsonl").exists(), process)
        time.sleep(0.2)
        process.kill()
        result = capsule.end(process)
        self.assertEqual(result.status, -signal.SIGKILL)
        self.assertEqual(list(result.epochs), list(range(1, len(result.epochs) + 1)))

    def test_who_returns_when_told_to_stop_has_stopped(self):
        text = """
            import os, signal, labrun
            @labrun.main
            def train(run):
                assert not run.should_stop
                os.kill(os.getpid(), signal.SIGTERM)
                while not run.should_stop:
                    pass
            print("not reached")
            """
        result = self.run_program(text)
        self.assertEqual((result.status, result.output), (75, ""), result.errors)

    def test_who_never_asks_is_ended_with_its_finally(self):
        text = """
            import time, labrun
            run = labrun.current()
            try:
                run.message("ready")
                time.sleep(60)
            finally:
                run.message("tidied up")
            """
        capsule = self.capsule()
        process = self.start(text, capsule)
        self.wait_for(lambda: capsule.reports(), process)
        process.send_signal(signal.SIGTERM)
        result = capsule.end(process)
        self.assertEqual((result.status, result.messages), (75, ["ready", "tidied up"]), result.errors)

    def test_by_hand_an_interrupt_is_as_in_any_program(self):
        path = self.program("""
            import labrun, time
            run = labrun.current()
            print("ready", flush=True)
            time.sleep(60)
            """)
        process = self.by_hand(path)
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn("KeyboardInterrupt", errors)

    def test_by_hand_an_interrupt_stops_who_asks_and_a_second_one_at_once(self):
        text = """
            import labrun, time
            run = labrun.current()
            assert not run.should_stop
            print("ready", flush=True)
            while not (run.should_stop and {patience}):
                time.sleep(0.01)
            run.stop()
            """
        process = self.by_hand(self.program(text.replace("{patience}", "True")))
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (75, "stopped: SIGINT\n"))
        self.assertEqual(errors, "stopping after a checkpoint; once more stops at once\n")

        process = self.by_hand(self.program(text.replace("{patience}", "False")))
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stderr.readline(), "stopping after a checkpoint; once more stops at once\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def by_hand(self, path):
        environment = {**os.environ, "PYTHONPATH": str(os.path.dirname(os.path.dirname(labrun.__file__)))}
        # Tests that run in the background may have been started with SIGINT ignored.
        return subprocess.Popen(
            [sys.executable, str(path)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def test_an_error_fails_the_run_with_its_message(self):
        result = self.run_program("""
            import labrun
            @labrun.main
            def train(run):
                raise ValueError("the data are not there")
            """)
        self.assertEqual(result.status, 1)
        self.assertEqual(result.errors.splitlines()[-1], "ValueError: the data are not there")

    def test_a_deadline_stops_before_it_has_passed(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        run, _ = self.managed(deadline=(now + datetime.timedelta(seconds=100)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertFalse(run.should_stop)
        later = time.monotonic() + 50
        # An epoch takes 50 seconds, a checkpoint some more: the next one would end after 92.5 seconds.
        with mock.patch("time.monotonic", return_value=later):
            self.assertFalse(run.should_stop)
        with mock.patch("time.monotonic", return_value=later + 70):
            self.assertTrue(run.should_stop)
        self.assertEqual(run.stop_reason, "the deadline is near")
        with self.assertRaises(SystemExit) as caught:
            run.stop()
        self.assertEqual(caught.exception.code, 75)

    def test_a_deadline_that_is_near_stops_at_the_first_question(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        run, _ = self.managed(deadline=(now + datetime.timedelta(seconds=20)).isoformat())
        self.assertTrue(run.should_stop)

    def test_a_program_whose_labrun_is_gone_stops(self):
        program = self.program(COUNTING)
        capsule = self.capsule({"epochs": 100_000, "seconds": 0.02})
        self.orphan(program, capsule)
        self.assertEqual(capsule.reports()[-1], {"message": "stops: labrun is gone"})

    def test_a_program_whose_labrun_is_gone_and_which_never_asks_ends_at_its_next_report(self):
        program = self.program("""
            import atexit, time, labrun
            run = labrun.current()
            atexit.register(lambda: (run.folder / "ended").write_text("by itself"))
            for epoch in range(1, 100_000):
                time.sleep(0.02)
                run.log(epoch=epoch, loss=1)
            """)
        capsule = self.capsule()
        self.orphan(program, capsule)
        self.assertEqual((capsule.run_folder / "ended").read_text(), "by itself")

    def orphan(self, program, capsule):
        """Starts a program by a process that then dies, and waits for the program's end."""
        parent = (
            "import subprocess, sys, time\n"
            "process = subprocess.Popen(sys.argv[1:])\n"
            "print(process.pid, flush=True)\n"
            "time.sleep(600)\n")
        process = capsule.start([sys.executable, "-c", parent, sys.executable, str(program)], self.folder)
        child = int(process.stdout.readline())
        self.wait_for(lambda: len(capsule.reports()) >= 2, process)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 60
        while self.is_alive(child):
            self.assertLess(time.monotonic(), deadline, "the program goes on")
            time.sleep(0.02)
        process.communicate()

    @staticmethod
    def is_alive(pid):
        try:
            os.kill(pid, 0)
            # Nobody may have collected it, where there is no init.
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] not in "ZX"
        except (ProcessLookupError, FileNotFoundError):
            return False

    def test_who_asks_for_a_checkpoint_is_given_time_to_write_one(self):
        run, _ = self.managed()
        with self.assertRaises(labrun.Stopped):
            os.kill(os.getpid(), signal.SIGTERM)
        run._signal = None
        self.assertFalse(run.is_resuming)
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertTrue(run.should_stop)

    def test_signals_that_are_ignored_stay_ignored(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.managed()
        self.assertEqual(signal.getsignal(signal.SIGINT), signal.SIG_IGN)

    def test_handlers_that_were_there_are_called(self):
        seen = []
        signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
        run, _ = self.managed()
        self.assertFalse(run.should_stop)
        os.kill(os.getpid(), signal.SIGTERM)
        self.assertTrue(run.should_stop)
        self.assertEqual(seen, [signal.SIGTERM])
