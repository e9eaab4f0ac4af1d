"""The dialog's own modules against the real MicroPython VM, run by Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware.vm import ready_node

HERE = Path(__file__).resolve().parent


class BrowserModulesTests(SynchronousTestCase):
    """What a page does with a board, without a page."""

    def test_raw_repl_and_upload(self) -> None:
        """Boards are written over their raw REPL, whole or not at all, and faults have words."""
        command = [ready_node(), "--test", str(HERE / "browser_repl.test.mjs")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
