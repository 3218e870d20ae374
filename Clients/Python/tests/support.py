"""What the tests have in common."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import textwrap
import unittest
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import labrun
from tests.harness import Capsule, Result

try:
    import numpy
except ImportError:
    numpy = None
try:
    import torch
except ImportError:
    torch = None

NEEDS_NUMPY = unittest.skipIf(numpy is None, "NumPy is not installed")
NEEDS_TORCH = unittest.skipIf(torch is None, "PyTorch is not installed")


class RunTestCase(unittest.TestCase):
    """Tests with a folder of their own, in which runs are made within this process or by programs."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LABRUN_")}
        environment.pop("RANK", None)
        patches = [mock.patch.dict(os.environ, environment, clear=True), mock.patch.object(labrun, "_current", None)]
        for patch in patches:
            patch.start()
            self.addCleanup(patch.stop)
        for number in (signal.SIGTERM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def capsule(self, parameters: Mapping[str, Any] | None = None, **more: Any) -> Capsule:
        return Capsule(self.folder, parameters or {}, **more)

    def managed(self, parameters: Mapping[str, Any] | None = None, **more: Any) -> tuple[labrun.Run, Capsule]:
        """A run of this process, as labrun would have started it."""
        capsule = self.capsule(parameters, **more)
        os.environ.update(capsule.environment)
        return labrun.current(), capsule

    def program(self, text: str, name: str = "program.py") -> Path:
        path = self.folder / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def run_program(
        self, text: str, *arguments: str, parameters: Mapping[str, Any] | None = None, **more: Any
    ) -> Result:
        """Runs a program in a capsule to its end."""
        command = [sys.executable, str(self.program(text)), *arguments]
        return self.capsule(parameters, **more).run(command, self.folder)
