import json
import os
import subprocess
import sys

import labrun
from tests.support import RunTestCase

PROGRAM = """
    import json, labrun

    DEFAULTS = {
        "lr": 0.1, "epochs": 3, "kind": "a", "augment": False, "flip": True, "sizes": [8, 16], "decay": None,
        "model": {"width": 8, "use_bias": True}}

    def train(run):
        '''Trains nothing.'''
        run.message(json.dumps([run.config.to_dict(), run.seed, str(run.folder)]))

    labrun.main(train, defaults=DEFAULTS)
    """


class ByHandTests(RunTestCase):
    def start(self, text, *arguments, **environment):
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(labrun.__file__)), **environment}
        return subprocess.run(
            [sys.executable, str(self.program(text)), *arguments], env=environment, capture_output=True, text=True,
            cwd=self.folder, timeout=60)

    def configuration(self, *arguments, text=PROGRAM, **environment):
        done = self.start(text, *arguments, "--folder", "mine", **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_options_are_the_defaults(self):
        config, seed, folder = self.configuration()
        self.assertEqual(config, {
            "lr": 0.1, "epochs": 3, "kind": "a", "augment": False, "flip": True, "sizes": [8, 16], "decay": None,
            "model": {"width": 8, "use_bias": True}})
        self.assertEqual((seed, folder), (0, str(self.folder / "mine")))

    def test_options_have_the_types_of_their_defaults(self):
        config, seed, _ = self.configuration(
            "--lr", "1e-3", "--epochs", "5", "--kind", "7", "--augment", "--no-flip", "--sizes", "1", "2", "3",
            "--decay", "0.5", "--model.width", "16", "--no-model.use-bias", "--seed", "9", LABRUN_SEED="4")
        self.assertEqual(config, {
            "lr": 0.001, "epochs": 5, "kind": "7", "augment": True, "flip": False, "sizes": [1, 2, 3], "decay": 0.5,
            "model": {"width": 16, "use_bias": False}})
        self.assertEqual(seed, 9)

    def test_the_environment_has_the_seed_where_the_command_line_does_not(self):
        self.assertEqual(self.configuration(LABRUN_SEED="4")[1], 4)
        text = PROGRAM.replace('"lr": 0.1', '"seed": 3, "lr": 0.1')
        for arguments, environment, expected in [
            ((), {}, 3), ((), {"LABRUN_SEED": "4"}, 4), (("--seed", "5"), {"LABRUN_SEED": "4"}, 5),
        ]:
            config, seed, _ = self.configuration(*arguments, text=text, **environment)
            self.assertEqual((config["seed"], seed), (expected, expected))

    def test_defaults_may_be_named_by_paths(self):
        text = PROGRAM.replace('"model": {"width": 8, "use_bias": True}', '"model.width": 8')
        self.assertEqual(self.configuration("--model.width", "4", text=text)[0]["model"], {"width": 4})

    def test_what_is_no_option_ends_with_status_2(self):
        for text in ("--rate 1", "--lr fast", "--epochs 1.5", "--augment maybe", "--no-augment true", "--l 1", "x"):
            arguments = text.split()
            with self.subTest(arguments):
                done = self.start(PROGRAM, *arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn("error: ", done.stderr)

    def test_the_help_has_the_options_and_their_defaults(self):
        done = self.start(PROGRAM, "--help")
        self.assertEqual(done.returncode, 0)
        for text in ("Trains nothing.", "--lr LR", "default: 0.1", "--no-model.use-bias", "--seed", "--folder"):
            self.assertIn(text, done.stdout)

    def test_without_defaults_the_command_line_is_the_programs(self):
        done = self.start("""
            import sys, labrun
            labrun.main(lambda run: print(sys.argv[1:], run.config))
            """, "--anything", "else")
        self.assertEqual(done.stdout, "['--anything', 'else'] Config({})\n", done.stderr)


class ManagedTests(RunTestCase):
    def test_parameters_come_from_the_capsule(self):
        result = self.run_program(PROGRAM, parameters={"lr": 1, "model": {"width": 4}, "kind": "b"}, seed=5)
        self.assertEqual(result.status, 0, result.errors)
        self.assertEqual(result.output, "")
        config, seed, folder = json.loads(result.messages[-1])
        self.assertEqual((config["lr"], config["kind"], seed), (1.0, "b", 5))
        self.assertEqual(config["model"], {"width": 4, "use_bias": True})
        self.assertEqual(folder, str(self.folder / "run"))
        self.assertEqual(
            result.messages[0],
            "not in the spec, and so by the program's defaults: epochs 3, augment false, flip true, sizes [8, 16], "
            "decay null, model.use_bias true")

    def test_a_parameter_that_the_program_does_not_have_fails_the_run(self):
        result = self.run_program(PROGRAM, parameters={"learning_rate": 1})
        self.assertEqual((result.status, result.reports), (1, []))
        self.assertIn('ValueError: the parameter "learning_rate" is none of', result.errors.splitlines()[-1])

    def test_parameters_that_are_not_read_are_named(self):
        text = """
            import labrun
            labrun.main(lambda run: run.log(test_accuracy=run.config.lr))
            """
        result = self.run_program(text, parameters={"lr": 1, "model": {"width": 4, "depth": 2}, "seed": 0})
        self.assertEqual(result.messages, ["parameters that the program has not read: model.width, model.depth"])

    def test_arguments_may_repeat_the_run_and_say_nothing_else(self):
        parameters = {"lr": 0.5, "augment": True, "sizes": [1, 2], "model": {"width": 4}}
        arguments = ["--lr", "0.5", "--augment", "true", "--sizes", "1", "2", "--model.width", "4", "--seed", "3"]
        result = self.run_program(PROGRAM, *arguments, parameters=parameters, seed=3)
        self.assertEqual(result.status, 0, result.errors)
        for index, argument in enumerate(["--lr", "0.6", "--seed", "4", "--augment", "false", "--kind", "b"]):
            if index % 2 == 0:
                option = argument
                continue
            with self.subTest(option):
                result = self.capsule(parameters, seed=3, attempt=2 + index).run(
                    [sys.executable, str(self.program(PROGRAM)), option, argument], self.folder)
                self.assertEqual((result.status, result.reports), (1, []))
                self.assertIn(f"ValueError: the command sets {option} to", result.errors.splitlines()[-1])

    def test_a_seed_among_the_defaults_is_the_runs(self):
        text = PROGRAM.replace('"lr": 0.1', '"seed": 3, "lr": 0.1')
        result = self.run_program(text, seed=8)
        self.assertEqual(result.status, 0, result.errors)
        self.assertEqual(json.loads(result.messages[-1])[0]["seed"], 8)


class StartTests(RunTestCase):
    def test_every_form_starts_once_in_the_program_and_never_in_an_import(self):
        forms = {
            "function": "labrun.main(train)", "keyword": "labrun.main(train, defaults={'a': 1})",
            "guarded": "if __name__ == '__main__': labrun.main(train)",
        }
        train = "def train(run): run.message('trained')"
        texts = {name: f"import labrun\n{train}\n{form}\n" for name, form in forms.items()}
        texts["decorator"] = f"import labrun\n@labrun.main\n{train}\n"
        texts["decorator2"] = f"import labrun\n@labrun.main(defaults={{'a': 1}})\n{train}\n"
        for attempt, (name, text) in enumerate(texts.items(), start=1):
            with self.subTest(name):
                program = self.program(text, f"form_{name}.py")
                capsule = self.capsule(attempt=attempt)
                result = capsule.run([sys.executable, str(program)], self.folder)
                self.assertEqual((result.status, result.messages.count("trained")), (0, 1), result.errors)
                capsule = self.capsule(attempt=100 + attempt)
                result = capsule.run([sys.executable, "-c", f"import form_{name}"], self.folder)
                self.assertEqual((result.status, result.reports), (0, []), result.errors)

    def test_it_starts_within_a_function_of_another_module(self):
        self.program("import labrun\ndef entry(): labrun.main(lambda run: run.message('trained'))\n", "package.py")
        result = self.capsule().run([sys.executable, "-c", "import package; package.entry()"], self.folder)
        self.assertEqual((result.status, result.messages), (0, ["trained"]), result.errors)

    def test_there_is_one_run(self):
        result = self.run_program("""
            import labrun
            runs = [labrun.current()]
            labrun.main(runs.append)
            labrun.main(runs.append, defaults={"a": 1})
            runs[0].message(str(len(runs)) + str(all(run is runs[0] for run in runs)))
            """)
        self.assertEqual((result.status, result.messages), (0, ["3True"]), result.errors)

    def test_what_cannot_be_started_is_an_error(self):
        with self.assertRaisesRegex(TypeError, "expected a function of a run"):
            labrun.main(3)
        with self.assertRaisesRegex(TypeError, "expected a dictionary"):
            labrun.main(print, defaults=["lr"])
