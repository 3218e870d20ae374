import copy
import pickle
import unittest

import labrun
from labrun import Config, _overlay


class ConfigTests(unittest.TestCase):
    def setUp(self):
        self.config = Config({"lr": 0.1, "model": {"width": 8, "block": {"kind": "odconv"}}, "items": [1, 2]})

    def test_parameters_are_found_by_attribute_item_and_path(self):
        self.assertEqual(self.config.lr, 0.1)
        self.assertEqual(self.config["lr"], 0.1)
        self.assertEqual(self.config.model.block.kind, "odconv")
        self.assertEqual(self.config["model.block.kind"], "odconv")
        self.assertEqual(self.config["items"], [1, 2])
        self.assertEqual(self.config.get("momentum", 0.9), 0.9)
        self.assertIn("model.width", self.config)
        self.assertEqual(list(self.config), ["lr", "model", "items"])
        self.assertEqual({**self.config.model.block}, {"kind": "odconv"})

    def test_a_missing_one_is_named_with_its_neighbor(self):
        with self.assertRaisesRegex(AttributeError, r'there is no parameter "model.widht" \(did you mean "width"\?\)'):
            _ = self.config.model.widht
        with self.assertRaisesRegex(KeyError, "there is no parameter \"momentum\"; there are lr, model, items"):
            _ = self.config["momentum"]
        self.assertFalse(hasattr(self.config, "momentum"))

    def test_it_is_read_only(self):
        with self.assertRaisesRegex(AttributeError, "cannot be set"):
            self.config.lr = 1
        with self.assertRaises(TypeError):
            self.config["lr"] = 1
        self.assertEqual(self.config.lr, 0.1)

    def test_copies_are_equal(self):
        for other in (copy.deepcopy(self.config), pickle.loads(pickle.dumps(self.config))):
            self.assertEqual(other.to_dict(), self.config.to_dict())
            self.assertEqual(other.model.block.kind, "odconv")

    def test_what_was_not_read_is_known(self):
        _ = self.config.model.width
        self.assertEqual(self.config._unread_paths(), ["lr", "model.block.kind", "items"])
        _ = dict(self.config.model.block), self.config["items"], self.config.lr
        self.assertEqual(self.config._unread_paths(), [])
        self.assertEqual(Config({"seed": 1})._unread_paths(), [])


class OverlayTests(unittest.TestCase):
    DEFAULTS = {"lr": 0.1, "epochs": 3, "name": "a", "augment": False, "sizes": [1], "decay": None,
                "model": {"width": 8}, "extra": {}}

    def test_values_take_the_place_of_defaults(self):
        config = _overlay(
            self.DEFAULTS, {"lr": 1, "epochs": 5.0, "decay": 0.5, "model": {"width": 16}, "extra": {"any": {"x": 1}}})
        self.assertEqual(config, {
            "lr": 1.0, "epochs": 5, "name": "a", "augment": False, "sizes": [1], "decay": 0.5,
            "model": {"width": 16}, "extra": {"any": {"x": 1}}})
        self.assertIs(type(config["lr"]), float)
        self.assertIs(type(config["epochs"]), int)

    def test_what_the_program_does_not_know_is_an_error(self):
        with self.assertRaisesRegex(ValueError, r'"model.widht" is none of the program\'s \(did you mean "width"\?\)'):
            _overlay(self.DEFAULTS, {"model": {"widht": 16}})

    def test_other_types_are_errors(self):
        for values, expected in [
            ({"lr": "fast"}, "a number"), ({"lr": True}, "a number"), ({"epochs": 1.5}, "a whole number"),
            ({"epochs": True}, "a whole number"), ({"name": 1}, "a text"), ({"augment": 1}, "true or false"),
            ({"sizes": 1}, "a list"), ({"model": 8}, "an object"),
        ]:
            with self.subTest(values), self.assertRaisesRegex(TypeError, f"expected {expected}"):
                _overlay(self.DEFAULTS, values)


class ModuleTests(unittest.TestCase):
    def test_what_is_public_is_there(self):
        for name in labrun.__all__:
            self.assertTrue(getattr(labrun, name).__doc__, name)
