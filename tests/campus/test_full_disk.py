"""What happens when the disk is full, on a disk that is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.databases import CHECKOUT

# A file system of so many MiB in memory, seen by this one process; no rights are needed.
MOUNT = 'mount -t tmpfs -o size={size}m tmpfs "$1" && shift && exec "$@"'
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")


def told(story: str, folder: Path, size: int) -> dict[str, Any] | None:
    """What the story told on a disk of ``size`` MiB; None when no disk can be made."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.campus.full_disk", story, str(folder.absolute())]
    mounted = [*OWN_MOUNTS, MOUNT.format(size=size), "sh", str(folder.absolute())]
    for before in (mounted, []):
        done = subprocess.run(
            [*before, *command], capture_output=True, timeout=120, cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        if done.returncode == 0:
            return dict(json.loads(done.stdout))
        if not before or b"Traceback" in done.stderr:
            raise AssertionError(done.stderr.decode(errors="replace")[-3000:])
        if story == "drain":
            return None
    return None


class FullDiskTests(SynchronousTestCase):
    """Nothing is acknowledged that is not safe, and it ends when there is room again."""

    def test_full(self) -> None:
        """Messages wait unacknowledged, the check says why, and all are stored once, in order."""
        found = told("fill", Path(self.mktemp()), 32)
        assert found is not None
        self.assertGreater(found["safe"], 1000)
        self.assertIn("messages of gates can't be saved", found["why"])
        self.assertIn("the disk is full" if found["real"] else "the disk", found["why"])
        self.assertTrue(found["stored_when_full"])
        self.assertEqual(found["told_when_full"], 0)
        self.assertEqual(found["why_afterwards"], "")
        self.assertTrue(found["stored"])

    def test_drained(self) -> None:
        """A spool that filled its disk while the store was away empties itself when it is back.

        Containers that forbid ``unshare --user`` have no disk for this.
        """
        found = told("drain", Path(self.mktemp()), 24)
        if found is None:
            return
        self.assertGreater(found.pop("batches"), 20)
        self.assertIn("the disk is full", found.pop("why"))
        self.assertEqual(found, {"same": True, "new": True, "reserve": True})
