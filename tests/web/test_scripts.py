"""The scripts' own tests, run by Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.web.source import backend


class ScriptTests(SynchronousTestCase):
    """Modules that need no browser are tested without one."""

    def test_node(self) -> None:
        """All tests in *.test.mjs pass."""
        module = backend()
        node = module.node_on_path() or module.node_from_wheel()
        files = sorted(str(path) for path in Path(__file__).parent.glob("*.test.mjs"))
        self.assertTrue(files)
        command = [node.node, "--test", *files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
