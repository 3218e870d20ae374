import array
import ast
import struct
import time
import zipfile
from unittest import mock

from tests.support import NEEDS_NUMPY, NEEDS_TORCH, RunTestCase, numpy, torch

LOGITS = [[0.25, -1.5, 3.0], [1e-30, 2.0, float("nan")], [float("inf"), 0, -0.0]]
LABELS = [2, 1, 0]


def content(path):
    """The arrays of an .npz, read without NumPy."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            data = archive.read(name)
            assert data[:8] == b"\x93NUMPY\x01\x00"
            (length,) = struct.unpack("<H", data[8:10])
            assert (10 + length) % 64 == 0 and data[9 + length:10 + length] == b"\n"
            header = ast.literal_eval(data[10:10 + length].decode("ascii"))
            assert header["fortran_order"] is False
            arrays[name] = (header["descr"], header["shape"], data[10 + length:])
    return arrays


class PredictionTests(RunTestCase):
    def setUp(self):
        super().setUp()
        self.run_, self.capsule_ = self.managed()
        self.path = self.run_.folder / "predictions.npz"

    def expect(self):
        """The file has LOGITS and LABELS, bit by bit."""
        self.assertEqual(content(self.path), {
            "logits.npy": ("<f4", (3, 3), struct.pack("<9f", *[value for row in LOGITS for value in row])),
            "labels.npy": ("<i8", (3,), struct.pack("<3q", *LABELS))})

    def test_lists_are_written_as_numpy_does(self):
        self.run_.predictions(LOGITS, LABELS)
        self.expect()
        self.assertEqual(self.capsule_.reports(), [{"predictions": "predictions.npz"}])
        self.assertEqual([path.name for path in self.run_.folder.iterdir()], ["predictions.npz"])

    def test_rows_may_be_of_any_kind(self):
        self.run_.predictions([array.array("d", row) for row in LOGITS], tuple(LABELS))
        self.expect()

    def test_equal_predictions_are_equal_files(self):
        self.run_.predictions(LOGITS, LABELS)
        first = self.path.read_bytes()
        with mock.patch("time.localtime", return_value=time.localtime(10**9)):
            self.run_.predictions(LOGITS, LABELS)
        self.assertEqual(first, self.path.read_bytes())

    def test_probabilities_and_ids(self):
        self.run_.predictions(probabilities=[[0.25, 0.75], [1, 0]], labels=[1, 0], ids=[2**40, -7])
        self.assertEqual(content(self.path), {
            "probabilities.npy": ("<f4", (2, 2), struct.pack("<4f", 0.25, 0.75, 1, 0)),
            "labels.npy": ("<i8", (2,), struct.pack("<2q", 1, 0)),
            "ids.npy": ("<i8", (2,), struct.pack("<2q", 2**40, -7))})

    @NEEDS_NUMPY
    def test_numpy_reads_what_was_written(self):
        logits, labels = numpy.float32(LOGITS), numpy.array(LABELS)
        for write in (lambda: self.run_.predictions(LOGITS, LABELS, [5, 6, 7]),
                      lambda: self.run_.predictions(logits, labels, numpy.array([5, 6, 7], "u4"))):
            write()
            with numpy.load(self.path, allow_pickle=False) as read:
                self.assertEqual(sorted(read.files), ["ids", "labels", "logits"])
                self.assertEqual(read["logits"].dtype, numpy.float32)
                self.assertEqual(read["labels"].dtype, numpy.int64)
                self.assertEqual(read["ids"].tolist(), [5, 6, 7])
                self.assertEqual(read["logits"].tobytes(), logits.tobytes())
                self.assertEqual(read["labels"].tobytes(), labels.astype("i8").tobytes())

    @NEEDS_NUMPY
    def test_arrays_of_any_type_and_layout(self):
        for dtype in ("f8", ">f4", "f4"):
            for labels in ("u1", ">i2", "i8"):
                with self.subTest(dtype=dtype, labels=labels):
                    logits = numpy.array(LOGITS, dtype)
                    self.run_.predictions(numpy.asfortranarray(logits), numpy.array(LABELS, labels))
                    self.expect()
                    strided = numpy.repeat(logits, 2, axis=1)[:, ::2]
                    self.run_.predictions(strided, numpy.array(LABELS, labels)[::-1][::-1])
                    self.expect()
        self.run_.predictions([list(row) for row in numpy.array(LOGITS)], [numpy.int32(label) for label in LABELS])
        self.expect()
        self.run_.predictions(list(numpy.array(LOGITS)), list(numpy.array(LABELS)))
        self.expect()

    @NEEDS_TORCH
    def test_tensors_of_any_type_and_layout(self):
        logits, labels = torch.tensor(LOGITS, dtype=torch.float64), torch.tensor(LABELS)
        for scores, truths in [
            (logits, labels), (logits.float().requires_grad_(), labels.to(torch.uint8)),
            (logits.t().contiguous().t(), labels.flip(0).flip(0)), (list(logits), list(labels)),
        ]:
            self.run_.predictions(scores, truths)
            self.expect()
        self.run_.predictions(torch.tensor([[0.5, 1]], dtype=torch.bfloat16), torch.tensor([1]))
        self.assertEqual(content(self.path)["logits.npy"], ("<f4", (1, 2), struct.pack("<2f", 0.5, 1)))

    def test_what_does_not_fit_is_an_error(self):
        for arguments, kind, expected in [
            ({}, TypeError, "one of both"),
            ({"logits": LOGITS, "probabilities": LOGITS, "labels": LABELS}, TypeError, "one of both"),
            ({"logits": LOGITS}, TypeError, "need labels"),
            ({"logits": LOGITS, "labels": [0, 1]}, ValueError, "3 rows of logits and 2 labels"),
            ({"logits": LOGITS, "labels": LABELS, "ids": [1]}, ValueError, "3 rows of logits and 1 ids"),
            ({"logits": LOGITS, "labels": [0, 1, 3]}, ValueError, "label 3 is no class"),
            ({"logits": LOGITS, "labels": [0, -1, 2]}, ValueError, "label -1 is no class"),
            ({"logits": LOGITS, "labels": LABELS, "ids": [1, 2, 1]}, ValueError, "two samples"),
            ({"logits": [[1, 2], [3]], "labels": [0, 1]}, ValueError, "different lengths"),
            ({"logits": [[1, 2], 3], "labels": [0, 1]}, ValueError, "different lengths"),
            ({"logits": [[[1.0]]], "labels": [0]}, ValueError, r"shape \[1, 1, 1\]: expected \[N, C\]"),
            ({"logits": [1.0, 2.0], "labels": [0, 0]}, ValueError, r"shape \[2\]"),
            ({"logits": LOGITS, "labels": [LABELS]}, ValueError, r"shape \[1, 3\]: expected \[N\]"),
            ({"logits": [], "labels": []}, ValueError, r"shape \[0\]"),
            ({"logits": [[]], "labels": [0]}, ValueError, "nothing in them"),
            ({"logits": LOGITS, "labels": [0, 1.0, 2]}, TypeError, "whole numbers"),
            ({"logits": LOGITS, "labels": [0, True, 2]}, TypeError, "whole numbers"),
            ({"logits": LOGITS, "labels": [0, 1, 2**63]}, ValueError, "too large"),
            ({"logits": [["a", "b"]], "labels": [0]}, TypeError, "expected numbers"),
            ({"logits": "text", "labels": [0]}, TypeError, "an array, a tensor or lists"),
        ]:
            with self.subTest(arguments), self.assertRaisesRegex(kind, expected):
                self.run_.predictions(**arguments)
        self.assertEqual((self.capsule_.reports(), list(self.run_.folder.iterdir())), ([], []))

    @NEEDS_NUMPY
    def test_arrays_of_other_types_are_errors(self):
        for logits, labels in [
            (numpy.array(LOGITS), numpy.array([0.0, 1, 2])), (numpy.array(LOGITS), numpy.array([True, False, True])),
            (numpy.array(LOGITS, complex), numpy.array(LABELS)), (numpy.array(LOGITS).astype(str), numpy.array(LABELS)),
            (numpy.array(LOGITS, object), numpy.array(LABELS)),
        ]:
            with self.subTest(logits.dtype), self.assertRaises(TypeError):
                self.run_.predictions(logits, labels)
        with self.assertRaises(ValueError):
            self.run_.predictions(numpy.zeros((0, 3)), numpy.zeros(0, int))

    @NEEDS_TORCH
    def test_tensors_of_other_types_are_errors(self):
        for logits, labels in [
            (torch.tensor(LOGITS), torch.tensor([0.0, 1, 2])),
            (torch.tensor(LOGITS), torch.tensor([True, False, True])),
            (torch.tensor(LOGITS).to(torch.complex64), torch.tensor(LABELS)),
        ]:
            with self.subTest(logits.dtype), self.assertRaises(TypeError):
                self.run_.predictions(logits, labels)
        with self.assertRaises(ValueError):
            self.run_.predictions(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long))

    def test_numpy_is_not_imported(self):
        result = self.run_program("""
            import sys, labrun
            run = labrun.current()
            run.predictions([[0.1, 0.9]], [1])
            run.message(f"NumPy: {'numpy' in sys.modules}")
            """, attempt=2)
        self.assertEqual((result.status, result.messages), (0, ["NumPy: False"]), result.errors)
